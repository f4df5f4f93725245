"""What the wire API makes of requests that no client would send."""

import json
import os
import urllib.error
import urllib.request

import pytest

# Without keys only: a signed request is the official client's business.
pytestmark = pytest.mark.skipif(
    "AWS_ACCESS_KEY_ID" in os.environ, reason="these requests are not signed"
)

JSON = "application/x-amz-json-1.0"


@pytest.fixture
def post(server):
    def send(body, operation="ListActivities", content_type=JSON):
        headers = {"Content-Type": content_type}
        if operation is not None:
            headers["X-Amz-Target"] = f"AWSStepFunctions.{operation}"
        request = urllib.request.Request(server.url, data=body, headers=headers, method="POST")
        try:
            response = urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return response.status, response.headers, json.loads(response.read())

    return send


def test_an_answer_has_a_request_id_and_the_asked_type(post):
    status, headers, answer = post(b"{}", content_type="application/x-amz-json-1.1")
    assert status == 200
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert headers["x-amzn-RequestId"]
    assert "activities" in answer


@pytest.mark.parametrize("operation", [None, "MakeCoffee", "", "../ListActivities", "x" * 5000])
def test_an_unknown_operation_is_named(post, operation):
    status, _, answer = post(b"{}", operation=operation)
    assert (status, answer["__type"]) == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"maxResults": "1"}'],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_of_the_wrong_form_is_refused(post, body):
    status, _, answer = post(body)
    assert (status, answer["__type"]) == (400, "SerializationException")


def test_what_is_missing_is_listed(post):
    _, _, answer = post(b"{}", operation="CreateStateMachine")
    assert answer["message"] == (
        "3 validation errors detected: "
        "Value null at 'name' failed to satisfy constraint: Member must not be null; "
        "Value null at 'definition' failed to satisfy constraint: Member must not be null; "
        "Value null at 'roleArn' failed to satisfy constraint: Member must not be null"
    )


def test_a_form_of_a_browser_is_not_taken(post):
    status, _, answer = post(b"{}", content_type="text/plain")
    assert status in (403, 415)
    assert answer["__type"]


def test_an_oversize_body_is_refused(post):
    status, _, answer = post(b'{"name": "' + b"a" * (5 << 20) + b'"}', operation="CreateActivity")
    assert (status, answer["__type"]) == (413, "RequestEntityTooLargeException")
