"""Who may call a server that has keys: the official client's signatures, bearer keys on the native
API, the sign-in form of the pages; and what other sites' pages and rebound names get."""

import datetime
import http.client
import json
import os
import subprocess
import urllib.parse

import botocore.auth
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

import server as servers

# Keys are made with the server's own program and database.
pytestmark = pytest.mark.skipif(
    "STEPWRIGHT_ENDPOINT" in os.environ, reason="that server's keys are not ours to make"
)

FORM = "application/x-www-form-urlencoded"
WIRE = "application/x-amz-json-1.0"
MISMATCH = "The request signature we calculated does not match the signature you provided."


def stepwright(server, *arguments):
    """Runs the command beside the server: on its database, with its data folder."""
    done = subprocess.run(
        [server.program, *arguments, "--data", server.data, "--json"],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": server.database_url},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def locked():
    """A server with a key from its first request on: `locked.key` is its id and secret."""
    # Wrong keys are tried here more often than a person would.
    running = servers.Server("--set", "access.sign_in_failures_max=1000")
    made = stepwright(running, "keys", "create", "ada")
    running.key = (made["id"], made["secret"])
    yield running
    assert running.stop() == 0


@pytest.fixture
def signing(locked):
    """`signing()` is a client with the right key; `signing(secret="x")` one with a wrong secret."""

    def client(key=None, secret=None, **more):
        return locked.client(
            aws_access_key_id=key or locked.key[0],
            aws_secret_access_key=secret or locked.key[1],
            **more,
        )

    return client


@pytest.fixture
def send(locked):
    """Sends one request as it is, and follows nothing: gives status, headers and text."""

    def request(method, path, headers=None, body=None):
        place = urllib.parse.urlsplit(locked.url)
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    return request


def refused(client, code, message):
    with pytest.raises(ClientError) as caught:
        client.list_state_machines()
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"][: len(message)]) == (code, message)


# --- the wire API ------------------------------------------------------------------------------


def test_a_call_signed_with_the_key_is_served(signing, definition, unique):
    client = signing()
    arn = client.create_state_machine(
        name=f"locked-{unique}", definition=definition(), roleArn="arn:aws:iam::000000000000:role/r"
    )["stateMachineArn"]
    # A body with every kind of character, since the signature covers it.
    text = json.dumps({"text": "naïve — 日本語 😀 \"quoted\" \n"}, ensure_ascii=False)
    started = client.start_execution(stateMachineArn=arn, input=text)
    described = client.describe_execution(executionArn=started["executionArn"])
    assert (described["status"], described["input"]) == ("SUCCEEDED", text)
    pages = client.get_paginator("list_executions").paginate(stateMachineArn=arn)
    assert [len(page["executions"]) for page in pages] == [1]
    client.delete_state_machine(stateMachineArn=arn)


def test_a_wrong_secret_is_refused(signing):
    refused(signing(secret="wrong"), "InvalidSignatureException", MISMATCH)


def test_an_unknown_key_is_refused(signing):
    message = "The security token included in the request is invalid."
    refused(signing(key="AKIDEXAMPLE"), "UnrecognizedClientException", message)


def test_another_region_is_refused(signing):
    message = "Credential should be scoped to a valid region: 'us-east-1'."
    refused(signing(region_name="eu-west-1"), "InvalidSignatureException", message)


@pytest.mark.parametrize(
    ("minutes", "message"),
    [(-16, "Signature expired: "), (16, "Signature not yet current: ")],
)
def test_a_clock_that_is_off_is_refused(signing, monkeypatch, minutes, message):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: now)
    refused(signing(), "InvalidSignatureException", message)


def test_a_clock_within_a_quarter_of_an_hour_is_served(signing, monkeypatch):
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=14)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: now)
    signing().list_state_machines()


def test_what_is_changed_after_signing_is_refused(signing):
    def another_body(request, **_):
        request.body = b'{"maxResults": 1}'
        request.headers["Content-Length"] = str(len(request.body))

    def another_operation(request, **_):
        request.headers["X-Amz-Target"] = "AWSStepFunctions.ListActivities"

    for change in (another_body, another_operation):
        client = signing()
        client.meta.events.register("before-send.stepfunctions", change)
        refused(client, "InvalidSignatureException", MISMATCH)


def test_an_unsigned_call_is_refused(signing):
    client = signing(config=Config(signature_version=UNSIGNED, retries={"max_attempts": 0}))
    refused(client, "MissingAuthenticationTokenException", "Missing Authentication Token")


def test_a_bearer_key_is_no_signature(locked, send):
    headers = {
        "Authorization": f"Bearer {':'.join(locked.key)}",
        "Content-Type": WIRE,
        "X-Amz-Target": "AWSStepFunctions.ListStateMachines",
    }
    status, _, text = send("POST", "/", headers, b"{}")
    assert (status, json.loads(text)["__type"]) == (400, "IncompleteSignatureException")
    assert locked.key[1] not in text


# --- the native API ----------------------------------------------------------------------------


def test_a_bearer_key_opens_the_native_api(locked, send):
    bearer = {"Authorization": f"Bearer {':'.join(locked.key)}"}
    for path in ("/api/v1/functions", "/api/v1/openapi.json", "/metrics"):
        assert send("GET", path, bearer)[0] == 200
        status, headers, text = send("GET", path)
        assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
        assert "Authorization: Bearer ID:SECRET" in json.loads(text)["message"]


def test_a_wrong_bearer_key_is_refused_without_saying_what_is_wrong(locked, send):
    key, secret = locked.key
    answers = {
        send("GET", "/api/v1/functions", {"Authorization": f"Bearer {shown}"})[::2]
        for shown in (f"{key}:wrong", f"WRONG:{secret}", "nonsense", ":")
    }
    assert len(answers) == 1
    status, text = answers.pop()
    assert (status, json.loads(text)["message"]) == (401, "no key has this id and secret")


def test_health_needs_no_key(send):
    for path in ("/healthz", "/readyz"):
        assert send("GET", path)[0] == 200


# --- pages -------------------------------------------------------------------------------------


def own_form(locked, **more):
    return {"Content-Type": FORM, "Origin": locked.url, "Sec-Fetch-Site": "same-origin", **more}


def sign_in(locked, send, key=None, secret=None):
    fields = {
        "id": key or locked.key[0],
        "secret": secret or locked.key[1],
        "back": "/machines?search=a",
    }
    body = urllib.parse.urlencode(fields)
    return send("POST", "/sign-in", own_form(locked), body)


def test_a_page_leads_to_the_sign_in_form_and_the_key_leads_back(locked, send):
    status, headers, _ = send("GET", "/machines?search=a")
    assert (status, headers["Location"]) == (303, "/sign-in?back=%2Fmachines%3Fsearch%3Da")
    status, _, text = send("GET", headers["Location"])
    assert status == 200 and 'name="secret"' in text

    status, headers, _ = sign_in(locked, send)
    assert (status, headers["Location"]) == (303, "/machines?search=a")
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert not any(part in cookie for part in locked.key)
    status, _, text = send("GET", "/machines?search=a", {"Cookie": cookie.split(";")[0]})
    assert status == 200 and "ada" in text


def test_a_wrong_key_leads_back_to_the_form(locked, send):
    for wrong in ({"secret": "wrong"}, {"key": "WRONG"}):
        status, headers, _ = sign_in(locked, send, **wrong)
        assert (status, headers.get("Set-Cookie")) == (303, None)
        assert headers["Location"].startswith("/sign-in?refused=wrong&back=")
        assert "No key has this id and secret." in send("GET", headers["Location"])[2]


# --- other sites, other names ------------------------------------------------------------------


def test_a_page_of_another_site_changes_nothing(locked, send):
    cookie = sign_in(locked, send)[1]["Set-Cookie"].split(";")[0]
    bearer = f"Bearer {':'.join(locked.key)}"
    for path, headers in (
        ("/machines/new", {"Content-Type": FORM, "Cookie": cookie}),
        ("/sign-out", {"Content-Type": FORM, "Cookie": cookie}),
        ("/sign-in", {"Content-Type": FORM}),
        ("/api/v1/validate", {"Content-Type": "application/json", "Cookie": cookie}),
        ("/api/v1/validate", {"Content-Type": "application/json", "Authorization": bearer}),
        ("/", {"Content-Type": WIRE, "X-Amz-Target": "AWSStepFunctions.ListStateMachines"}),
    ):
        for foreign in (
            {"Origin": "http://attacker.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Origin": locked.url, "Sec-Fetch-Site": "same-site"},
        ):
            status, _, text = send("POST", path, {**headers, **foreign}, "{}")
            assert status == 403, (path, foreign, text)
            assert "another site" in text, (path, foreign)


def test_what_a_form_can_send_is_no_call(send):
    for content_type in ("text/plain", FORM, "multipart/form-data; boundary=x"):
        headers = {"Content-Type": content_type, "X-Amz-Target": "AWSStepFunctions.ListActivities"}
        assert send("POST", "/", headers, "{}")[0] == 415


def test_a_name_that_was_rebound_to_this_machine_gets_nothing(locked, send):
    bearer = f"Bearer {':'.join(locked.key)}"
    for host in ("attacker.example", "127.0.0.1.attacker.example", "localhost.attacker.example:80"):
        for path in ("/", "/machines", "/sign-in", "/healthz", "/metrics", "/api/v1/functions"):
            status, _, text = send("GET", path, {"Host": host, "Authorization": bearer})
            assert status == 421, (host, path)
            assert "--allow-host" in text
        status, _, text = send("POST", "/", {"Host": host, "Content-Type": WIRE}, "{}")
        assert (status, json.loads(text)["__type"]) == (421, "AccessDeniedException")
