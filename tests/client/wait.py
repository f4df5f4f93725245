"""Waiting for what a server does by itself: looks again and again, each look a call that takes its time."""

import time

SECONDS_MAX = 90


def until(look):
    """What `look` gives as soon as that is something."""
    end = time.monotonic() + SECONDS_MAX
    while time.monotonic() < end:
        if found := look():
            return found
    raise AssertionError("it did not come")


def until_closed(client, execution):
    """The execution once it has closed."""

    def look():
        described = client.describe_execution(executionArn=execution)
        return None if described["status"] == "RUNNING" else described

    return until(look)
