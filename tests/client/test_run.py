"""The conformance runner itself: every shape of a case, against a server that is made up.

What counts is that it asks what the case says and sees every difference.
"""

import json
import urllib.request

import pytest
from botocore.exceptions import ClientError

from conformance import run
from conformance.cases import Case
from conformance.functions import Functions

ARN = "arn:aws:states:us-east-1:000000000000"
STARTED = {"id": 1, "previousEventId": 0, "type": "ExecutionStarted"}
SUCCEEDED = {"id": 2, "previousEventId": 0, "type": "ExecutionSucceeded"}


class Scripted:
    """Answers each operation from a list, the last of which stays; remembers what was asked."""

    endpoint, region, account = "http://nowhere", "us-east-1", "000000000000"

    def __init__(self, **answers):
        self.answers = {name: list(answer) for name, answer in answers.items()}
        self.asked = []

    def call(self, operation, params):
        self.asked.append((operation, params))
        answers = self.answers[operation]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def must(self, operation, params):
        try:
            return self.call(operation, params)
        except ClientError as error:
            raise run.Failed(f"{operation}: {error}") from error


def refusal(code, message):
    return ClientError({"Error": {"Code": code, "Message": message}}, "Some")


def case(**data):
    placeholders = ["<account>", "<ArnPart_0idx>", "<region>", "<datetime>"]
    return Case("case", {"placeholders": placeholders} | data)


def an_execution(history, **described):
    return Scripted(
        CreateStateMachine=[{"stateMachineArn": f"{ARN}:stateMachine:m"}],
        StartExecution=[{"executionArn": f"{ARN}:execution:m:e"}],
        DescribeExecution=[
            {"executionArn": f"{ARN}:execution:m:e", "status": "RUNNING"},
            {"executionArn": f"{ARN}:execution:m:e", "startDate": 1} | described,
        ],
        GetExecutionHistory=history,
    )


EXECUTION = case(
    type="STANDARD",
    definition={"StartAt": "A"},
    input={"a": 1},
    expected={"status": "SUCCEEDED", "output": {"b": 2}, "history": [STARTED, SUCCEEDED]},
)


def test_one_execution_is_run_to_its_end_and_its_history_read_page_by_page():
    pages = [{"events": [STARTED], "nextToken": "t"}, {"events": [SUCCEEDED]}]
    server = an_execution(pages, status="SUCCEEDED", output='{"b":2}')
    assert run.run(server, EXECUTION) == []
    asked = dict(server.asked)
    assert asked["CreateStateMachine"]["definition"] == '{"StartAt": "A"}'
    assert asked["CreateStateMachine"]["type"] == "STANDARD"
    assert asked["StartExecution"]["input"] == '{"a": 1}'
    assert asked["GetExecutionHistory"]["nextToken"] == "t"


def test_an_execution_that_ends_otherwise_is_shown_with_its_history():
    server = an_execution([{"events": [STARTED]}], status="FAILED", error="E")
    assert run.run(server, EXECUTION) == [
        'execution.status: expected "SUCCEEDED", got "FAILED"',
        'execution.output: expected {"b": 2}, got nothing',
        'execution.error: expected nothing, got "E"',
        "history: expected 2 items, got 1\n"
        "    expected 1<0:ExecutionStarted 2<0:ExecutionSucceeded\n"
        "    got      1<0:ExecutionStarted",
    ]


def test_every_input_of_a_table_is_run():
    runs = [{"input": {}, "status": "SUCCEEDED", "output": 1}] * 3
    tables = case(type="STANDARD", machines=[{"definition": {}, "runs": runs}])
    server = an_execution([], status="SUCCEEDED", output="1")
    assert run.run(server, tables) == [
        f'machine 1, run {number}.output: expected 1, got "1"' for number in (1, 2, 3)
    ]
    assert [name for name, _ in server.asked].count("StartExecution") == 3


def test_steps_use_earlier_answers_and_names_that_last():
    steps = [
        {"op": "CreateActivity", "params": {"name": "{{uid.1}}-{{role.1}}"}},
        {
            "op": "DescribeActivity",
            "params": {"activityArn": "{{1.list.1.arn}}", "name": "{{uid.1}}", "count": "{{1.count}}"},
            "expect": {"answer": {"when": "<datetime>"}},
        },
    ]
    answer = {"list": [{"arn": "a"}, {"arn": "b"}], "count": 7}
    server = Scripted(CreateActivity=[answer], DescribeActivity=[{"when": 1}])
    assert run.run(server, case(steps=steps)) == []
    (_, created), (_, described) = server.asked
    uid, _, role = created["name"].partition("-")
    assert (len(uid), role) == (8, "arn:aws:iam::000000000000:role/conformance-1")
    assert described == {"activityArn": "b", "name": uid, "count": 7}


def test_a_step_that_may_be_late_is_asked_again():
    steps = [{"op": "ListActivities", "expect": {"answer": {"n": 2}}, "repeat": True}]
    server = Scripted(ListActivities=[{"n": 0}, refusal("Busy", "b"), {"n": 2}])
    assert run.run(server, case(steps=steps)) == []
    assert len(server.asked) == 3


def test_a_wait_goes_on_until_the_execution_ends():
    steps = [{"wait": "started", "executionArn": "e"}, {"wait": "ended", "executionArn": "e"}]
    pages = [{"events": []}, {"events": [STARTED]}, {"events": [STARTED]}, {"events": [SUCCEEDED]}]
    server = Scripted(GetExecutionHistory=pages)
    assert run.run(server, case(steps=steps)) == []
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("expect", "answer", "problems"),
    [
        ({"error": "E", "message": "no <account>"}, refusal("E", "no 000000000000"), []),
        (
            {"error": "E", "message": "m"},
            refusal("F", "m"),
            ['step 1, Do: error: expected "E", got "F"'],
        ),
        (
            {"error": "E", "message": "no <account>"},
            refusal("E", "no 1"),
            [
                "step 1, Do: message: expected \"no <account>\", got \"no 1\" "
                "where {'<account>': '000000000000'}"
            ],
        ),
        (
            {"error": "E", "message": "m"},
            {},
            ['step 1, Do: outcome: expected {"error": "E", "message": "m"}, got {"answer": {}}'],
        ),
        (
            {"answer": {}},
            refusal("E", "m"),
            ['step 1, Do: outcome: expected {"answer": {}}, got {"error": "E", "message": "m"}'],
        ),
        (None, refusal("E", "m"), ["step 1, Do: E: m"]),
        (None, {"anything": 1}, []),
    ],
)
def test_an_outcome_is_the_expected_one_or_named(expect, answer, problems):
    step = {"op": "Do"} | ({"expect": expect} if expect is not None else {})
    assert run.run(Scripted(Do=[answer]), case(steps=[step])) == problems


def test_what_needs_an_answer_that_there_is_none_of_is_not_asked():
    steps = [
        {"op": "Do", "expect": {"answer": {}}},
        {"op": "More", "params": {"arn": "{{1.arn}}"}},
    ]
    server = Scripted(Do=[refusal("E", "m")])
    assert run.run(server, case(steps=steps))[-1] == "step 2, More: the answer to step 1 has no arn"
    assert [name for name, _ in server.asked] == ["Do"]


class TestFunctions:
    @pytest.fixture
    def ask(self, monkeypatch):
        """Calls a function the way the server does; gives the answer's body and error header."""
        registered = {}

        def register(_, method, name, body):
            registered[name] = body
            assert method in ("PUT", "DELETE")

        monkeypatch.setattr(Functions, "call", register)

        def call(behaviour, event):
            wanted = {"f1": ("echo", {"timeoutSeconds": 30, "behaviour": behaviour})}
            with Functions("http://nowhere", wanted):
                assert registered["echo"]["timeout_ms"] == 30_000
                url = registered["echo"]["url"]
                request = urllib.request.Request(url, data=event, method="POST")
                with urllib.request.urlopen(request, timeout=10) as response:
                    return response.read(), response.headers.get("X-Amz-Function-Error")

        return call

    def test_the_event_comes_back_as_it_was(self, ask):
        assert ask({"returns": "the event"}, b'{"a" : 1.0}') == (b'{"a" : 1.0}', None)

    def test_an_error_is_lambdas(self, ask):
        raised = {"errorType": "T", "errorMessage": "é", "stackTrace": ["s"]}
        body, error = ask({"raises": raised}, b"{}")
        assert error == "Unhandled"
        said = json.loads(body)
        assert list(said) == ["errorMessage", "errorType", "requestId", "stackTrace"]
        assert (said["errorMessage"], said["errorType"], said["stackTrace"]) == ("é", "T", ["s"])
