"""The checks of answers against the service's model, and that every operation has passed them."""

import json

import botocore.session
import pytest

import conftest
import model
import server as servers

SERVICE = botocore.session.get_session().get_service_model("stepfunctions")


@pytest.mark.parametrize(
    ("operation", "status", "answer", "problem"),
    [
        ("StartExecution", 200, {"executionArn": "a", "startDate": 1.5}, None),
        ("StartExecution", 200, {"executionArn": "a"}, "startDate: missing"),
        ("StartExecution", 200, {"executionArn": "a", "startDate": "now"}, "not a timestamp"),
        ("StartExecution", 200, {"executionArn": None, "startDate": 1}, "null"),
        ("StartExecution", 200, {"executionArn": "a", "startDate": 1, "x": 1}, "unknown"),
        ("StartExecution", 200, {"executionArn": "", "startDate": 1}, "under 1"),
        ("DescribeExecution", 200, {"status": "DONE"}, "is none of"),
        ("ListActivities", 200, {"activities": {}}, "not a list"),
        ("DeleteActivity", 200, {}, None),
        ("DeleteActivity", 200, {"a": 1}, "unknown"),
        ("StartExecution", 400, {"__type": "InvalidArn", "message": "m"}, None),
        ("StartExecution", 400, {"__type": "ThrottlingException", "message": "m"}, None),
        ("StartExecution", 400, {"__type": "ThrottlingException"}, "no message"),
        ("StartExecution", 400, {"__type": "ActivityDoesNotExist", "message": "m"}, "no error of"),
    ],
)
def test_what_is_not_the_models_is_seen(operation, status, answer, problem):
    body = json.dumps(answer).encode()
    found = model.answer_problems(SERVICE.operation_model(operation), status, body)
    assert (not found) if problem is None else (problem in " ".join(found)), found


def test_every_operation_answers_as_the_model_says(server, unique):
    """One walk through the API, whose every answer is checked on its way."""
    walk(server.client(), unique)
    missing = set(SERVICE.operation_names) - servers.ANSWERED
    assert not missing


def walk(sfn, unique):
    role = conftest.ROLE
    flow = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1, "End": True}}}
    fails = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "E", "Cause": "c"}}}

    def make(name, definition, **more):
        made = sfn.create_state_machine(
            name=f"{name}-{unique}", definition=json.dumps(definition), roleArn=role, **more
        )
        return made["stateMachineArn"]

    machine = make("plain", flow)
    sfn.validate_state_machine_definition(definition=json.dumps(flow))
    sfn.test_state(definition=json.dumps(flow["States"]["A"]), roleArn=role, input="{}")
    sfn.update_state_machine(stateMachineArn=machine, roleArn=role)
    sfn.describe_state_machine(stateMachineArn=machine)
    sfn.tag_resource(resourceArn=machine, tags=[{"key": "a", "value": "b"}])
    sfn.list_tags_for_resource(resourceArn=machine)
    sfn.untag_resource(resourceArn=machine, tagKeys=["a"])
    sfn.list_state_machines()

    version = sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    routing = [{"stateMachineVersionArn": version, "weight": 100}]
    alias = sfn.create_state_machine_alias(name="live", routingConfiguration=routing)
    alias = alias["stateMachineAliasArn"]
    sfn.update_state_machine_alias(stateMachineAliasArn=alias, description="d")
    sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
    sfn.list_state_machine_aliases(stateMachineArn=machine)
    sfn.list_state_machine_versions(stateMachineArn=machine)
    sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
    sfn.delete_state_machine_version(stateMachineVersionArn=version)

    execution = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    sfn.describe_execution(executionArn=execution)
    sfn.describe_state_machine_for_execution(executionArn=execution)
    sfn.get_execution_history(executionArn=execution)
    sfn.list_executions(stateMachineArn=machine)
    sfn.stop_execution(executionArn=execution)
    failed = sfn.start_execution(stateMachineArn=make("fails", fails))["executionArn"]
    sfn.redrive_execution(executionArn=failed)

    activity = sfn.create_activity(name=f"a-{unique}")["activityArn"]
    sfn.describe_activity(activityArn=activity)
    sfn.list_activities()
    work = {"StartAt": "W", "States": {"W": {"Type": "Task", "Resource": activity, "End": True}}}
    working = make("works", work)
    for end in (sfn.send_task_success, sfn.send_task_failure):
        sfn.start_execution(stateMachineArn=working)
        token = sfn.get_activity_task(activityArn=activity)["taskToken"]
        sfn.send_task_heartbeat(taskToken=token)
        end(taskToken=token, **({"output": "1"} if end == sfn.send_task_success else {}))
    sfn.delete_activity(activityArn=activity)

    express = make("express", flow, type="EXPRESS")
    sfn.start_sync_execution(stateMachineArn=express)
    each = {
        "Type": "Map",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            **flow,
        },
        "End": True,
    }
    mapped = make("mapped", {"StartAt": "M", "States": {"M": each}})
    execution = sfn.start_execution(stateMachineArn=mapped, input="[1, 2]")["executionArn"]
    run = None
    while run is None:
        runs = sfn.list_map_runs(executionArn=execution)["mapRuns"]
        run = runs[0]["mapRunArn"] if runs else None
    sfn.describe_map_run(mapRunArn=run)
    while sfn.describe_execution(executionArn=execution)["status"] == "RUNNING":
        pass
    with pytest.raises(sfn.exceptions.ValidationException):
        sfn.update_map_run(mapRunArn=run, maxConcurrency=1)
    slow = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1000, "End": True}}}
    each["ItemProcessor"].update(slow)
    waits = make("waits", {"StartAt": "M", "States": {"M": each}})
    execution = sfn.start_execution(stateMachineArn=waits, input="[1, 2]")["executionArn"]
    run = None
    while run is None:
        runs = sfn.list_map_runs(executionArn=execution)["mapRuns"]
        run = runs[0]["mapRunArn"] if runs else None
    sfn.update_map_run(mapRunArn=run, maxConcurrency=1)
    sfn.stop_execution(executionArn=execution)
    sfn.delete_state_machine(stateMachineArn=machine)
