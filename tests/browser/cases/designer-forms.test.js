// Everything that a state can say has a control with a name, in both query languages; and what is typed
// there is what the definition then says.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { createMachine, openSite } from "../support/browser.js";
import { card, openDesigner, textOf } from "../support/designer.js";

let site;
before(async () => (site = await openSite()));
after(() => site.close());

const inner = { StartAt: "In", States: { In: { Type: "Pass", End: true } } };

function machine(language) {
  const isPath = language === "JSONPath";
  const failure = { Retry: [{ ErrorEquals: ["A"] }], Catch: [{ ErrorEquals: ["States.ALL"], Next: "Fail" }] };
  const rule = isPath ? { Variable: "$.x", IsPresent: true, Next: "Last" } : { Condition: "{% true %}", Next: "Last" };
  return {
    QueryLanguage: language,
    StartAt: "Task",
    States: {
      Task: { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", ...failure, Next: "Pass" },
      Pass: { Type: "Pass", Next: "Wait" },
      Wait: { Type: "Wait", Seconds: 1, Next: "Parallel" },
      Parallel: { Type: "Parallel", Branches: [inner], ...failure, Next: "Map" },
      Map: { Type: "Map", ...failure, ItemProcessor: { ProcessorConfig: { Mode: "INLINE" }, StartAt: "Each", States: { Each: { Type: "Pass", End: true } } }, Next: "Choice" },
      Choice: { Type: "Choice", Choices: [rule], Default: "Fail" },
      Last: { Type: "Succeed" },
      Fail: { Type: "Fail" },
    },
  };
}

// The language's fields, read from its specification and not from our table: by type of state and by the tab of
// the form. What is no input but a group of them (Assign, Branches, the lists) stands with its group's name.

const withPaths = (labels) => labels.flatMap((label) => [label, `${label}, path`]);
const everywhere = { Note: ["Note"], JSON: ["Definition of this state"] };
const variables = ["Variables"];
const retry = ["Errors", "First wait in seconds", "Attempts", "Backoff rate", "Longest wait in seconds", "Jitter", "Note"];
const reader = ["Read from", "Format", "CSV delimiter", "CSV header", "CSV column names", "Manifest type", "Items pointer", "Items at most", "Listing"];
const batches = ["Items in a batch", "Bytes in a batch"];
const writer = ["Write to", "Output format", "Output shape"];
const processor = ["Mode", "Execution type", "Label"];

/** What every state of a language has beside its own. */
function whole(states, data, others = {}) {
  return Object.fromEntries(Object.entries(states).map(([state, tabs]) => [state, { ...everywhere, ...tabs, Data: [...new Set([...(tabs.Data ?? []), ...(state === "Fail" ? ["Query language"] : data)])], ...others[state] }]));
}

const JSONPATH = whole(
  {
    Task: {
      Settings: ["Type", "Resource", "Next state", "Timeout in seconds", "Timeout path", "Heartbeat in seconds", "Heartbeat path", "Role", "Role path"],
      Data: ["Parameters", "Result selector", "Result path"],
      Errors: [...retry, "Go to", "Result path"],
      Variables: variables,
    },
    Pass: { Settings: ["Type", "Next state"], Data: ["Parameters", "Result", "Result path"], Variables: variables },
    Wait: { Settings: ["Seconds", "Until", "Seconds path", "Until path", "Next state"], Variables: variables },
    Parallel: { Settings: ["Branches", "Next state"], Data: ["Parameters", "Result selector", "Result path"], Errors: [...retry, "Go to", "Result path"], Variables: variables },
    Map: {
      Settings: ["Items path", ...processor, ...withPaths(["Items at once", "Items at most", ...batches]), ...reader, "Reader parameters", "Input of every batch", ...writer, "Writer parameters", "Next state"],
      Data: ["Item selector", "Result selector", "Result path"],
      Errors: [...withPaths(["Failures tolerated", "Percentage tolerated"]), ...retry, "Go to", "Result path"],
      Variables: variables,
    },
    Choice: {
      Settings: ["Rule 1: holds when", "Rule 1: field", "Rule 1: comparison", "Rule 1: value", "Then go to", "Note", "Variables", "Otherwise go to"],
      Variables: variables,
    },
    Last: {},
    Fail: { Settings: ["Error", "Error path", "Cause", "Cause path"] },
  },
  ["Query language", "Input path", "Output path"],
);

const JSONATA = whole(
  {
    Task: {
      Settings: ["Type", "Resource", "Next state", "Timeout in seconds", "Heartbeat in seconds", "Role"],
      Data: ["Arguments"],
      Errors: [...retry, "Go to", "Output", "Variables"],
      Variables: variables,
    },
    Pass: { Settings: ["Type", "Next state"], Variables: variables },
    Wait: { Settings: ["Seconds", "Until", "Next state"], Variables: variables },
    Parallel: { Settings: ["Branches", "Next state"], Data: ["Arguments"], Errors: [...retry, "Go to", "Output"], Variables: variables },
    Map: {
      Settings: ["Items", ...processor, "Items at once", ...reader, "Reader arguments", ...batches, "Input of every batch", ...writer, "Writer arguments", "Next state"],
      Data: ["Item selector"],
      Errors: ["Failures tolerated", "Percentage tolerated", ...retry, "Go to", "Output"],
      Variables: variables,
    },
    Choice: { Settings: ["Condition", "Then go to", "Output", "Variables", "Note", "Otherwise go to"], Variables: variables },
    Last: {},
    Fail: { Settings: ["Error", "Cause"] },
  },
  ["Query language", "Output"],
);

/** And what the machine says of itself. */
const MACHINE = ["Comment", "Query language", "First state", "Timeout in seconds", "Version of the language"];

/** Those of the wanted names that no control or group of the form has. */
const missingIn = (fields, wanted) =>
  fields.evaluate((form, names) => {
    const controls = [...form.querySelectorAll("input, select, textarea")].map((control) => control.labels?.[0]?.textContent.trim());
    const groups = [...form.querySelectorAll("fieldset[aria-label], section[aria-label]")].map((group) => group.getAttribute("aria-label"));
    return names.filter((name) => !controls.includes(name) && !groups.includes(name));
  }, wanted);

for (const [language, states] of [["JSONPath", JSONPATH], ["JSONata", JSONATA]]) {
  test(`every field of every type of state has a labelled control, in ${language}`, async () => {
    await createMachine(site, `all-${language}`, machine(language));
    const page = await site.visitor({ viewport: { width: 1440, height: 1000 } });
    await openDesigner(page, `all-${language}`);
    const fields = page.getByRole("complementary", { name: "Fields" });
    assert.deepEqual(await missingIn(fields, MACHINE), [], "the machine");
    for (const [state, tabs] of Object.entries(states)) {
      await card(page, state).focus();
      await page.keyboard.press("Enter");
      if ((await fields.getByRole("heading", { level: 2 }).textContent()) !== state) await card(page, state).click({ position: { x: 60, y: 14 } });
      await fields.getByRole("heading", { level: 2, name: state }).waitFor();
      for (const [tab, labels] of Object.entries(tabs)) {
        await fields.getByRole("tab", { name: tab }).click();
        const missing = await missingIn(fields, labels);
        assert.deepEqual(missing, [], `${state}, ${tab}`);
      }
    }
    assert.deepEqual(page.complaints, []);
  });
}

test("a rule can be all that the language knows: 39 comparisons, and, or, not", async () => {
  await createMachine(site, "compared", machine("JSONPath"));
  const page = await site.visitor({ viewport: { width: 1440, height: 1000 } });
  await openDesigner(page, "compared");
  await card(page, "Choice").click();
  const offered = (label) => page.getByLabel(label).locator("option").evaluateAll((options) => options.map(({ value }) => value));
  const kinds = ["Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"].flatMap((kind) => [kind, `${kind}Path`]);
  const expected = [
    ...["String", "Numeric", "Timestamp"].flatMap((type) => kinds.map((kind) => type + kind)),
    "StringMatches", "BooleanEquals", "BooleanEqualsPath",
    ...["Null", "Present", "Numeric", "String", "Boolean", "Timestamp"].map((kind) => `Is${kind}`),
  ];
  assert.equal(expected.length, 39);
  assert.deepEqual((await offered("Rule 1: comparison")).filter(Boolean).sort(), expected.sort());
  assert.deepEqual(await offered("Rule 1: holds when"), ["one", "And", "Or", "Not"]);
});

test("an HTTP request has fields of its own", async () => {
  const http = { Type: "Task", Resource: "arn:aws:states:::http:invoke", Parameters: { ApiEndpoint: "https://example.com", Method: "GET" }, End: true };
  await createMachine(site, "http", { StartAt: "Ask", States: { Ask: http } });
  const page = await site.visitor({ viewport: { width: 1440, height: 1000 } });
  await openDesigner(page, "http");
  await card(page, "Ask").click();
  await page.getByLabel("Method").selectOption("POST");
  await page.getByLabel("Address").fill("https://example.com/orders");
  await page.getByLabel("Address").press("Tab");
  await page.getByLabel("Connection").fill("arn:aws:events:eu-west-1:000000000000:connection/shop/1");
  await page.getByLabel("Connection").press("Tab");
  assert.deepEqual(JSON.parse(await textOf(page)).States.Ask.Parameters, {
    ApiEndpoint: "https://example.com/orders",
    Method: "POST",
    Authentication: { ConnectionArn: "arn:aws:events:eu-west-1:000000000000:connection/shop/1" },
  });
});

test("what is typed in a form is what the definition says, and what cannot be is said under the field", async () => {
  await createMachine(site, "typed", machine("JSONPath"));
  const page = await site.visitor({ viewport: { width: 1440, height: 1000 } });
  await openDesigner(page, "typed");
  await card(page, "Task").click();
  await page.getByLabel("Name", { exact: true }).fill("Charge");
  await page.getByLabel("Name", { exact: true }).press("Enter");
  await page.getByRole("tab", { name: "Data" }).click();
  await page.getByLabel("Parameters").fill('{"FunctionName": "charge", }');
  await page.getByLabel("Parameters").press("Tab");
  await page.getByText("a name in quotes should follow the comma").waitFor();
  await page.getByLabel("Parameters").fill('{"FunctionName": "charge"}');
  await page.getByLabel("Parameters").press("Tab");
  await page.getByLabel("Result path", { exact: true }).fill("total");
  await page.getByLabel("Result path", { exact: true }).press("Tab");
  await page.getByText("A path starts with $").waitFor();
  await page.getByLabel("Result path", { exact: true }).fill("$.charged");
  await page.getByLabel("Result path", { exact: true }).press("Tab");
  await page.getByRole("tab", { name: /Errors/ }).click();
  await page.getByLabel("Attempts").fill("5");
  await page.getByLabel("Attempts").press("Tab");
  await page.getByRole("button", { name: "Add a retrier" }).click();
  await page.getByRole("button", { name: "Move retrier 2 up" }).click();
  await page.getByRole("tab", { name: /Variables/ }).click();
  await page.getByRole("button", { name: "Add a variable" }).click();
  const { Charge } = JSON.parse(await textOf(page)).States;
  assert.deepEqual(Charge.Parameters, { FunctionName: "charge" });
  assert.equal(Charge.ResultPath, "$.charged");
  assert.deepEqual(Charge.Retry.map(({ ErrorEquals, MaxAttempts }) => [ErrorEquals[0], MaxAttempts]), [["States.ALL", 3], ["A", 5]]);
  assert.deepEqual(Charge.Assign, { "variable.$": "$" });
});

test("a rule of several conditions is built without text", async () => {
  await createMachine(site, "ruled", machine("JSONPath"));
  const page = await site.visitor({ viewport: { width: 1440, height: 1000 } });
  await openDesigner(page, "ruled");
  await card(page, "Choice").click();
  await page.getByLabel("Rule 1: holds when").selectOption("And");
  await page.getByRole("button", { name: "And another" }).click();
  await page.getByLabel("Rule 1.2: comparison").selectOption("NumericGreaterThan");
  await page.getByLabel("Rule 1.2: value").fill("10");
  await page.getByLabel("Rule 1.2: value").press("Tab");
  await page.getByLabel("Rule 1.1: holds when").selectOption("Not");
  const [rule] = JSON.parse(await textOf(page)).States.Choice.Choices;
  assert.deepEqual(rule, {
    And: [{ Not: { Variable: "$.x", IsPresent: true } }, { Variable: "$.value", NumericGreaterThan: 10 }],
    Next: "Last",
  });
});
