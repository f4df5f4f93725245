"""Activities and tags through the official client."""

import pytest


def test_an_activity_lives_from_creation_to_deletion(sfn, unique, arn, refused):
    made = sfn.create_activity(name=unique)
    activity = {"activityArn": arn(f"activity:{unique}")}
    assert made["activityArn"] == activity["activityArn"]
    assert sfn.create_activity(name=unique)["creationDate"] == made["creationDate"]
    described = sfn.describe_activity(**activity)
    assert (described["name"], described["creationDate"]) == (unique, made["creationDate"])
    pages = sfn.get_paginator("list_activities").paginate(PaginationConfig={"PageSize": 1})
    assert unique in {it["name"] for page in pages for it in page["activities"]}
    for _ in range(2):
        sfn.delete_activity(**activity)
    refused(
        lambda: sfn.describe_activity(**activity),
        "ActivityDoesNotExist",
        f"Activity Does Not Exist: '{activity['activityArn']}'",
    )


@pytest.mark.parametrize("sign", list("<>{}[]?*\"#%\\^|~`$&,;:/ \t\n\x00\x1f\x7f\x9f"), ids=repr)
def test_no_name_has_a_forbidden_sign(sfn, refused, sign):
    name = f"a{sign}b"
    refused(lambda: sfn.create_activity(name=name), "InvalidName", f"Invalid Name: '{name}'")


@pytest.mark.parametrize("token", ["made up", "a" * 1024, "é"])
def test_a_page_token_cannot_be_made_up(sfn, refused, token):
    refused(
        lambda: sfn.list_activities(nextToken=token),
        "InvalidToken",
        "Invalid Token: 'Invalid token'",
    )


def test_tags_are_set_and_removed(sfn, unique, make_machine):
    activity = sfn.create_activity(name=unique, tags=[{"key": "at", "value": "birth"}])
    machine = make_machine(tags=[{"key": "at", "value": "birth"}])
    for resource in (activity["activityArn"], machine["stateMachineArn"]):
        sfn.tag_resource(
            resourceArn=resource,
            tags=[{"key": "at", "value": "later"}, {"key": "new", "value": ""}],
        )
        assert sfn.list_tags_for_resource(resourceArn=resource)["tags"] == [
            {"key": "at", "value": "later"},
            {"key": "new", "value": ""},
        ]
        sfn.untag_resource(resourceArn=resource, tagKeys=["at", "absent"])
        assert sfn.list_tags_for_resource(resourceArn=resource)["tags"] == [{"key": "new", "value": ""}]


def test_what_has_no_tags_says_so(sfn, arn, unique, refused):
    absent = arn(f"activity:{unique}")
    refused(
        lambda: sfn.list_tags_for_resource(resourceArn=absent),
        "ResourceNotFound",
        f"Resource not found: '{absent}'",
    )
    made = sfn.create_activity(name=unique)["activityArn"]
    tags = [{"key": f"k{number}", "value": "v"} for number in range(51)]
    refused(lambda: sfn.tag_resource(resourceArn=made, tags=tags), "TooManyTags")
