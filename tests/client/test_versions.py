"""Versions and aliases through the official client."""

import pytest


@pytest.fixture
def versions(sfn, make_machine, definition):
    """The ARNs of a machine's three versions."""
    made = make_machine(publish=True, versionDescription="the first")
    arns = [made["stateMachineVersionArn"]]
    for result in ("second", "third"):
        machine = made["stateMachineArn"]
        answer = sfn.update_state_machine(
            stateMachineArn=machine, definition=definition(result), publish=True
        )
        arns.append(answer["stateMachineVersionArn"])
    return arns


def machine_of(version):
    return version.rpartition(":")[0]


def test_versions_keep_what_was_published(sfn, versions, definition):
    assert [arn.rpartition(":")[2] for arn in versions] == ["1", "2", "3"]
    first = sfn.describe_state_machine(stateMachineArn=versions[0])
    assert (first["definition"], first["description"]) == (definition(), "the first")
    listed = sfn.list_state_machine_versions(stateMachineArn=machine_of(versions[0]))
    assert [it["stateMachineVersionArn"] for it in listed["stateMachineVersions"]] == versions[::-1]


def test_a_version_in_use_is_not_deleted(sfn, versions, refused):
    routes = [{"stateMachineVersionArn": versions[0], "weight": 100}]
    alias = sfn.create_state_machine_alias(name="live", routingConfiguration=routes)
    delete = sfn.delete_state_machine_version
    refused(
        lambda: delete(stateMachineVersionArn=versions[0]),
        "ConflictException",
        "Version to be deleted must not be referenced by an alias. Current list of aliases "
        "referencing this version: [live]",
    )
    sfn.delete_state_machine_alias(stateMachineAliasArn=alias["stateMachineAliasArn"])
    delete(stateMachineVersionArn=versions[0])
    delete(stateMachineVersionArn=versions[0])


def test_an_alias_moves_between_versions(sfn, versions):
    one = [{"stateMachineVersionArn": versions[0], "weight": 100}]
    two = [
        {"stateMachineVersionArn": versions[2], "weight": 10},
        {"stateMachineVersionArn": versions[1], "weight": 90},
    ]
    made = sfn.create_state_machine_alias(name="live", routingConfiguration=one)
    alias = {"stateMachineAliasArn": made["stateMachineAliasArn"]}
    assert alias["stateMachineAliasArn"] == f"{machine_of(versions[0])}:live"
    sfn.update_state_machine_alias(**alias, routingConfiguration=two)
    assert sfn.describe_state_machine_alias(**alias)["routingConfiguration"] == two
    listed = sfn.list_state_machine_aliases(stateMachineArn=versions[1])["stateMachineAliases"]
    assert [it["stateMachineAliasArn"] for it in listed] == [alias["stateMachineAliasArn"]]
    listed = sfn.list_state_machine_aliases(stateMachineArn=versions[0])["stateMachineAliases"]
    assert listed == []


@pytest.mark.parametrize("name", ["123", "a b", "a:b", "é", "a" * 81])
def test_an_alias_needs_a_name_that_is_no_number(sfn, versions, refused, name):
    routes = [{"stateMachineVersionArn": versions[0], "weight": 100}]
    refused(
        lambda: sfn.create_state_machine_alias(name=name, routingConfiguration=routes),
        "ValidationException",
    )
