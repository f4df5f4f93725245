"""Input that nobody should send, from the lists in hostile/: the right error or the right answer, never
the server's own fault, and never more memory than a bound.

In the lists a text may be a list of parts: `{"times": n, "of": text}` is a text n times over,
`{"count": n, "of": text}` the same with each `#` replaced by a number. A `code` of null leaves open
whether the service takes it: then what counts is that it is no fault.
"""

import json
import pathlib
import threading
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

import conftest
import server as servers

FOLDER = pathlib.Path(__file__).with_name("hostile")
# What the server may take of memory beside all this, in KiB. A debug build that idles has about a tenth.
MEMORY_KIB_MAX = 700 * 1024
# How many executions that never end by themselves run at once.
LOOPS = 4
ITEMS = 100_000


def spell(value):
    """Objects as they stand, lists of parts as the text that they stand for."""
    if isinstance(value, list) and any(isinstance(it, dict) and "of" in it for it in value):
        return "".join(spell_part(part) for part in value)
    if isinstance(value, dict):
        return {name: spell(member) for name, member in value.items()}
    return value


def spell_part(part):
    if isinstance(part, str):
        return part
    if "count" in part:
        return "".join(part["of"].replace("#", str(number)) for number in range(part["count"]))
    return part["of"] * part["times"]


def read(name):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def own():
    """A server of its own, so that its memory is what this made of it."""
    running = servers.Server()
    yield running
    used = memory_kib(running.pid, "VmHWM")
    assert running.stop() == 0
    assert used < MEMORY_KIB_MAX, f"the server has used {used} KiB"


@pytest.fixture(scope="module")
def machine(own):
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    return create(own.client(), "plain", definition)


def create(client, name, definition):
    made = client.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=conftest.ROLE
    )
    return made["stateMachineArn"]


def memory_kib(pid, what):
    """A figure of the process, as the kernel tells it."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1])
    raise AssertionError(f"no {what} of {pid}")


def post(server, operation, body):
    """The status and the answer, past a client that would look at the input first."""
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"AWSStepFunctions.{operation}",
    }
    request = urllib.request.Request(server.url, data=body, headers=headers, method="POST")
    try:
        response = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return response.status, json.loads(response.read())


def check(status, answer, code):
    found = answer.get("__type", "").rsplit("#")[-1]
    if code is None:
        assert status < 500, answer
    else:
        assert (status, found) == (400, code), answer


@pytest.mark.parametrize("case", read("definitions.json"), ids=lambda case: case["case"])
def test_a_definition_is_taken_or_refused(own, case):
    text, code = spell(case["text"]), case["code"]
    name = f"hostile-{abs(hash(case['case']))}"
    body = {"name": name, "definition": text, "roleArn": conftest.ROLE}
    status, answer = post(own, "CreateStateMachine", json.dumps(body).encode())
    check(status, answer, code)
    status, answer = post(own, "ValidateStateMachineDefinition", json.dumps({"definition": text}).encode())
    assert status in (200, 400), answer
    if status == 200 and code == "InvalidDefinition":
        assert answer["result"] == "FAIL", answer
        assert answer["diagnostics"], answer


@pytest.mark.parametrize("case", read("calls.json"), ids=lambda case: case["operation"])
def test_a_call_is_answered_or_refused(own, machine, case):
    text = json.dumps(spell(case["input"])).replace('"MACHINE"', json.dumps(machine))
    status, answer = post(own, case["operation"], text.encode())
    check(status, answer, case["code"])


def test_bytes_that_are_no_text_are_refused(own):
    for body in (b"\xff\xfe{}", b'{"name":"\xc3"}', b'{"name":"\xed\xa0\x80"}', b"{\x00}"):
        status, answer = post(own, "CreateActivity", body)
        check(status, answer, "SerializationException")


ENDLESS = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.never", "IsPresent": True, "Next": "C"}],
            "Default": "A",
        },
        "C": {"Type": "Succeed"},
    },
}


def test_an_endless_loop_is_stopped_by_hand_or_by_its_history(own):
    client = own.client()
    arn = create(client, "endless", ENDLESS)
    started = [client.start_execution(stateMachineArn=arn)["executionArn"] for _ in range(LOOPS)]
    client.stop_execution(executionArn=started[0], error="Enough")
    stopped = until_closed(client, started[0])
    assert stopped["status"] in ("ABORTED", "FAILED")
    for execution in started[1:]:
        ended = until_closed(client, execution)
        assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
        assert "maximum number of history events (25000)" in ended["cause"]
        last = client.get_execution_history(
            executionArn=execution, reverseOrder=True, maxResults=1
        )["events"][0]
        assert (last["id"], last["type"]) == (25_000, "ExecutionFailed")


def test_a_slow_loop_is_stopped_while_it_runs(own):
    """One that waits a moment in each turn, so that a stop always comes in time."""
    client = own.client()
    states = {
        "W": {"Type": "Wait", "Seconds": 1, "Next": "B"},
        "B": {**ENDLESS["States"]["B"], "Default": "W"},
        "C": {"Type": "Succeed"},
    }
    arn = create(client, "slow", {"StartAt": "W", "States": states})
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    client.stop_execution(executionArn=execution, error="Enough", cause="of it")
    ended = until_closed(client, execution)
    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "Enough", "of it")


def test_a_map_of_a_hundred_thousand_items_ends_at_the_limit_of_its_history(own):
    """Each item has four events or more, and a history has 25,000: as on AWS it cannot succeed."""
    client = own.client()
    item = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    arn = create(
        client,
        "wide",
        {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": item, "End": True}}},
    )
    items = json.dumps([0] * ITEMS, separators=(",", ":"))
    assert len(items) < 2**18
    execution = client.start_execution(stateMachineArn=arn, input=items)["executionArn"]
    ended = until_closed(client, execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
    assert "maximum number of history events (25000)" in ended["cause"]


def test_what_spells_gigabytes_is_refused_without_them(own):
    client = own.client()
    doubled = {
        "StartAt": "D",
        "States": {
            "D": {"Type": "Pass", "Parameters": {"a.$": "States.Array($.a, $.a)"}, "Next": "B"},
            "B": {**ENDLESS["States"]["B"], "Default": "D"},
            "C": {"Type": "Succeed"},
        },
    }
    arn = create(client, "doubled", doubled)
    text = json.dumps({"a": "x" * 1000})
    execution = client.start_execution(stateMachineArn=arn, input=text)["executionArn"]
    ended = until_closed(client, execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_many_at_once_are_answered(own, machine):
    """Hostile and plain requests side by side: the plain ones are answered all the same."""
    client, failures = own.client(), []

    def plain():
        try:
            client.start_execution(stateMachineArn=machine)
        except ClientError as error:
            failures.append(error)

    def hostile():
        status, _ = post(own, "StartExecution", b"[" * 500_000)
        if status >= 500:
            failures.append(status)

    threads = [threading.Thread(target=it) for _ in range(20) for it in (plain, hostile)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def until_closed(client, execution):
    """Describes until it has closed; each look is a call that takes its time."""
    for _ in range(20_000):
        described = client.describe_execution(executionArn=execution)
        if described["status"] != "RUNNING":
            return described
    raise AssertionError("it still runs")
