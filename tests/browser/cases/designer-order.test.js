// A person draws the order sample from nothing, with the mouse alone and the keyboard for texts only, and runs it.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { openSite } from "../support/browser.js";
import { card, dropBelow, dropIn, fields, openDesigner, pick, showAll, textOf } from "../support/designer.js";

let site;
before(async () => (site = await openSite("--samples")));
after(() => site.close());

const sample = JSON.parse(await readFile(new URL("../../../workflows/order.asl.json", import.meta.url), "utf8"));
const lambda = (name) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

/** Leaves the field that was typed in, as a click beside it does. */
const leave = (page) => fields(page).getByRole("heading", { level: 2 }).click();

/** Types into a field of the form, or of a part of it. */
async function type(page, label, text, part = fields(page)) {
  await part.getByLabel(label, { exact: true }).fill(text);
  await leave(page);
}

/** Names the state that was just added, which is called `fresh` until then. */
async function call(page, fresh, name) {
  await fields(page).getByRole("heading", { level: 2, name: fresh, exact: true }).waitFor();
  await type(page, "Name", name);
  await card(page, name).waitFor();
}

async function select(page, name) {
  await showAll(page);
  await card(page, name).click({ position: { x: 14, y: 10 } });
  await fields(page).getByRole("heading", { level: 2, name, exact: true }).waitFor();
}

const tab = (page, name) => fields(page).getByRole("tab", { name }).click();

async function resultPath(page, path) {
  await tab(page, "Data");
  await type(page, "Result path", path);
}

/** Another type for the state, and what it then calls. */
async function becomeTask(page, name) {
  await tab(page, "Settings");
  await fields(page).getByLabel("Type", { exact: true }).selectOption("Task");
  await type(page, "Resource", lambda(name));
}

/** A catcher of these errors, which leads to a new state of that name. */
async function catches(page, errors, name) {
  await tab(page, /^Errors/);
  await fields(page).getByRole("button", { name: "Add a catcher" }).click();
  const part = fields(page).getByRole("region", { name: "Catch" });
  if (errors !== "States.ALL") await type(page, "Errors", errors, part);
  await part.getByText("What goes on").click();
  await type(page, "Result path", "$.problem", part);
  await pick(page, "Go to", "A new state…");
  await call(page, "Pass", name);
}

test("the order sample is drawn from nothing with the mouse, says the same, and runs", async () => {
  const page = await site.visitor({ viewport: { width: 1440, height: 1000 }, reducedMotion: "reduce" });
  await openDesigner(page);
  await type(page, "Comment", sample.Comment);

  await page.getByRole("complementary", { name: "States to add" }).getByRole("button", { name: "Task", exact: true }).click();
  await call(page, "Task", "Check stock");
  await type(page, "Resource", lambda("sample-check-stock"));
  await fields(page).getByText("Time limits").click();
  await type(page, "Timeout in seconds", "10");
  await resultPath(page, "$.stock");

  await dropBelow(page, "Choice", "Check stock");
  await call(page, "Choice", "Is it worth shipping?");
  await dropBelow(page, "Call function", "Is it worth shipping?");
  await call(page, "Call function", "Charge card");
  await type(page, "Function to call", "sample-charge-card");
  await tab(page, "Data");
  await type(page, "Parameters", JSON.stringify(sample.States["Charge card"].Parameters));
  await type(page, "Result selector", '{ "payment.$": "$.Payload.payment" }');
  await type(page, "Result path", "$.charge");
  await tab(page, /^Errors/);
  await fields(page).getByRole("button", { name: "Add a retrier" }).click();
  const retry = fields(page).getByRole("region", { name: "Retry" });
  await type(page, "Errors", "PaymentUnavailable\nLambda.TooManyRequestsException", retry);
  await type(page, "Attempts", "4", retry);
  await type(page, "Longest wait in seconds", "10", retry);

  await catches(page, "States.ALL", "Release stock");
  await becomeTask(page, "sample-release-stock");
  await resultPath(page, "$.released");
  await dropBelow(page, "Fail", "Release stock");
  await call(page, "Fail", "Order failed");
  await type(page, "Error path", "$.problem.Error");
  await type(page, "Cause path", "$.problem.Cause");

  await select(page, "Is it worth shipping?");
  await fields(page).getByRole("button", { name: "Add a rule" }).click();
  await type(page, "Rule 1: field", "$.amount");
  await fields(page).getByLabel("Rule 1: comparison").selectOption("NumericLessThan");
  await type(page, "Rule 1: value", "1");
  await pick(page, "Then go to", "A new state…");
  await call(page, "Pass", "Nothing to pay");
  await fields(page).getByLabel("Type", { exact: true }).selectOption("Succeed");

  await dropBelow(page, "Parallel", "Charge card");
  await call(page, "Parallel", "Ship and tell");
  await dropIn(page, "Task", "Ship and tell", 0, 2);
  await call(page, "Task", "Ship");
  await type(page, "Resource", lambda("sample-ship"));
  await dropIn(page, "Task", "Ship and tell", 1, 2);
  await call(page, "Task", "Tell customer");
  await type(page, "Resource", lambda("sample-notify"));
  await tab(page, "Data");
  await type(page, "Parameters", JSON.stringify(sample.States["Ship and tell"].Branches[1].States["Tell customer"].Parameters));
  await select(page, "Ship and tell");
  await resultPath(page, "$.done");
  await catches(page, "States.ALL", "Refund");
  await becomeTask(page, "sample-refund");
  await pick(page, "Next state", "Release stock");
  await resultPath(page, "$.refund");
  await dropBelow(page, "Succeed", "Ship and tell");
  await call(page, "Succeed", "Delivered to carrier");

  await select(page, "Check stock");
  await catches(page, "OutOfStock", "Out of stock");
  await fields(page).getByLabel("Type", { exact: true }).selectOption("Fail");
  await type(page, "Error", "OutOfStock");
  await type(page, "Cause path", "$.problem.Cause");

  await page.getByRole("button", { name: "No problems" }).waitFor();
  assert.deepEqual(JSON.parse(await textOf(page)), sample);

  await page.getByRole("button", { name: "Start", exact: true }).click();
  await page.getByRole("dialog", { name: "Create the machine" }).getByLabel("Name").fill("orders");
  await page.getByRole("button", { name: "Create machine" }).click();
  const dialog = page.getByRole("dialog", { name: "Start orders" });
  await dialog.getByLabel("Input").fill(JSON.stringify({ order: 7, customer: "ada@example.com", amount: 120, items: [] }));
  await dialog.getByRole("button", { name: "Start execution" }).click();
  await page.locator(".pill", { hasText: "Succeeded" }).waitFor();
  await page.getByRole("treeitem", { name: /^Delivered to carrier, .*Succeeded/ }).waitFor();
  // That there is no machine of the name yet is asked for, and the browser notes the 404.
  assert.deepEqual(page.complaints.filter((words) => !words.includes("404")), []);
});
