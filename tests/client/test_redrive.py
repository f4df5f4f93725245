"""Redriving, through the official client."""

import json

import pytest

UNTIL_REDRIVEN = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Assign": {"kept": 7}, "Next": "C"},
        "C": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$$.Execution.RedriveCount", "NumericEquals": 1, "Next": "S"}
            ],
        },
        "S": {"Type": "Pass", "Parameters": {"kept.$": "$kept"}, "End": True},
    },
}


def closed(sfn, arn):
    while True:
        execution = sfn.describe_execution(executionArn=arn)
        if execution["status"] != "RUNNING":
            return execution


def test_a_failed_execution_goes_on_and_keeps_what_it_had(sfn, machine):
    arn = machine(UNTIL_REDRIVEN)
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    assert closed(sfn, execution)["redriveStatus"] == "REDRIVABLE"
    redriven = sfn.redrive_execution(executionArn=execution)
    described = closed(sfn, execution)
    assert described["status"] == "SUCCEEDED"
    assert json.loads(described["output"]) == {"kept": 7}
    assert described["redriveCount"] == 1
    assert described["redriveDate"] == redriven["redriveDate"]
    types = [
        event["type"] for event in sfn.get_execution_history(executionArn=execution)["events"]
    ]
    assert types == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ChoiceStateEntered",
        "ExecutionFailed", "ExecutionRedriven", "ChoiceStateExited", "PassStateEntered",
        "PassStateExited", "ExecutionSucceeded",
    ]
    listed = sfn.list_executions(stateMachineArn=arn, redriveFilter="REDRIVEN")["executions"]
    assert [item["redriveCount"] for item in listed] == [1]
    with pytest.raises(sfn.exceptions.ExecutionNotRedrivable, match="SUCCEEDED"):
        sfn.redrive_execution(executionArn=execution)
