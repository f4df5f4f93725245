"""The comparison of answers with recorded ones, which everything else rests on."""

import datetime
import json

import pytest

from conformance.cases import Case
from conformance.compare import Bindings, Comparison

PLACEHOLDERS = [
    "<uuid:1>",
    "<uuid:2>",
    "<datetime>",
    "<date>",
    "<account>",
    "<ArnPart_0idx>",
    "<ArnPart_1idx>",
    "<snf_role_arn>",
    "<activity_arn>",
    "<request-id>",
]
UUID = "0190c8a4-7b1e-7cc0-8000-000000000001"


def differences(expected, actual, loose=(), bindings=None):
    steps = [{"op": "Some", "expect": {"answer": expected}}]
    data = {"steps": steps, "placeholders": PLACEHOLDERS, "loose": list(loose)}
    bindings = bindings or Bindings(PLACEHOLDERS, {"1": "arn:aws:iam::1:role/r"})
    found = Comparison(Case("case", data)).differences(expected, actual, bindings, "answer")
    return [str(it) for it in found]


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": 1, "b": [True, None, "x"]}, {"b": [True, None, "x"], "a": 1}),
        ({"a": {"b": [1]}}, {"a": '{ "b" : [1] }'}),
        ([1, 2], "[1,2]"),
        ({"cause": '{"a": 1}'}, {"cause": '{"a":1}'}),
        ({"cause": '{"id": "<request-id>"}'}, {"cause": '{"id":"x"}'}),
        ("<datetime>", datetime.datetime.now(datetime.timezone.utc)),
        ("<datetime>", "2024-01-01T00:00:00.123Z"),
        ("<datetime>", 1704067200.123),
        ("at <date>!", "at 2024-01-01T00:00:00Z!"),
        ("<uuid:1>", UUID),
        ("<snf_role_arn>", "arn:aws:iam::1:role/r"),
        ("x:<ArnPart_0idx>:<ArnPart_0idx>", "x:ab:ab"),
        ("no <placeholder>", "no <placeholder>"),
        ({"variableReferences": {"A": ["b", "a"]}}, {"variableReferences": {"A": ["a", "b"]}}),
    ],
)
def test_these_are_the_same(expected, actual):
    assert differences(expected, actual) == []


@pytest.mark.parametrize(
    ("expected", "actual", "problem"),
    [
        ({"a": 1}, {}, "answer.a: expected 1, got nothing"),
        ({}, {"a": 1}, "answer.a: expected nothing, got 1"),
        ({"a": 1}, {"a": 1.0}, "answer.a: expected 1, got 1.0"),
        ({"a": 1}, {"a": True}, "answer.a: expected 1, got true"),
        ({"a": 0}, {"a": False}, "answer.a: expected 0, got false"),
        ({"a": None}, {"a": "null"}, 'answer.a: expected null, got "null"'),
        ({"a": 1}, {"a": "1"}, 'answer.a: expected 1, got "1"'),
        ({"a": "1"}, {"a": 1}, 'answer.a: expected "1", got 1'),
        ([1, 2], [1], "answer: expected 2 items, got 1"),
        ([1, 2], [1, 3], "answer[1]: expected 2, got 3"),
        ({"a": [1]}, {"a": "[1"}, 'answer.a: expected [1], got "[1"'),
        ({"c": '{"a": 1}'}, {"c": '{"a": 2}'}, "answer.c.a: expected 1, got 2"),
        ("<datetime>", "yesterday", 'answer: expected a time for <datetime>, got "yesterday"'),
        ("<datetime>", None, "answer: expected a time for <datetime>, got null"),
        ("<uuid:1>", "x", "answer: expected a UUID for <uuid:1>, got 'x'"),
        ("<account>", "", 'answer: expected a text for <account>, got ""'),
        ("<account>", 1, "answer: expected a text for <account>, got 1"),
        ("<activity_arn>", "a", "answer: expected an ARN for <activity_arn>, got 'a'"),
        (
            "<snf_role_arn>",
            "arn:aws:iam::1:role/other",
            "answer: expected one of the roles that were sent for <snf_role_arn>, "
            "got 'arn:aws:iam::1:role/other'",
        ),
        ("x:<account>", "y:1", 'answer: expected "x:<account>", got "y:1"'),
        ("x:<account>:<account>", "x:1:2", 'answer: expected "x:<account>:<account>", got "x:1:2"'),
        (
            ["<account>", "a <account>"],
            ["1", "a 2"],
            "answer[1]: expected \"a <account>\", got \"a 2\" where {'<account>': '1'}",
        ),
        (["<account>", "<account>"], ["1", "2"], "answer[1]: <account> was '1' before, is now '2'"),
        (
            ["<uuid:1>", "<uuid:2>"],
            [UUID, UUID],
            f"answer[1]: <uuid:2> and <uuid:1> must differ, and both are '{UUID}'",
        ),
        (
            ["<ArnPart_0idx>", "x<ArnPart_1idx>"],
            ["a", "xa"],
            "answer[1]: <ArnPart_1idx> and <ArnPart_0idx> must differ, and both are 'a'",
        ),
    ],
)
def test_these_differ(expected, actual, problem):
    assert differences(expected, actual) == [problem]


def test_members_that_aws_added_later_count_only_where_the_case_names_them():
    actual = {"a": 1, "redriveCount": 0}
    assert differences({"a": 1}, actual) == []
    assert differences({"a": 1, "redriveCount": 1}, actual) != []
    assert differences({"a": {"redriveCount": 0}}, {"a": {}, "redriveCount": 0}) != []


def test_a_loose_member_must_be_there_with_any_content():
    assert differences({"a": {"b": 1}}, {"a": 7}, loose=["a"]) == []
    assert differences({"a": {"b": 1}}, {}, loose=["a"]) != []


def test_a_history_of_another_length_is_shown_in_a_line():
    def event(number, kind):
        return {"id": number, "previousEventId": number - 1, "type": kind}

    expected = [event(1, "ExecutionStarted"), event(2, "ExecutionFailed")]
    (problem,) = differences(expected, json.dumps(expected[:1]))
    assert problem.splitlines()[1:] == [
        "    expected 1<0:ExecutionStarted 2<1:ExecutionFailed",
        "    got      1<0:ExecutionStarted",
    ]
