"""What the client tests share: a server, the official client for it, and names of their own."""

import json
import os
import uuid

import pytest
from botocore.exceptions import ClientError

import server as servers
from conformance import cases

ROLE = "arn:aws:iam::000000000000:role/flow"


def pytest_report_header():
    folder = cases.folder()
    if not folder.is_dir():
        return f"conformance: no cases at {folder}; STEPWRIGHT_CONFORMANCE says where they are"
    return f"conformance: cases from {folder}"


@pytest.fixture(scope="session")
def server():
    """One server for all tests of the run; each makes things under names of its own."""
    given = os.environ.get("STEPWRIGHT_ENDPOINT")
    running = servers.Running(given) if given else servers.Server()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def sfn(server):
    """The official Step Functions client for that server; what it is given goes there unchecked."""
    return server.client()


@pytest.fixture
def unique():
    """Eight letters and digits for names."""
    return uuid.uuid4().hex[:8]


@pytest.fixture
def arn():
    """`arn("activity:a")` is the ARN of an activity."""
    return lambda rest: f"arn:aws:states:{servers.REGION}:{servers.ACCOUNT}:{rest}"


@pytest.fixture
def definition():
    """`definition("x")` is a definition whose text differs with the argument."""

    def make(result="first"):
        state = {"Type": "Pass", "Result": result, "End": True}
        return json.dumps({"StartAt": "A", "States": {"A": state}})

    return make


@pytest.fixture
def machine(sfn, unique):
    """`machine(DEFINITION)` makes a machine of it and gives its ARN."""

    def make(definition):
        return sfn.create_state_machine(
            name=f"m-{unique}", definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]

    return make


@pytest.fixture
def make_machine(sfn, unique, definition):
    """Creates a machine; gives the answer."""

    def make(name=None, **more):
        params = {
            "name": name or f"flow-{unique}",
            "definition": definition(),
            "roleArn": ROLE,
        } | more
        return sfn.create_state_machine(**params)

    return make


@pytest.fixture
def refused():
    """`refused(call, "InvalidName", "Invalid Name: 'x y'")` expects that error."""

    def check(call, code, message=None):
        with pytest.raises(ClientError) as caught:
            call()
        error = caught.value.response["Error"]
        assert error["Code"] == code, error
        if message is not None:
            assert error["Message"] == message
        return caught.value.response

    return check
