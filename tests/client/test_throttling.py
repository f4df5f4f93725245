"""API throttling: off unless it is asked for, and then as AWS's quotas or the settings say."""

import pytest

import server as servers


@pytest.fixture(scope="module")
def throttled():
    """A server that throttles, with a small bucket for one operation."""
    running = servers.Server(
        "--set", "throttling.enabled=true", "--set", "throttling.buckets.ListActivities={ size = 2, refill = 1 }"
    )
    yield running.client()
    assert running.stop() == 0


def test_an_empty_bucket_is_answered_as_aws_does(throttled):
    answers = []
    for _ in range(50):
        try:
            throttled.list_activities()
            answers.append("taken")
        except throttled.exceptions.ClientError as error:
            answers.append(error.response["Error"])
            break
    assert answers[:2] == ["taken", "taken"]
    assert answers[-1]["Code"] == "ThrottlingException" and answers[-1]["Message"] == "Rate exceeded"
    # Others go on.
    assert throttled.list_state_machines()["stateMachines"] == []
