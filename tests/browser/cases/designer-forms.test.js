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
  const rule = isPath ? { Variable: "$.x", IsPresent: true, Next: "Last" } : { Condition: "{% true %}", Next: "Last" };
  return {
    QueryLanguage: language,
    StartAt: "Task",
    States: {
      Task: { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", Retry: [{ ErrorEquals: ["A"] }], Catch: [{ ErrorEquals: ["States.ALL"], Next: "Fail" }], Next: "Pass" },
      Pass: { Type: "Pass", Next: "Wait" },
      Wait: { Type: "Wait", Seconds: 1, Next: "Parallel" },
      Parallel: { Type: "Parallel", Branches: [inner], Next: "Map" },
      Map: { Type: "Map", ItemProcessor: { ProcessorConfig: { Mode: "INLINE" }, StartAt: "Each", States: { Each: { Type: "Pass", End: true } } }, Next: "Choice" },
      Choice: { Type: "Choice", Choices: [rule], Default: "Fail" },
      Last: { Type: "Succeed" },
      Fail: { Type: "Fail" },
    },
  };
}

const flow = { Data: ["Query language", "Input path", "Output path"] };
const result = ["Result path"];
const withPaths = (labels) => labels.flatMap((label) => [label, `${label}, path`]);

const JSONPATH = {
  Task: {
    Settings: ["Type", "Resource", "Next state", "Timeout in seconds", "Timeout path", "Heartbeat in seconds", "Heartbeat path", "Role", "Role path"],
    Data: [...flow.Data, ...result, "Parameters", "Result selector"],
    Errors: ["Errors", "First wait in seconds", "Attempts", "Backoff rate", "Longest wait in seconds", "Jitter", "Go to"],
    Note: ["Note"],
    JSON: ["Definition of this state"],
  },
  Pass: { Settings: ["Next state"], Data: [...flow.Data, ...result, "Parameters", "Result"] },
  Wait: { Settings: ["Seconds", "Until", "Seconds path", "Until path", "Next state"], ...flow },
  Parallel: { Settings: ["Next state"], Data: [...flow.Data, ...result, "Parameters", "Result selector"] },
  Map: {
    Settings: [
      "Items path", "Mode", "Execution type", ...withPaths(["Items at once", "Items at most", "Items in a batch", "Bytes in a batch"]), "Label", "Read from", "Reader parameters", "Format",
      "CSV delimiter", "CSV header", "CSV column names", "Manifest type", "Items pointer", "Listing", "Input of every batch", "Write to", "Writer parameters", "Output format", "Output shape", "Next state",
    ],
    Data: [...flow.Data, ...result, "Item selector", "Result selector"],
    Errors: withPaths(["Failures tolerated", "Percentage tolerated"]),
  },
  Choice: { Settings: ["Rule 1: holds when", "Rule 1: field", "Rule 1: comparison", "Rule 1: value", "Then go to", "Otherwise go to"], ...flow },
  Last: flow,
  Fail: { Settings: ["Error", "Error path", "Cause", "Cause path"] },
};

const JSONATA = {
  Task: {
    Settings: ["Type", "Resource", "Next state", "Timeout in seconds", "Heartbeat in seconds", "Role"],
    Data: ["Query language", "Arguments", "Output"],
    Errors: ["Errors", "First wait in seconds", "Attempts", "Backoff rate", "Longest wait in seconds", "Jitter", "Go to", "Output"],
  },
  Pass: { Settings: ["Next state"], Data: ["Query language", "Output"] },
  Wait: { Settings: ["Seconds", "Until", "Next state"], Data: ["Output"] },
  Parallel: { Data: ["Arguments", "Output"] },
  Map: {
    Settings: ["Items", "Mode", "Execution type", "Items at once", "Label", "Read from", "Reader arguments", "Items at most", "Items in a batch", "Bytes in a batch", "Write to", "Writer arguments"],
    Data: ["Item selector", "Output"],
    Errors: ["Failures tolerated", "Percentage tolerated"],
  },
  Choice: { Settings: ["Condition", "Then go to", "Otherwise go to"], Data: ["Output"] },
  Last: { Data: ["Output"] },
  Fail: { Settings: ["Error", "Cause"] },
};

for (const [language, states] of [["JSONPath", JSONPATH], ["JSONata", JSONATA]]) {
  test(`every field of every type of state has a labelled control, in ${language}`, async () => {
    await createMachine(site, `all-${language}`, machine(language));
    const page = await site.visitor({ viewport: { width: 1440, height: 1000 } });
    await openDesigner(page, `all-${language}`);
    const fields = page.getByRole("complementary", { name: "Fields" });
    for (const [state, tabs] of Object.entries(states)) {
      await card(page, state).focus();
      await page.keyboard.press("Enter");
      if ((await fields.getByRole("heading", { level: 2 }).textContent()) !== state) await card(page, state).click({ position: { x: 60, y: 14 } });
      await fields.getByRole("heading", { level: 2, name: state }).waitFor();
      for (const [tab, labels] of Object.entries(tabs)) {
        await fields.getByRole("tab", { name: tab }).click();
        const missing = await fields.evaluate((form, wanted) => {
          const there = [...form.querySelectorAll("input, select, textarea")].map((control) => control.labels?.[0]?.textContent.trim());
          return wanted.filter((label) => !there.includes(label));
        }, labels);
        assert.deepEqual(missing, [], `${state}, ${tab}`);
      }
    }
    assert.deepEqual(page.complaints, []);
  });
}

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
