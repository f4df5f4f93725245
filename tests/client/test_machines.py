"""State machines through the official client."""

import json

import pytest

ROLE = "arn:aws:iam::000000000000:role/flow"


def test_a_machine_lives_from_creation_to_deletion(sfn, make_machine, definition, unique, arn, refused):
    made = make_machine()
    machine = arn(f"stateMachine:flow-{unique}")
    assert made["stateMachineArn"] == machine
    described = sfn.describe_state_machine(stateMachineArn=machine)
    assert described["creationDate"] == made["creationDate"]
    assert json.loads(described["definition"]) == json.loads(definition())
    assert described["status"] == "ACTIVE"

    updated = sfn.update_state_machine(stateMachineArn=machine, definition=definition("second"))
    described = sfn.describe_state_machine(stateMachineArn=machine)
    assert described["definition"] == definition("second")
    assert described["revisionId"] == updated["revisionId"]

    sfn.delete_state_machine(stateMachineArn=machine)
    refused(
        lambda: sfn.describe_state_machine(stateMachineArn=machine),
        "StateMachineDoesNotExist",
        f"State Machine Does Not Exist: '{machine}'",
    )


def test_every_machine_is_listed_by_the_clients_own_paging(sfn, make_machine, unique):
    names = {f"{unique}-{number}" for number in range(5)}
    for name in names:
        make_machine(name)
    pages = list(sfn.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 2}))
    listed = [it["name"] for page in pages for it in page["stateMachines"]]
    assert names <= set(listed)
    assert len(listed) == len(set(listed))
    assert all(len(page["stateMachines"]) <= 2 for page in pages)


def test_a_repeated_creation_is_the_same_and_another_is_refused(make_machine, definition, unique, arn, refused):
    made = make_machine()
    again = make_machine()
    assert (made["stateMachineArn"], made["creationDate"]) == (
        again["stateMachineArn"],
        again["creationDate"],
    )
    refused(
        lambda: make_machine(definition=definition("other")),
        "StateMachineAlreadyExists",
        f"State Machine Already Exists: '{arn(f'stateMachine:flow-{unique}')}'",
    )


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        ({"name": "x y"}, "InvalidName", "Invalid Name: 'x y'"),
        ({"roleArn": "me"}, "InvalidArn", "Invalid Role Arn: 'me'"),
        (
            {"name": "n" * 81},
            "ValidationException",
            f"1 validation error detected: Value '{'n' * 81}' at 'name' failed to satisfy "
            "constraint: Member must have length less than or equal to 80",
        ),
        (
            {"type": "FAST"},
            "ValidationException",
            "1 validation error detected: Value 'FAST' at 'type' failed to satisfy constraint: "
            "Member must satisfy enum value set: [STANDARD, EXPRESS]",
        ),
        (
            {"definition": '{"StartAt": "A"}'},
            "InvalidDefinition",
            "Invalid State Machine Definition: "
            "'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'",
        ),
        (
            {"loggingConfiguration": {"level": "ALL"}},
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Must specify exactly one Log Destination.",
        ),
    ],
)
def test_a_creation_is_refused_in_the_services_words(make_machine, refused, more, code, message):
    refused(lambda: make_machine(**more), code, message)


def test_a_definition_of_a_mebibyte_and_one_byte_is_refused(make_machine, refused):
    empty = json.dumps({"Comment": "", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    filler = "c" * (2**20 - len(empty))
    largest = empty.replace('"Comment": ""', f'"Comment": "{filler}"')
    assert len(largest) == 2**20
    make_machine(definition=largest)
    refused(
        lambda: make_machine(definition=largest + " "),
        "ValidationException",
        "1 validation error detected: Value at 'definition' failed to satisfy constraint: "
        "Member must have length less than or equal to 1048576",
    )


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '"text"', "?", "{" * 5000, "\x00"], ids=lambda text: repr(text[:8])
)
def test_what_is_no_definition_is_an_answer_not_a_fault(sfn, make_machine, refused, text):
    refused(lambda: make_machine(definition=text), "InvalidDefinition")
    answer = sfn.validate_state_machine_definition(definition=text)
    assert answer["result"] == "FAIL"
    assert answer["diagnostics"]


def test_validation_counts_and_cuts_diagnostics(sfn):
    states = {f"S{number}": {"Type": "Pass"} for number in range(10)}
    text = json.dumps({"StartAt": "S0", "States": states})
    answer = sfn.validate_state_machine_definition(definition=text, maxResults=3)
    assert (answer["result"], answer["truncated"], len(answer["diagnostics"])) == ("FAIL", True, 3)
    answer = sfn.validate_state_machine_definition(definition=text, maxResults=0)
    assert (answer["truncated"], len(answer["diagnostics"]) >= 10) == (False, True)


@pytest.mark.parametrize("call", ["describe_state_machine", "delete_state_machine"])
def test_a_wrong_arn_is_refused_in_the_services_words(sfn, refused, arn, call):
    ask = getattr(sfn, call)
    refused(
        lambda: ask(stateMachineArn="xyz"),
        "InvalidArn",
        "Invalid Arn: 'Invalid ARN prefix: xyz'",
    )
    refused(
        lambda: ask(stateMachineArn=arn("express:a:b:c")),
        "InvalidArn",
        "Invalid Arn: 'Resource type not valid in this context: express'",
    )
    refused(
        lambda: ask(stateMachineArn=arn("stateMachine:" + "a" * 300)),
        "ValidationException",
    )
    refused(lambda: ask(), "ValidationException")
