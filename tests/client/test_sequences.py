"""Sequences of calls as infrastructure tools make them, replayed through the official client.

A file of `sequences` holds the calls of one tool in its order. In an input and in what is expected, a text that
begins with `$` stands for something that is known: `$name`, `$role`, `$arn` (of the machine, also with a suffix),
what a step before kept of its answer, and the file's own definitions, as text. Every answer is checked against
the service's model, whatever is expected of it.
"""

import json
import pathlib
import time

import pytest
from botocore.exceptions import ClientError

import conftest

FILES = sorted((pathlib.Path(__file__).parent / "sequences").glob("*.json"))
PATIENCE_SECONDS = 60


def filled(value, known):
    """`value` with what it names put in."""
    if isinstance(value, dict):
        return {name: filled(part, known) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, known) for part in value]
    if isinstance(value, str) and value.startswith("$"):
        name, colon, rest = value[1:].partition(":")
        return known[name] + colon + rest
    return value


def differences(expected, found, place):
    """Where `found` lacks something of `expected`; members and items beyond it do not matter, but lists' lengths."""
    if isinstance(expected, dict):
        for name, part in expected.items():
            if name not in found:
                yield f"{place}/{name} is missing"
            else:
                yield from differences(part, found[name], f"{place}/{name}")
    elif isinstance(expected, list):
        if len(expected) != len(found):
            yield f"{place} has {len(found)} items, not {len(expected)}"
        for index, (part, other) in enumerate(zip(expected, found)):
            yield from differences(part, other, f"{place}/{index}")
    elif expected != found:
        yield f"{place} is {found!r}, not {expected!r}"


def attempt(sfn, step, known):
    """Makes the call once: its answer, and what is not as expected."""
    try:
        answer = getattr(sfn, step["call"])(**filled(step["input"], known))
    except ClientError as error:
        answer, code = None, error.response["Error"]["Code"]
    else:
        code = None
    if code != step.get("error"):
        return answer, [f"answered {code or answer}, not {step.get('error', 'a success')}"]
    return answer, list(differences(filled(step.get("expect", {}), known), answer, ""))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_tools_calls_are_answered_as_it_needs_them(sfn, unique, path):
    sequence = json.loads(path.read_text())
    name = f"{path.stem}-{unique}"
    known = {
        "name": name,
        "role": conftest.ROLE,
        "arn": f"arn:aws:states:us-east-1:000000000000:stateMachine:{name}",
        "definition": json.dumps(sequence["definition"]),
        "changed": json.dumps(sequence["changed"]),
    }
    for number, step in enumerate(sequence["steps"], 1):
        until = time.monotonic() + PATIENCE_SECONDS
        answer, wrong = attempt(sfn, step, known)
        while wrong and step.get("poll") and time.monotonic() < until:
            answer, wrong = attempt(sfn, step, known)
        assert not wrong, f"step {number}, {step['call']}: {wrong}"
        known.update({kept: answer[member] for kept, member in step.get("keep", {}).items()})
