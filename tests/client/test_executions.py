"""Executions through the official client: started, looked at, listed, stopped; and what is refused."""

import json
import urllib.request

import pytest

import conftest


PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1000, "End": True}}}


def test_a_start_is_described_and_its_history_told(sfn, machine):
    arn = machine(PASS)
    started = sfn.start_execution(stateMachineArn=arn, input='{"a": 1.0}')
    described = sfn.describe_execution(executionArn=started["executionArn"])
    assert described["status"] == "SUCCEEDED"
    assert described["input"] == described["output"] == '{"a": 1.0}'
    pages = sfn.get_paginator("get_execution_history").paginate(
        executionArn=started["executionArn"], PaginationConfig={"PageSize": 1}
    )
    types = [event["type"] for page in pages for event in page["events"]]
    assert types == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    back = sfn.get_execution_history(executionArn=started["executionArn"], reverseOrder=True)
    assert [event["type"] for event in back["events"]] == types[::-1]


def test_a_name_is_an_execution(sfn, machine):
    arn = machine(WAIT)
    first = sfn.start_execution(stateMachineArn=arn, name="one", input="{}")
    again = sfn.start_execution(stateMachineArn=arn, name="one", input="{}")
    assert (first["executionArn"], first["startDate"]) == (again["executionArn"], again["startDate"])
    with pytest.raises(sfn.exceptions.ExecutionAlreadyExists):
        sfn.start_execution(stateMachineArn=arn, name="one", input="[]")
    sfn.stop_execution(executionArn=first["executionArn"], error="E", cause="c")
    stopped = sfn.describe_execution(executionArn=first["executionArn"])
    assert (stopped["status"], stopped["error"], stopped["cause"]) == ("ABORTED", "E", "c")
    with pytest.raises(sfn.exceptions.ExecutionAlreadyExists):
        sfn.start_execution(stateMachineArn=arn, name="one", input="{}")


def test_executions_are_listed_newest_first(sfn, machine):
    arn = machine(PASS)
    started = [sfn.start_execution(stateMachineArn=arn)["executionArn"] for _ in range(5)]
    pages = sfn.get_paginator("list_executions").paginate(
        stateMachineArn=arn, PaginationConfig={"PageSize": 2}
    )
    listed = [item["executionArn"] for page in pages for item in page["executions"]]
    assert listed == started[::-1]
    assert sfn.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"] == []


def test_what_is_no_input_or_no_execution_is_refused(sfn, machine):
    arn = machine(PASS)
    with pytest.raises(sfn.exceptions.InvalidExecutionInput, match="Unrecognized token 'not'"):
        sfn.start_execution(stateMachineArn=arn, input="not json")
    with pytest.raises(sfn.exceptions.ExecutionDoesNotExist):
        sfn.describe_execution(executionArn=arn.replace("stateMachine", "execution") + ":none")
    with pytest.raises(sfn.exceptions.InvalidToken):
        sfn.send_task_success(taskToken="none", output="{}")


def test_an_endless_loop_ends_and_a_large_map_is_done(sfn, server, machine, unique):
    loop = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"},
            "B": {"Type": "Choice", "Choices": [
                {"Variable": "$", "IsNull": True, "Next": "C"}], "Default": "A"},
            "C": {"Type": "Succeed"}}}
    arn = machine(loop)
    request = urllib.request.Request(
        f"{server.url}/api/v1/machines/{arn.rsplit(':', 1)[1]}/executions?wait=60s",
        data=b"{}", headers={"content-type": "application/json"}, method="POST")
    with urllib.request.urlopen(request) as answer:
        ended = json.load(answer)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
    assert "maximum number of history events (25000)" in ended["cause"]
