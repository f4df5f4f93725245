"""Lambda's own API with the official client: functions are made, read, changed, called and removed as on AWS."""

import base64
import io
import json
import os
import subprocess
import zipfile

import botocore
import botocore.config
import pytest
import server as servers
import wait
from botocore.exceptions import ClientError

CODE = """
exports.handler = async (event, context) => {
  console.log("called");
  if (event.raise) throw new RangeError(event.raise);
  return { event, who: process.env.WHO, custom: context.clientContext?.custom };
};
"""
ROLE = "arn:aws:iam::000000000000:role/lambda"


def packed(text, name="index.js"):
    """A package with one file."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(name, text)
    return whole.getvalue()


@pytest.fixture(scope="module")
def server():
    """A server that runs code on any machine."""
    running = servers.Server("--set", "functions.isolation=process")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def client(server):
    return server.client("lambda")


@pytest.fixture(scope="module")
def runtime(client):
    """The runtime of the Node that is here, as a refusal names it."""
    with pytest.raises(ClientError) as caught:
        client.create_function(
            FunctionName="probe", Role=ROLE, Runtime="nodejs99.x", Handler="a.b", Code={"ZipFile": packed(CODE)}
        )
    message = caught.value.response["Error"]["Message"]
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    return next(word.strip(",") for word in message.split() if word.startswith("nodejs") and "99" not in word)


@pytest.fixture
def made(client, runtime, unique):
    """`made(Timeout=5)` makes a function; gives what the call answered."""

    def make(**more):
        settings = {
            "FunctionName": f"f-{unique}",
            "Role": ROLE,
            "Runtime": runtime,
            "Handler": "index.handler",
            "Timeout": 60,
            "Code": {"ZipFile": packed(CODE)},
        }
        return client.create_function(**{**settings, **more})

    return make


def refused(call, code, **input):
    """The message of the error that the call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**input)
    assert caught.value.response["Error"]["Code"] == code, caught.value
    return caught.value.response["Error"]["Message"]


def test_a_function_is_made_read_and_removed(client, made, unique):
    name = f"f-{unique}"
    answer = made(Environment={"Variables": {"WHO": "me"}}, Description="first")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert answer["FunctionArn"] == f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    assert (answer["State"], answer["Version"], answer["MemorySize"]) == ("Active", "$LATEST", 128)
    assert answer["Environment"] == {"Variables": {"WHO": "me"}}
    del answer["ResponseMetadata"]
    for asked in [name, answer["FunctionArn"], f"000000000000:function:{name}"]:
        found = client.get_function(FunctionName=asked)
        assert found["Configuration"] == answer
    configuration = client.get_function_configuration(FunctionName=name)
    assert configuration["CodeSha256"] == answer["CodeSha256"]
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1})
    assert name in [each["FunctionName"] for page in pages for each in page["Functions"]]
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    gone = client.delete_function(FunctionName=name)
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    message = refused(client.get_function, "ResourceNotFoundException", FunctionName=name)
    assert message == f"Function not found: {answer['FunctionArn']}"
    refused(client.delete_function, "ResourceNotFoundException", FunctionName=name)


def test_a_function_is_called(client, made):
    name = made(Environment={"Variables": {"WHO": "me"}})["FunctionName"]
    context = base64.b64encode(json.dumps({"custom": {"a": 1}}).encode()).decode()
    done = client.invoke(FunctionName=name, Payload=b'{"n": 1}', LogType="Tail", ClientContext=context)
    assert (done["StatusCode"], done["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in done
    assert json.load(done["Payload"]) == {"event": {"n": 1}, "who": "me", "custom": {"a": 1}}
    log = base64.b64decode(done["LogResult"]).decode()
    assert "called" in log and "REPORT RequestId: " in log
    failed = client.invoke(FunctionName=name, Payload=b'{"raise": "no"}')
    assert (failed["StatusCode"], failed["FunctionError"]) == (200, "Unhandled")
    assert json.load(failed["Payload"])["errorType"] == "RangeError"
    assert client.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204
    assert client.invoke(FunctionName=name, InvocationType="Event")["StatusCode"] == 202
    assert json.load(client.invoke(FunctionName=name)["Payload"])["event"] == {}


def test_code_and_configuration_are_changed_each_for_itself(client, made):
    before = made(Environment={"Variables": {"WHO": "me"}})
    name = before["FunctionName"]
    other = packed("exports.handler = async () => [2, process.env.WHO];\n")
    changed = client.update_function_code(FunctionName=name, ZipFile=other)
    assert changed["CodeSha256"] != before["CodeSha256"] and changed["RevisionId"] != before["RevisionId"]
    assert json.load(client.invoke(FunctionName=name)["Payload"]) == [2, "me"]
    variables = {"Variables": {"WHO": "you"}}
    changed = client.update_function_configuration(FunctionName=name, Timeout=30, Environment=variables)
    assert (changed["Timeout"], changed["Handler"]) == (30, "index.handler")
    assert json.load(client.invoke(FunctionName=name)["Payload"]) == [2, "you"]
    stale = {"FunctionName": name, "RevisionId": before["RevisionId"]}
    refused(client.update_function_configuration, "PreconditionFailedException", Timeout=5, **stale)
    refused(client.update_function_code, "PreconditionFailedException", ZipFile=other, **stale)


def test_what_cannot_be_done_is_refused_by_name(client, made):
    name = made()["FunctionName"]
    assert refused(made, "ResourceConflictException") == f"Function already exist: {name}"
    wrong = {
        "Timeout": 901,
        "MemorySize": 1,
        "Handler": "",
        "Runtime": "java21",
        "Code": {"ZipFile": b"no archive"},
        "Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:a:1"],
        "PackageType": "Image",
        "Publish": True,
        "Environment": {"Variables": {"AWS_REGION": "x"}},
    }
    for field, value in wrong.items():
        message = refused(made, "InvalidParameterValueException", FunctionName="other", **{field: value})
        assert message, field
    bucket = {"S3Bucket": "a", "S3Key": "b"}
    assert "S3" in refused(made, "InvalidParameterValueException", FunctionName="other", Code=bucket)
    refused(client.get_function, "InvalidParameterValueException", FunctionName="a b")
    refused(client.get_function, "ResourceNotFoundException", FunctionName=name, Qualifier="7")
    refused(client.invoke, "ResourceNotFoundException", FunctionName="absent")
    refused(client.invoke, "InvalidRequestContentException", FunctionName=name, Payload=b"{")
    refused(client.invoke, "InvalidRequestContentException", FunctionName=name, ClientContext="x")
    refused(client.invoke, "InvalidParameterValueException", FunctionName=name, InvocationType="Later")
    refused(client.delete_function, "InvalidParameterValueException", FunctionName=name, Qualifier="$LATEST")


def test_a_workflow_calls_what_was_made_with_lambdas_api(server, made, machine_of):
    name = made()["FunctionName"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": name, "Payload": "{% $states.input %}"},
        "Output": "{% $states.result.Payload.event.n %}",
        "End": True,
    }
    closed = machine_of(server, {"QueryLanguage": "JSONata", "StartAt": "T", "States": {"T": task}}, {"n": 4})
    assert (closed["status"], closed["output"]) == ("SUCCEEDED", "4")


@pytest.fixture
def machine_of(unique):
    """`machine_of(SERVER, DEFINITION, INPUT)` runs a machine on that server; gives the closed execution."""
    def run(server, definition, input):
        sfn = server.client()
        made = sfn.create_state_machine(
            name=f"m-{unique}", definition=json.dumps(definition), roleArn="arn:aws:iam::000000000000:role/r"
        )
        started = sfn.start_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps(input))
        return wait.until_closed(sfn, started["executionArn"])

    return run


@pytest.fixture(scope="module")
def locked():
    """A server with a key: `locked.key` is its id and secret."""
    running = servers.Server("--set", "functions.isolation=process")
    done = subprocess.run(
        [running.program, "keys", "create", "ada", "--data", running.data, "--json"],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": running.database_url},
        capture_output=True,
        text=True,
        check=True,
    )
    made = json.loads(done.stdout)
    running.key = (made["id"], made["secret"])
    yield running
    assert running.stop() == 0


def test_calls_are_signed_for_lambda(locked):
    key, secret = locked.key
    client = locked.client("lambda", aws_access_key_id=key, aws_secret_access_key=secret)
    assert client.list_functions()["Functions"] == []
    # A path whose encoding is signed.
    arn = "arn:aws:lambda:us-east-1:000000000000:function:absent"
    refused(client.invoke, "ResourceNotFoundException", FunctionName=arn, Payload=b"{}")
    wrong = locked.client("lambda", aws_access_key_id=key, aws_secret_access_key="x" * 40)
    refused(wrong.list_functions, "InvalidSignatureException")
    nobody = locked.client("lambda", aws_access_key_id="AKIANOBODY", aws_secret_access_key=secret)
    refused(nobody.list_functions, "UnrecognizedClientException")
    with pytest.raises(ClientError) as caught:
        unsigned = locked.client("lambda", config=botocore.config.Config(signature_version=botocore.UNSIGNED))
        unsigned.list_functions()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
