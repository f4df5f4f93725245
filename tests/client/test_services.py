"""Service integrations against a public mock of AWS: one definition, the address from the settings."""

import json
import time
import urllib.parse
import urllib.request

import pytest
from moto.server import ThreadedMotoServer

import conftest
import server as servers

SERVICES = ["cloudwatchlogs", "dynamodb", "ec2", "eventbridge", "iam", "lambda", "s3", "sns", "sqs"]


@pytest.fixture(scope="module")
def mock():
    """A mock of AWS: its address."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture(scope="module")
def wired(mock):
    """A server whose services are the mock."""
    settings = [f"services.{name}={mock}" for name in SERVICES]
    settings += ["aws.access_key_id=AKIDMOCK", "aws.secret_access_key=none-of-yours"]
    running = servers.Server(*(part for setting in settings for part in ("--set", setting)))
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def aws(wired, mock):
    """An official client of the mock."""
    return lambda service: wired.client(service, endpoint_url=mock)


@pytest.fixture
def run(wired, unique):
    """Runs one Task and gives the execution as described when it has closed."""

    def call(resource, parameters, wait=True):
        state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
        sfn = wired.client()
        machine = sfn.create_state_machine(
            name=f"m-{unique}-{abs(hash(resource + json.dumps(parameters)))}",
            definition=json.dumps({"StartAt": "T", "States": {"T": state}}),
            roleArn=conftest.ROLE,
        )
        started = sfn.start_execution(stateMachineArn=machine["stateMachineArn"], input="{}")
        return closed(sfn, started["executionArn"]) if wait else (sfn, started["executionArn"])

    return call


def closed(sfn, arn):
    """The execution as described when it has closed, which the native API waits for."""
    address = f"{sfn.meta.endpoint_url}/api/v1/executions/{urllib.parse.quote(arn, safe='')}?wait=60s"
    with urllib.request.urlopen(address):
        return sfn.describe_execution(executionArn=arn)


def output(described):
    assert described["status"] == "SUCCEEDED", described.get("cause")
    return json.loads(described["output"])


def test_items_are_put_read_and_changed(run, aws, unique):
    table = f"t-{unique}"
    aws("dynamodb").create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    key, new = {"id": {"S": "1"}}, {"id": {"S": "1"}, "n": {"N": "1.5"}}
    once = {"TableName": table, "Item": new, "ConditionExpression": "attribute_not_exists(id)"}
    put = output(run("arn:aws:states:::dynamodb:putItem", once))
    assert put["SdkHttpMetadata"]["HttpStatusCode"] == 200

    again = run("arn:aws:states:::dynamodb:putItem", {**once, "ReturnConsumedCapacity": "NONE"})
    assert again["error"] == "DynamoDB.ConditionalCheckFailedException"
    assert "(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: Conditional" in again["cause"]
    by_sdk = run("arn:aws:states:::aws-sdk:dynamodb:putItem", once)
    assert by_sdk["error"] == "DynamoDb.ConditionalCheckFailedException"
    assert "(Service: DynamoDb, Status Code: 400, Request ID: " in by_sdk["cause"]

    change = {
        "TableName": table,
        "Key": key,
        "UpdateExpression": "SET n = n + :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
        "ReturnValues": "ALL_NEW",
    }
    assert output(run("arn:aws:states:::dynamodb:updateItem", change))["Attributes"]["n"] == {"N": "2.5"}
    read = output(run("arn:aws:states:::aws-sdk:dynamodb:getItem", {"TableName": table, "Key": key}))
    assert read == {"Item": {"id": {"S": "1"}, "n": {"N": "2.5"}}}
    output(run("arn:aws:states:::dynamodb:deleteItem", {"TableName": table, "Key": key}))
    assert "Item" not in aws("dynamodb").get_item(TableName=table, Key=key)


def test_a_message_is_sent_and_a_token_comes_back(run, aws, unique):
    queue = aws("sqs").create_queue(QueueName=f"q-{unique}")["QueueUrl"]
    sent = output(
        run("arn:aws:states:::sqs:sendMessage", {"QueueUrl": queue, "MessageBody": {"a": 1.0}})
    )
    found = aws("sqs").receive_message(QueueUrl=queue)["Messages"][0]
    assert (found["Body"], found["MessageId"]) == ('{"a":1.0}', sent["MessageId"])
    aws("sqs").delete_message(QueueUrl=queue, ReceiptHandle=found["ReceiptHandle"])

    body = {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}}
    sfn, arn = run("arn:aws:states:::sqs:sendMessage.waitForTaskToken", body, wait=False)
    message = aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"][0]
    sfn.send_task_success(taskToken=json.loads(message["Body"])["token"], output='{"done": true}')
    assert output(closed(sfn, arn)) == {"done": True}


def test_a_missing_queue_is_an_error_by_its_name(run):
    body = {"QueueUrl": "http://127.0.0.1/000000000000/none", "MessageBody": "x"}
    failed = run("arn:aws:states:::aws-sdk:sqs:sendMessage", body)
    assert failed["error"] == "Sqs.QueueDoesNotExistException"


def test_a_topic_and_a_bus_are_told(run, aws, unique):
    topic = aws("sns").create_topic(Name=f"t-{unique}")["TopicArn"]
    assert output(run("arn:aws:states:::sns:publish", {"TopicArn": topic, "Message": {"a": 1}}))["MessageId"]
    failed = run("arn:aws:states:::sns:publish", {"TopicArn": topic + "-none", "Message": "x"})
    assert failed["error"] == "SNS.NotFoundException"
    entries = [{"Source": "flow", "DetailType": "done", "Detail": {"a": 1}}]
    told = output(run("arn:aws:states:::events:putEvents", {"Entries": entries}))
    assert told["FailedEntryCount"] == 0 and told["Entries"][0]["EventId"]


def test_objects_are_written_listed_and_read(run, aws, unique):
    bucket = f"bucket-{unique}"
    aws("s3").create_bucket(Bucket=bucket)
    here = {"Bucket": bucket, "Key": "folder/odd name & more.json"}
    sdk = "arn:aws:states:::aws-sdk:s3:"
    put = output(run(f"{sdk}putObject", {**here, "Body": {"n": 1.0}, "Metadata": {"from": "flow"}}))
    assert put["ETag"]
    read = output(run(f"{sdk}getObject", here))
    assert (read["Body"], read["Metadata"]) == ('{"n":1.0}', {"from": "flow"})
    listed = output(run(f"{sdk}listObjectsV2", {"Bucket": bucket, "Prefix": "folder/"}))
    assert [found["Key"] for found in listed["Contents"]] == [here["Key"]]
    missing = run(f"{sdk}getObject", {"Bucket": bucket, "Key": "none"})
    assert missing["error"] == "S3.NoSuchKeyException"


def test_other_protocols_are_spoken(run):
    vpcs = output(run("arn:aws:states:::aws-sdk:ec2:describeVpcs", {}))["Vpcs"]
    assert vpcs[0]["VpcId"] and vpcs[0]["IsDefault"] is True
    assert output(run("arn:aws:states:::aws-sdk:lambda:listFunctions", {})) == {"Functions": []}
    role = {"RoleName": "flow", "AssumeRolePolicyDocument": "{}"}
    made = output(run("arn:aws:states:::aws-sdk:iam:createRole", role))["Role"]
    assert made["RoleName"] == "flow" and made["CreateDate"].endswith("Z")


def test_what_is_not_configured_says_which_setting_is_missing(run):
    failed = run("arn:aws:states:::aws-sdk:kms:listKeys", {})
    assert failed["error"] == "Kms.SdkClientException"
    assert "`kms = \"http://HOST:PORT\"` in the section [services]" in failed["cause"]


def test_the_server_itself_is_a_service(run, wired, arn):
    made = output(run("arn:aws:states:::aws-sdk:sfn:createActivity", {"Name": "own"}))
    assert made["ActivityArn"] == arn("activity:own")
    failed = run("arn:aws:states:::aws-sdk:sfn:describeActivity", {"ActivityArn": arn("activity:none")})
    assert failed["error"] == "Sfn.ActivityDoesNotExistException"


def test_an_unknown_action_is_refused_at_creation(wired, unique):
    sfn = wired.client()
    state = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:fly", "End": True}
    with pytest.raises(sfn.exceptions.InvalidDefinition) as refused:
        sfn.create_state_machine(
            name=f"m-{unique}",
            definition=json.dumps({"StartAt": "T", "States": {"T": state}}),
            roleArn=conftest.ROLE,
        )
    assert "/States/T/Resource" in str(refused.value)


def test_lines_of_executions_go_to_the_log_group_that_the_machine_names(wired, aws, unique):
    sfn, logs = wired.client(), aws("logs")
    group = f"/flows/{unique}"
    logging = {
        "level": "ALL",
        "includeExecutionData": True,
        "destinations": [
            {"cloudWatchLogsLogGroup": {"logGroupArn": f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*"}}
        ],
    }
    arns = {}
    for kind in ["STANDARD", "EXPRESS"]:
        machine = sfn.create_state_machine(
            name=f"logs-{kind}-{unique}",
            definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}),
            roleArn=conftest.ROLE,
            type=kind,
            loggingConfiguration=logging,
        )["stateMachineArn"]
        started = sfn.start_execution(stateMachineArn=machine, name="one", input='{"a": 1.0}')
        arns[started["executionArn"]] = kind
    lines, until = [], time.monotonic() + 120
    while len(lines) < 8:
        assert time.monotonic() < until, lines
        try:
            lines = logs.filter_log_events(logGroupName=group)["events"]
        except logs.exceptions.ResourceNotFoundException:
            pass  # The server makes the group with the first line.
    assert all(line["logStreamName"].startswith("states/logs-") for line in lines)
    for arn in arns:
        told = [(line["timestamp"], json.loads(line["message"])) for line in lines]
        told = sorted((pair for pair in told if pair[1]["execution_arn"] == arn), key=lambda pair: int(pair[1]["id"]))
        kinds = ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
        assert [line["type"] for _, line in told] == kinds
        assert [line["id"] for _, line in told] == ["1", "2", "3", "4"]
        assert all(str(at) == line["event_timestamp"] for at, line in told)
        first = told[0][1]
        assert (first["previous_event_id"], first["redrive_count"]) == ("0", "0")
        assert first["details"]["input"] == '{"a": 1.0}'
