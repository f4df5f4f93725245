"""Map Runs through the official client: each answer is held against the service's model."""

import json

from test_redrive import closed

EACH = {
    "Type": "Map",
    "Label": "Each",
    "MaxConcurrency": 1,
    "ItemBatcher": {"MaxItemsPerBatch": 2},
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "T",
    },
    "End": True,
}


def mapped(activity):
    """A machine whose children are one task of the activity each."""
    task = {"Type": "Task", "Resource": activity, "End": True}
    each = EACH | {"ItemProcessor": EACH["ItemProcessor"] | {"States": {"T": task}}}
    return {"StartAt": "M", "States": {"M": each}}


def work(sfn, activity, end, **answer):
    """Takes the next task of the activity and ends it; gives its input."""
    task = sfn.get_activity_task(activityArn=activity)
    end(taskToken=task["taskToken"], **answer)
    return json.loads(task["input"])


def test_a_map_run_is_redriven_with_its_execution(sfn, unique, machine, refused):
    activity = sfn.create_activity(name=unique)["activityArn"]
    arn = machine(mapped(activity))
    execution = sfn.start_execution(stateMachineArn=arn, input="[1, 2, 3]")["executionArn"]
    assert work(sfn, activity, sfn.send_task_success, output='"one"') == {"Items": [1, 2]}
    assert work(sfn, activity, sfn.send_task_failure, error="Odd") == {"Items": [3]}
    assert closed(sfn, execution)["error"] == "States.ExceedToleratedFailureThreshold"
    (listed,) = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    run = listed["mapRunArn"]
    described = sfn.describe_map_run(mapRunArn=run)
    assert (described["status"], described["redriveCount"]) == ("FAILED", 0)
    assert "redriveDate" not in described
    items = described["itemCounts"]
    assert (items["succeeded"], items["failed"], items["pendingRedrive"]) == (2, 1, 0)
    assert items["failuresNotRedrivable"] == 0
    (failed,) = sfn.list_executions(mapRunArn=run, statusFilter="FAILED")["executions"]
    assert failed["itemCount"] == 1
    child = failed["executionArn"]
    assert sfn.describe_execution(executionArn=child)["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
    refused(lambda: sfn.redrive_execution(executionArn=child), "ExecutionNotRedrivable")

    sfn.redrive_execution(executionArn=execution)
    assert work(sfn, activity, sfn.send_task_success, output='"two"') == {"Items": [3]}
    ended = closed(sfn, execution)
    assert json.loads(ended["output"]) == ["one", "two"]
    described = sfn.describe_map_run(mapRunArn=run)
    assert (described["status"], described["redriveCount"]) == ("SUCCEEDED", 1)
    assert described["redriveDate"] >= described["startDate"]
    assert described["executionCounts"]["succeeded"] == 2
    assert sfn.describe_execution(executionArn=child)["redriveCount"] == 1
    types = [
        event["type"] for event in sfn.get_execution_history(executionArn=execution)["events"]
    ]
    assert types[-6:] == [
        "ExecutionRedriven", "MapRunRedriven", "MapRunSucceeded", "MapStateSucceeded",
        "MapStateExited", "ExecutionSucceeded",
    ]


def test_a_map_run_is_updated_while_it_runs(sfn, unique, machine):
    activity = sfn.create_activity(name=unique)["activityArn"]
    arn = machine(mapped(activity))
    execution = sfn.start_execution(stateMachineArn=arn, input="[1, 2, 3]")["executionArn"]
    first = sfn.get_activity_task(activityArn=activity)["taskToken"]
    (listed,) = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    run = {"mapRunArn": listed["mapRunArn"]}
    assert "stopDate" not in listed
    sfn.update_map_run(**run, maxConcurrency=5, toleratedFailureCount=1)
    second = sfn.get_activity_task(activityArn=activity)["taskToken"]
    described = sfn.describe_map_run(**run)
    assert (described["maxConcurrency"], described["toleratedFailureCount"]) == (5, 1)
    assert described["executionCounts"]["running"] == 2
    sfn.send_task_failure(taskToken=second, error="Odd")
    sfn.send_task_success(taskToken=first, output="1")
    ended = closed(sfn, execution)
    assert ended["status"] == "SUCCEEDED"
    output = json.loads(ended["output"])
    assert (output[0], output[1]["Error"]) == (1, "Odd")
