"""Mocked integrations: a file as Step Functions Local reads it, and starts with a test case."""

import json
import urllib.parse
import urllib.request

import pytest

import conftest
import server as servers

LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function:"
FLOW = {
    "StartAt": "Pay",
    "States": {
        "Pay": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": LAMBDA + "pay", "Payload.$": "$"},
            "OutputPath": "$.Payload",
            "Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException"], "IntervalSeconds": 1}],
            "Next": "Queue",
        },
        "Queue": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "q", "MessageBody.$": "$"},
            "End": True,
        },
    },
}
BUSY = {"Throw": {"Error": "Lambda.TooManyRequestsException", "Cause": "busy"}}
RESPONSES = {
    "Paid": {"0": {"Return": {"StatusCode": 200, "Payload": {"paid": True}}}},
    "PaidLater": {"0": BUSY, "1-2": {"Return": {"Payload": {"paid": "later"}}}},
    "Sent": {"0": {"Return": {"MessageId": "1"}}},
}


@pytest.fixture(scope="module")
def mocked(tmp_path_factory):
    """A server with mocks of the machines `orders` and `quick`."""
    cases = {"Happy": {"Pay": "Paid", "Queue": "Sent"}, "Retried": {"Pay": "PaidLater", "Queue": "Sent"}}
    machines = {name: {"TestCases": {**cases, "Half": {"Pay": "Paid"}}} for name in ["orders", "quick"]}
    path = tmp_path_factory.mktemp("mocks") / "mocks.json"
    path.write_text(json.dumps({"StateMachines": machines, "MockedResponses": RESPONSES}))
    running = servers.Server("--mock-config", str(path))
    sfn = running.client()
    arns = {
        name: sfn.create_state_machine(
            name=name, definition=json.dumps(FLOW), roleArn=conftest.ROLE, type=kind
        )["stateMachineArn"]
        for name, kind in [("orders", "STANDARD"), ("quick", "EXPRESS")]
    }
    yield sfn, arns
    assert running.stop() == 0


def run(sfn, machine, **more):
    """Starts an execution and gives it as described when it has closed."""
    arn = sfn.start_execution(stateMachineArn=machine, input="{}", **more)["executionArn"]
    address = f"{sfn.meta.endpoint_url}/api/v1/executions/{urllib.parse.quote(arn, safe='')}?wait=60s"
    with urllib.request.urlopen(address):
        return sfn.describe_execution(executionArn=arn)


def test_a_test_case_answers_in_place_of_the_services(mocked):
    sfn, arns = mocked
    for case, payload in [("Happy", {"paid": True}), ("Retried", {"paid": "later"})]:
        ended = run(sfn, f"{arns['orders']}#{case}")
        assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"MessageId": "1"})
        assert (ended["stateMachineArn"], "stateMachineAliasArn" in ended) == (arns["orders"], False)
        history = sfn.get_execution_history(executionArn=ended["executionArn"])["events"]
        kinds = [event["type"] for event in history]
        assert kinds.count("TaskFailed") == (1 if case == "Retried" else 0)
        exited = next(event["stateExitedEventDetails"] for event in history if event["type"] == "TaskStateExited")
        assert json.loads(exited["output"]) == payload
    sync = sfn.start_sync_execution(stateMachineArn=f"{arns['quick']}#Happy", input="{}")
    assert (sync["status"], sync["stateMachineArn"]) == ("SUCCEEDED", arns["quick"])


def test_what_is_not_mocked_is_called(mocked):
    sfn, arns = mocked
    half = run(sfn, f"{arns['orders']}#Half")
    assert (half["status"], half["error"]) == ("FAILED", "SQS.SdkClientException")
    without = run(sfn, arns["orders"])
    assert without["status"] == "FAILED" and without["error"].startswith("Lambda.")


def test_a_test_case_that_is_not_there_is_refused(mocked):
    sfn, arns = mocked
    with pytest.raises(sfn.exceptions.ClientError) as refused:
        sfn.start_execution(stateMachineArn=f"{arns['orders']}#Sad")
    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert "'Sad'" in error["Message"] and "Half, Happy, Retried" in error["Message"]
