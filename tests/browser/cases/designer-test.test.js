// A person tries a state before anything runs: on inputs that are kept, with work that is mocked; and sees what
// an expression gives while it is typed.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { assertAccessible, createMachine, openSite, start } from "../support/browser.js";
import { card, openDesigner, textOf } from "../support/designer.js";

let site;
before(async () => (site = await openSite()));
after(() => site.close());

const priced = {
  QueryLanguage: "JSONata",
  StartAt: "Price",
  States: {
    Price: { Type: "Pass", Assign: { total: "{% $states.input.price * $states.input.count %}" }, Output: { sum: "{% $states.input.price %}" }, Next: "Charge" },
    Charge: {
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke",
      Arguments: { FunctionName: "charge", Payload: { amount: "{% $total %}" } },
      Retry: [{ ErrorEquals: ["Busy"], MaxAttempts: 2 }],
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "Sorry" }],
      End: true,
    },
    Sorry: { Type: "Fail", Error: "NotCharged" },
  },
};

async function openTest(page, state) {
  await card(page, state).click();
  await page.keyboard.press("t");
  const dialog = page.getByRole("dialog", { name: `Test ${state}` });
  await dialog.waitFor();
  return dialog;
}

test("a state is tried on an input that is kept under a name, and every step of the data is shown", async () => {
  await createMachine(site, "priced", priced);
  const page = await site.visitor({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await openDesigner(page, "priced");
  const dialog = await openTest(page, "Price");
  await dialog.getByLabel("Input", { exact: true }).fill('{"price": 12.50, "count": 2}');
  await dialog.getByLabel("Keep this input as").fill("two pieces");
  const kept = page.waitForResponse((answer) => answer.url().endsWith("/draft") && answer.ok());
  await dialog.getByRole("button", { name: "Keep", exact: true }).click();
  await dialog.getByRole("button", { name: "Run the test" }).click();
  const answer = dialog.getByRole("region", { name: "What came of it" });
  await answer.getByText("Succeeded").waitFor();
  await answer.getByRole("group", { name: "Output" }).getByText("12.5").waitFor();
  await answer.getByRole("group", { name: "Variables" }).getByText("25").waitFor();
  await assertAccessible(page, "a state's test, light");
  await page.emulateMedia({ colorScheme: "dark" });
  await assertAccessible(page, "a state's test, dark");
  await answer.getByRole("button", { name: "Charge" }).click();
  await card(page, "Charge").waitFor();
  assert.doesNotMatch(await textOf(page), /two pieces/, "samples never stand in the definition");
  await kept;
  await page.reload();
  const again = await openTest(page, "Price");
  await again.getByLabel("Sample").selectOption("two pieces");
  assert.equal(await again.getByLabel("Input", { exact: true }).inputValue(), '{"price": 12.50, "count": 2}');
});

test("work is mocked: a result leads on, an error is tried again and then caught", async () => {
  await createMachine(site, "mocked", priced);
  const page = await site.visitor({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await openDesigner(page, "mocked");
  const dialog = await openTest(page, "Charge");
  const answer = dialog.getByRole("region", { name: "What came of it" });
  await dialog.getByText("Variables", { exact: true }).click();
  await dialog.getByLabel("Variables by name").fill('{"total": 25}');
  await dialog.getByLabel("The call").selectOption({ label: "Gives this result" });
  await dialog.getByLabel("Result").fill('{"Payload": {"receipt": 7}}');
  await dialog.getByRole("button", { name: "Run the test" }).click();
  await answer.getByText("Succeeded").waitFor();
  await answer.getByText("The flow ends here.").waitFor();
  await dialog.getByLabel("The call").selectOption({ label: "Fails with this error" });
  await dialog.getByLabel("Error").fill("Busy");
  await dialog.getByLabel("Error").blur();
  await dialog.getByRole("button", { name: "Run the test" }).click();
  await answer.getByText("Would be tried again").waitFor();
  await dialog.getByLabel("Tried before").fill("2");
  await dialog.getByLabel("Tried before").blur();
  await dialog.getByRole("button", { name: "Run the test" }).click();
  await answer.getByText("Failed and caught").waitFor();
  await answer.getByRole("button", { name: "Sorry" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("the flow from a state on is tried, and begins with what the last execution was given", async () => {
  const flowing = structuredClone(priced);
  delete flowing.States.Sorry;
  flowing.States.Charge = { Type: "Pass", Output: "{% $total %}", End: true };
  const arn = await createMachine(site, "flowing", flowing);
  await start(site, arn, { price: 4, count: 5 });
  const page = await site.visitor({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await openDesigner(page, "flowing");
  const dialog = await openTest(page, "Price");
  // The history is written behind the answer to the start.
  for (let tries = 0; tries < 50; tries++) {
    await dialog.getByRole("button", { name: "Take the last execution’s input" }).click();
    if (/"price": 4/.test(await dialog.getByLabel("Input", { exact: true }).inputValue())) break;
  }
  assert.match(await dialog.getByLabel("Input", { exact: true }).inputValue(), /"count": 5/);
  await dialog.getByLabel("What is tested").selectOption("flow");
  await dialog.getByRole("button", { name: "Run the test" }).click();
  const states = dialog.getByRole("list", { name: "States in their order" });
  await states.getByText("The flow ends here.").waitFor();
  assert.equal(await states.getByRole("group").filter({ has: page.locator("summary") }).count(), 2);
  await states.getByRole("group", { name: "Output" }).last().getByText("20").waitFor();
  await assertAccessible(page, "a flow that was tried");
});

test("a state in a Map is tried for one of the items", async () => {
  const each = { StartAt: "Number", States: { Number: { Type: "Pass", Output: "{% $states.context.Map.Item.Index + 1 %}", End: true } } };
  await createMachine(site, "items", { QueryLanguage: "JSONata", StartAt: "Each", States: { Each: { Type: "Map", Items: [1, 2], ItemProcessor: each, End: true } } });
  const page = await site.visitor({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await openDesigner(page, "items");
  const dialog = await openTest(page, "Number");
  await dialog.getByLabel("Item index").fill("6");
  await dialog.getByLabel("Item index").blur();
  await dialog.getByRole("button", { name: "Run the test" }).click();
  await dialog.getByRole("group", { name: "Output" }).getByText("7").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("an expression is completed from the sample, and its value is shown while it is typed", async () => {
  await createMachine(site, "helped", priced);
  const page = await site.visitor({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await openDesigner(page, "helped");
  const dialog = await openTest(page, "Price");
  await dialog.getByLabel("Input", { exact: true }).fill('{"price": 10, "count": 3}');
  await dialog.getByRole("button", { name: "Run the test" }).click();
  await dialog.getByText("Succeeded").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: /^Variables/ }).click();
  const value = page.getByLabel("Value 1");
  await value.fill("");
  await value.pressSequentially("{% $states.input.pr");
  await page.getByRole("listbox", { name: "Value 1: go on with" }).getByRole("option", { name: "$states.input.price" }).waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.insertText(" * 7 %}");
  assert.equal(await value.inputValue(), "{% $states.input.price * 7 %}");
  await page.getByText("= 70").waitFor();
  await value.fill("{% $states.input.price * %}");
  await page.getByText(/^✕|✕/).first().waitFor();
});
