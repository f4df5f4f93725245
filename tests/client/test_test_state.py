"""TestState, through the official client."""

import json

import pytest

ROLE = "arn:aws:iam::000000000000:role/flow"


def test_a_state_shows_its_data_at_every_stage(sfn):
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f", "Payload.$": "$"},
        "ResultSelector": {"kept.$": "$.Payload"},
        "ResultPath": "$.r",
        "Next": "Then",
    }
    answer = sfn.test_state(
        definition=json.dumps(state),
        input=json.dumps({"n": 1}),
        mock={"result": json.dumps({"StatusCode": 200, "Payload": 5})},
        inspectionLevel="DEBUG",
    )
    assert answer["status"] == "SUCCEEDED"
    assert answer["nextState"] == "Then"
    assert json.loads(answer["output"]) == {"n": 1, "r": {"kept": 5}}
    stages = {name: json.loads(text) for name, text in answer["inspectionData"].items()}
    assert stages == {
        "input": {"n": 1},
        "afterInputPath": {"n": 1},
        "afterParameters": {"FunctionName": "f", "Payload": {"n": 1}},
        "result": {"StatusCode": 200, "Payload": 5},
        "afterResultSelector": {"kept": 5},
        "afterResultPath": {"n": 1, "r": {"kept": 5}},
    }


def test_a_map_is_weighed_by_its_failures(sfn):
    machine = {
        "StartAt": "M",
        "States": {
            "M": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "ToleratedFailureCount": 1,
                "End": True,
                "ItemProcessor": {
                    "StartAt": "T",
                    "States": {"T": {"Type": "Pass", "End": True}},
                },
            }
        },
    }
    answer = sfn.test_state(
        definition=json.dumps(machine),
        stateName="M",
        input=json.dumps({"items": [1, 2, 3]}),
        mock={"result": "[1]"},
        stateConfiguration={"mapIterationFailureCount": 2},
    )
    assert answer["status"] == "FAILED"
    assert answer["error"] == "States.ExceedToleratedFailureThreshold"


def test_a_mock_is_checked(sfn):
    state = {"Type": "Pass", "End": True}
    with pytest.raises(sfn.exceptions.ValidationException, match="State type 'Pass'"):
        sfn.test_state(definition=json.dumps(state), mock={"result": "1"})
    with pytest.raises(sfn.exceptions.InvalidDefinition):
        sfn.test_state(definition="{}", roleArn=ROLE)
