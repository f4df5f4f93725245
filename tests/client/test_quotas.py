"""Quotas as settings: each lifted above AWS's, and what is then larger is kept whole."""

import json
import time
import urllib.parse
import urllib.request

import boto3
import botocore.config
import pytest

import conftest
import server as servers

MIB = 1 << 20
LIFTED = {
    "history_events_max": 40_000,
    "payload_bytes_max": 6 * MIB,
    "variables_bytes_max": 16 * MIB,
    "definition_bytes_max": 3 * MIB,
    "request_bytes_max": 32 * MIB,
}


@pytest.fixture(scope="module")
def sfn():
    """A client of a server whose quotas are lifted. It is not watched: the model's lengths are AWS's quotas."""
    settings = [("--set", f"limits.{name}={value}") for name, value in LIFTED.items()]
    running = servers.Server(*(part for pair in settings for part in pair))
    yield boto3.client(
        "stepfunctions",
        endpoint_url=running.url,
        region_name=servers.REGION,
        aws_access_key_id="anyone",
        aws_secret_access_key="anything",
        config=botocore.config.Config(inject_host_prefix=False, parameter_validation=False, read_timeout=120),
    )
    assert running.stop() == 0


def run(sfn, name, definition, given, kind="STANDARD"):
    """An execution as described when it has closed."""
    machine = sfn.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=conftest.ROLE, type=kind
    )["stateMachineArn"]
    if kind == "EXPRESS":
        return sfn.start_sync_execution(stateMachineArn=machine, input=given)
    arn = sfn.start_execution(stateMachineArn=machine, input=given)["executionArn"]
    address = f"{sfn.meta.endpoint_url}/api/v1/executions/{urllib.parse.quote(arn, safe='')}?wait=60s"
    until = time.monotonic() + 240
    while time.monotonic() < until:
        with urllib.request.urlopen(address):
            described = sfn.describe_execution(executionArn=arn)
        if described["status"] != "RUNNING":
            return described
    raise AssertionError("it still runs")


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_a_large_payload_is_kept_whole(sfn, kind):
    given = json.dumps({"text": "x" * 4 * MIB, "number": 1.50}).replace("1.5}", "1.50}")
    flow = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}}
    ended = run(sfn, f"payload-{kind}", flow, given, kind)
    assert ended["status"] == "SUCCEEDED"
    assert ended["input"] == given and ended["output"] == given
    if kind == "STANDARD":
        history = sfn.get_execution_history(executionArn=ended["executionArn"], maxResults=2)["events"]
        details = history[1]["stateEnteredEventDetails"]
        assert details["input"] == given and details["inputDetails"] == {"truncated": False}


def test_variables_hold_more_together(sfn):
    states = {
        "a": {"Type": "Pass", "Assign": {"a.$": "$"}, "Next": "b"},
        "b": {"Type": "Pass", "Assign": {"b.$": "$"}, "Next": "c"},
        "c": {"Type": "Pass", "Assign": {"c.$": "$"}, "Next": "End"},
        "End": {"Type": "Pass", "OutputPath": "$c", "End": True},
    }
    given = json.dumps("v" * 4 * MIB)
    ended = run(sfn, "variables", {"StartAt": "a", "States": states}, given)
    assert (ended["status"], ended.get("cause")) == ("SUCCEEDED", None)
    assert ended["output"] == given


def test_a_history_goes_on_beyond_twenty_five_thousand_events(sfn):
    states = {
        "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
        "Enough": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": 6500, "Next": "Count"}],
            "Default": "End",
        },
        "End": {"Type": "Succeed"},
    }
    ended = run(sfn, "history", {"StartAt": "Count", "States": states}, '{"n":0}')
    assert (ended["status"], ended.get("cause")) == ("SUCCEEDED", None)
    last = sfn.get_execution_history(executionArn=ended["executionArn"], reverseOrder=True, maxResults=1)
    assert last["events"][0]["id"] == 26_004


def test_a_large_definition_is_kept_whole(sfn):
    definition = json.dumps({"Comment": "c" * 2 * MIB, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    machine = sfn.create_state_machine(name="definition", definition=definition, roleArn=conftest.ROLE)
    assert sfn.describe_state_machine(stateMachineArn=machine["stateMachineArn"])["definition"] == definition


def test_what_is_beyond_a_lifted_quota_is_refused_all_the_same(sfn):
    machine = sfn.create_state_machine(
        name="beyond",
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
        roleArn=conftest.ROLE,
    )["stateMachineArn"]
    with pytest.raises(sfn.exceptions.ClientError):
        sfn.start_execution(stateMachineArn=machine, input=json.dumps("x" * 7 * MIB))
    with pytest.raises(sfn.exceptions.ClientError):
        sfn.create_state_machine(name="large", definition=" " * 4 * MIB, roleArn=conftest.ROLE)
