"""The samples, run as a user would: each started with its own input, over both APIs."""

import json
import pathlib
import time
import urllib.request

import pytest

import server as servers

ORDER = {"order": 7, "customer": "ada@example.com", "amount": 120, "items": []}


@pytest.fixture(scope="module")
def samples():
    running = servers.Server("--samples")
    yield running
    assert running.stop() == 0


def run(server, machine, payload):
    """Starts an execution over the native API and waits until it has closed."""
    request = urllib.request.Request(
        f"{server.url}/api/v1/machines/{machine}/executions?wait=60s",
        data=json.dumps({"input": payload}).encode(),
        headers={"content-type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def types(server, execution):
    client = server.client()
    events = client.get_execution_history(executionArn=execution["arn"], maxResults=1000)["events"]
    return [event["type"] for event in events]


def test_an_order_is_paid_at_the_second_try(samples):
    ended = run(samples, "sample-order", ORDER)
    assert ended["status"] == "SUCCEEDED"
    assert ended["output"]["charge"] == {"payment": "PAY-7"}
    assert types(samples, ended).count("TaskFailed") == 1


def test_what_was_reserved_is_released_when_the_card_is_declined(samples):
    ended = run(samples, "sample-order", {**ORDER, "amount": 5000})
    assert (ended["status"], ended["error"]) == ("FAILED", "CardDeclined")
    assert types(samples, ended)[-2:] == ["FailStateEntered", "ExecutionFailed"]


def test_an_order_that_is_not_in_stock_fails_with_the_reason(samples):
    items = [{"sku": "tea", "quantity": 1000}]
    ended = run(samples, "sample-order", {**ORDER, "items": items})
    assert (ended["status"], ended["error"]) == ("FAILED", "OutOfStock")


def test_a_small_request_approves_itself(samples):
    ended = run(samples, "sample-approval", {"what": "a kettle", "amount": 80})
    assert ended["output"]["decision"]["approved"] is True


@pytest.mark.parametrize("approved", [True, False])
def test_a_large_request_waits_for_whoever_has_the_token(samples, approved):
    client = samples.client()
    arn = f"arn:aws:states:{servers.REGION}:{servers.ACCOUNT}:stateMachine:sample-approval"
    started = client.start_execution(stateMachineArn=arn, input='{"amount": 900}')["executionArn"]
    token = wait_for(lambda: find_token(client, started))
    client.send_task_success(taskToken=token, output=json.dumps({"approved": approved}))
    closed = wait_for(lambda: closed_execution(client, started))
    assert closed["status"] == ("SUCCEEDED" if approved else "FAILED")


def test_items_are_priced_and_counted(samples):
    ended = run(samples, "sample-fan-out", {"currency": "EUR", "items": ["tea", "milk", "lemon"]})
    assert ended["output"]["count"] == 3
    assert [price["item"] for price in ended["output"]["prices"]] == ["tea", "milk", "lemon"]


@pytest.mark.parametrize(("budget", "verdict"), [(1000, "within budget"), (0, "too dear")])
def test_a_quote_is_answered_at_once(samples, budget, verdict):
    arn = f"arn:aws:states:{servers.REGION}:{servers.ACCOUNT}:stateMachine:sample-quote"
    asked = json.dumps({"item": "tea", "currency": "EUR", "budget": budget})
    answer = samples.client().start_sync_execution(stateMachineArn=arn, input=asked)
    assert answer["status"] == "SUCCEEDED"
    output = json.loads(answer["output"])
    assert (output["item"], output["verdict"]) == ("tea", verdict)


def test_one_failed_order_does_not_stop_the_others(samples):
    ended = run(samples, "sample-nested", {"orders": [ORDER, {**ORDER, "amount": 5000}]})
    assert [order["status"] for order in ended["output"]] == ["SUCCEEDED", "FAILED"]


def test_an_invoice_adds_up(samples):
    lines = [{"item": "tea", "quantity": 2}, {"item": "milk", "quantity": 12.50}]
    bill = {"customer": "ada@example.com", "currency": "EUR", "lines": lines}
    ended = run(samples, "sample-invoice", bill)
    assert ended["status"] == "SUCCEEDED", ended
    invoice = ended["output"]
    assert invoice["net"] == sum(line["price"] * line["quantity"] for line in invoice["lines"])
    assert invoice["discount"] == round(invoice["net"] * 0.1, 2)
    assert invoice["invoice"].startswith("INV-")


def test_an_invoice_names_what_has_no_price(samples):
    lines = [{"item": "tea", "quantity": 1}, {"item": 7, "quantity": 1}]
    ended = run(samples, "sample-invoice", {"customer": "a", "currency": "EUR", "lines": lines})
    assert (ended["status"], ended["error"]) == ("FAILED", "Unpriced")
    assert ended["cause"] == "There is no price for 7"


def test_a_stock_list_is_priced_in_batches(samples):
    given = {"bucket": "samples", "key": "stock.csv", "currency": "EUR"}
    ended = run(samples, "sample-stock", given)
    assert ended["status"] == "SUCCEEDED", ended
    client = samples.client()
    run_arn = ended["output"]["mapRun"]
    described = client.describe_map_run(mapRunArn=run_arn)
    items, executions = described["itemCounts"], described["executionCounts"]
    assert (items["total"], items["succeeded"], items["resultsWritten"]) == (10, 10, 10)
    assert (executions["total"], executions["succeeded"]) == (3, 3)
    listed = client.list_executions(mapRunArn=run_arn)["executions"]
    assert sorted(child["itemCount"] for child in listed) == [2, 4, 4]
    bucket = pathlib.Path(samples.data) / "buckets" / "samples"
    manifest = ended["output"]["manifest"].removeprefix("s3://samples/")
    files = json.loads((bucket / manifest).read_text())["ResultFiles"]
    assert (files["FAILED"], files["PENDING"]) == ([], [])
    lines = (bucket / files["SUCCEEDED"][0]["Key"]).read_text().splitlines()
    priced = [json.loads(line) for line in lines]
    assert [row["item"] for row in priced][3:5] == ["lemon", "biscuits; plain"]
    assert priced[4]["quantity"] == 18
    assert all(row["priced"]["currency"] == "EUR" for row in priced)


def find_token(client, arn):
    """The token that went out, once the function has been handed it."""
    events = client.get_execution_history(executionArn=arn)["events"]
    if not any(event["type"] == "TaskSubmitted" for event in events):
        return None
    scheduled = next(event for event in events if event["type"] == "TaskScheduled")
    return json.loads(scheduled["taskScheduledEventDetails"]["parameters"])["Payload"]["token"]


def closed_execution(client, arn):
    described = client.describe_execution(executionArn=arn)
    return None if described["status"] == "RUNNING" else described


def wait_for(look, seconds=60):
    """What `look` gives as soon as that is something; each look is a call that takes its time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
    raise AssertionError("it did not come")
