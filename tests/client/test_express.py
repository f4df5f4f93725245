"""Express machines through the official client, the native API, and from other workflows."""

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

import conftest

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


@pytest.fixture
def machine(sfn, unique):
    def make(name, definition, kind="EXPRESS"):
        return sfn.create_state_machine(
            name=f"{name}-{unique}",
            definition=json.dumps(definition),
            roleArn=conftest.ROLE,
            type=kind,
        )["stateMachineArn"]

    return make


def test_a_synchronous_execution_answers_with_its_output(sfn, machine):
    arn = machine("quick", PASS)
    answer = sfn.start_sync_execution(stateMachineArn=arn, name="one", input='{"a": 1.0}')
    assert (answer["status"], answer["output"], answer["name"]) == ("SUCCEEDED", '{"a": 1.0}', "one")
    assert answer["executionArn"].split(":")[5:8] == ["express", arn.split(":")[-1], "one"]
    assert answer["billingDetails"]["billedMemoryUsedInMB"] == 64
    with pytest.raises(sfn.exceptions.InvalidArn):
        sfn.describe_execution(executionArn=answer["executionArn"])
    with pytest.raises(sfn.exceptions.StateMachineTypeNotSupported):
        sfn.list_executions(stateMachineArn=arn)


def test_the_host_may_begin_as_aws_clients_have_it(server, machine):
    arn = machine("quick", PASS)
    address = urllib.parse.urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    headers = {
        "Host": f"sync-{address.netloc}",
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AWSStepFunctions.StartSyncExecution",
    }
    connection.request("POST", "/", json.dumps({"stateMachineArn": arn}), headers)
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["status"]) == (200, "SUCCEEDED")


def test_other_workflows_start_express_children(sfn, machine):
    child = machine("child", PASS)

    def parent(name, resource, text):
        task = {
            "Type": "Task",
            "Resource": f"arn:aws:states:::{resource}",
            "Parameters": {"StateMachineArn": child, "Input.$": text},
            "End": True,
        }
        return machine(name, {"StartAt": "T", "States": {"T": task}}, "STANDARD")

    def run(arn):
        started = sfn.start_execution(stateMachineArn=arn, input='{"n":1}')["executionArn"]
        until = time.monotonic() + 60
        while time.monotonic() < until:
            described = sfn.describe_execution(executionArn=started)
            if described["status"] != "RUNNING":
                return described
        raise AssertionError("it still runs")

    plain = run(parent("plain", "states:startExecution", "$"))
    assert ":express:" in json.loads(plain["output"])["ExecutionArn"]
    sync = run(parent("sync", "states:startExecution.sync", "$"))
    assert sync["error"].startswith("StepFunctions.StateMachineTypeNotSupported")
    text = "States.JsonToString($)"
    both = json.loads(run(parent("both", "aws-sdk:sfn:startSyncExecution", text))["output"])
    assert (both["Status"], both["Output"]) == ("SUCCEEDED", '{"n":1}')
    assert both["BillingDetails"]["BilledMemoryUsedInMB"] == 64


def test_the_native_api_answers_when_it_has_closed_unless_told_not_to_wait(server, machine):
    name = machine("quick", PASS).split(":")[-1]

    def start(query):
        request = urllib.request.Request(
            f"{server.url}/api/v1/machines/{name}/executions{query}",
            data=b'{"input": {"n": 1.0}}',
            headers={"content-type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)

    for query in ["", "?wait=300s"]:
        status, execution = start(query)
        assert (status, execution["status"], execution["output"]) == (200, "SUCCEEDED", {"n": 1.0})
    status, execution = start("?wait=0s")
    assert (status, execution["status"]) == (202, "RUNNING")


def test_what_an_execution_logs_is_all_that_is_known_of_it(server, sfn, unique):
    def get(path, accept="application/json"):
        request = urllib.request.Request(server.url + path, headers={"accept": accept})
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()

    def ask(path):
        return json.loads(get(path))

    arn = sfn.create_state_machine(
        name=f"logs-{unique}",
        definition=json.dumps(PASS),
        roleArn=conftest.ROLE,
        type="EXPRESS",
        loggingConfiguration={
            "level": "ALL",
            "includeExecutionData": True,
            "destinations": [
                {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:g:*"}}
            ],
        },
    )["stateMachineArn"]
    started = sfn.start_sync_execution(stateMachineArn=arn, name="one", input='{"a": 1.0}')
    execution = urllib.parse.quote(started["executionArn"], safe="")
    until = time.monotonic() + 60
    while True:
        try:
            logs = ask(f"/api/v1/executions/{execution}/logs")["logs"]
            break
        except urllib.error.HTTPError as error:
            # Written behind the answer.
            assert error.code == 404 and time.monotonic() < until
    kinds = ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
    assert [line["type"] for line in logs] == kinds
    assert {line["execution_arn"] for line in logs} == {started["executionArn"]}
    described = ask(f"/api/v1/executions/{execution}")
    assert (described["status"], described["arn"]) == ("SUCCEEDED", started["executionArn"])
    assert (described["input"], described["output"]) == ({"a": 1.0}, {"a": 1.0})
    first = ask(f"/api/v1/executions/{execution}/history?limit=3")
    rest = ask(f"/api/v1/executions/{execution}/history?after={first['next']}")
    assert [event["type"] for event in first["events"] + rest["events"]] == kinds
    assert first["events"][1]["stateEnteredEventDetails"]["name"] == "A"
    path = f"/executions/{described['id']}"
    page = get(path, "text/html")
    for text in ["Succeeded", "PassStateExited", "An Express execution", started["executionArn"]]:
        assert text in page, text
    assert "/stop" not in page and "/redrive" not in page
    assert ask(f"{path}/input") == {"a": 1.0} and ask(f"{path}/definition.json") == PASS
    assert ask(f"{path}/events/4")["type"] == "ExecutionSucceeded"
