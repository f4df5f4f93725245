// A person finds out on the page of an execution what ran, what failed and why, and repairs it: by a
// rerun from any visit of a state, with what is done already kept.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { assertAccessible, createMachine, openSite } from "../support/browser.js";
import { FunctionError, openFunctions } from "../support/functions.js";

const lambda = (name) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

/** Weighs three times, then packs and charges side by side. Charging is tried twice. */
const fulfilment = {
  QueryLanguage: "JSONata",
  StartAt: "Weigh",
  States: {
    Weigh: {
      Type: "Pass",
      Assign: { total: "{% $states.input.total + 10 %}" },
      Output: "{% $merge([$states.input, { 'total': $states.input.total + 10 }]) %}",
      Next: "Heavy enough?",
    },
    "Heavy enough?": {
      Type: "Choice",
      Choices: [{ Condition: "{% $states.input.total < 30 %}", Next: "Weigh" }],
      Default: "Fulfil",
    },
    Fulfil: {
      Type: "Parallel",
      Branches: [
        { StartAt: "Pack", States: { Pack: { Type: "Task", Resource: lambda("pack"), End: true } } },
        {
          StartAt: "Charge",
          States: {
            Charge: {
              Type: "Task",
              Resource: lambda("charge"),
              Arguments: "{% { 'card': $states.input.card, 'cents': $total * 100 } %}",
              Retry: [{ ErrorEquals: ["CardDeclined"], IntervalSeconds: 1, MaxAttempts: 1 }],
              End: true,
            },
          },
        },
      ],
      Next: "Done",
    },
    Done: { Type: "Succeed" },
  },
};

let site;
let functions;
let packed;
before(async () => {
  site = await openSite();
  // Charging waits until the parcel is packed, so that a rerun always finds that done.
  const isPacked = new Promise((done) => (packed = done));
  functions = await openFunctions(site, {
    pack: () => ({ parcel: 7 }),
    charge: async ({ card, cents }) => {
      await isPacked;
      if (card !== "good") throw new FunctionError("CardDeclined", `the card ${card} was declined`);
      return { receipt: `${cents} cents` };
    },
  });
  await createMachine(site, "fulfilment", fulfilment);
  const arn = "arn:aws:states:us-east-1:000000000000:execution:fulfilment:order-7";
  const answer = await fetch(`${site.url}/api/v1/machines/fulfilment/executions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: "order-7", input: { card: "expired", total: 0 } }),
  });
  assert.ok(answer.ok, await answer.text());
  const visits = `${site.url}/api/v1/executions/${encodeURIComponent(arn)}/visits?state=Pack`;
  const isDone = async () => {
    const told = await (await fetch(visits)).json();
    return told.visits.some(({ status }) => status === "SUCCEEDED");
  };
  while (!(await isDone()));
  packed();
  const ended = await fetch(`${site.url}/api/v1/executions/${encodeURIComponent(arn)}?wait=30s`);
  assert.equal((await ended.json()).status, "FAILED");
});
after(async () => {
  functions?.close();
  await site?.close();
});

/** Opens the failed order, found by its name. */
async function openOrder(page, name = "order-7") {
  await page.goto(`/search?q=${name}`);
  await page.getByRole("link", { name }).first().click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

const panel = (page, state) => page.getByRole("region", { name: state, exact: true });
const timeline = (page) => page.getByRole("region", { name: "Timeline" });

test("the first screen says what failed, why, how often it was tried, and leads to it", async () => {
  const page = await site.visitor({ viewport: { width: 1440, height: 900 } });
  await openOrder(page);
  const why = page.getByRole("region", { name: "CardDeclined in Charge" });
  await why.getByText("the card expired was declined").waitFor();
  await why.getByText("2 tries, all failed").waitFor();
  const { y, height } = await why.boundingBox();
  assert.ok(y + height < 900, "in sight without scrolling");
  await page.getByRole("button", { name: "Redrive" }).waitFor();
  await page.getByRole("link", { name: "Export" }).waitFor();
  // Whoever asks for no state sees the one that failed.
  await panel(page, "Charge").getByRole("link", { name: "Rerun from here" }).waitFor();
  await page.getByRole("treeitem", { name: /^Weigh, .*3 visits.*Succeeded/ }).waitFor();
  await page.getByRole("treeitem", { name: /^Charge, .*Failed/ }).waitFor();
  await why.getByRole("link", { name: "Go to Charge" }).click();
  await page.waitForURL(/state=Charge/);
  assert.deepEqual(page.complaints, []);
});

test("the tries of the failed state, and its data from input to arguments", async () => {
  const page = await site.visitor();
  await openOrder(page);
  const charge = panel(page, "Charge");
  await charge.getByText("CardDeclined: the card expired was declined").nth(1).waitFor();
  await charge.getByText(/tried again after/).waitFor();
  await charge.getByRole("heading", { name: /^Input/ }).waitFor();
  await charge.getByRole("heading", { name: /^Arguments .*adds cents; leaves out total/ }).waitFor();
  await charge.getByRole("group", { name: "Arguments" }).getByText("3000").waitFor();
});

test("step through the visits of a state; the address keeps the place, and Back leads back", async () => {
  const page = await site.visitor();
  await openOrder(page);
  await timeline(page).getByRole("link", { name: "Weigh" }).last().click();
  const weigh = panel(page, "Weigh");
  await weigh.getByText("Visit 3 of 3").waitFor();
  await weigh.getByRole("group", { name: "Output" }).getByText("30").waitFor();
  await weigh.getByText("$total").waitFor();
  await weigh.getByRole("link", { name: "Earlier visit" }).click();
  await weigh.getByText("Visit 2 of 3").waitFor();
  await weigh.getByRole("group", { name: "Output" }).getByText("20").waitFor();
  await weigh.getByRole("heading", { name: /^Output .*changes total/ }).waitFor();
  await page.reload();
  await weigh.getByText("Visit 2 of 3").waitFor();
  await weigh.getByRole("link", { name: "Later visit" }).click();
  await weigh.getByText("Visit 3 of 3").waitFor();
  await page.goBack();
  await weigh.getByText("Visit 2 of 3").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a state that is chosen on the graph is the one that the page tells of", async () => {
  const page = await site.visitor();
  await openOrder(page);
  await page.getByRole("treeitem", { name: /^Pack,/ }).click();
  const pack = panel(page, "Pack");
  await pack.getByRole("heading", { name: /^Result/ }).waitFor();
  await pack.getByRole("link", { name: "Fulfil" }).click();
  await panel(page, "Fulfil").getByRole("heading", { name: /^Inside/ }).waitFor();
});

test("the timeline shows each visit with its tries, nested, and can be looked at by itself", async () => {
  const page = await site.visitor();
  await openOrder(page);
  const rows = timeline(page).getByRole("row");
  await rows.filter({ hasText: "Charge" }).getByText("2 tries, all failed").waitFor();
  assert.equal(await rows.filter({ hasText: "Weigh" }).count(), 3);
  await page.getByRole("navigation", { name: "Parts of the execution" }).getByRole("link", { name: "Timeline" }).click();
  await page.getByRole("heading", { name: "Events", exact: true }).waitFor({ state: "detached" });
  await timeline(page).getByRole("link", { name: "Pack" }).click();
  await page.waitForURL(/view=timeline/);
  await panel(page, "Pack").waitFor();
});

test("rerun from the failed state with another input: what is done stays done, and both tell of each other", async () => {
  const page = await site.visitor();
  await openOrder(page);
  const before = { ...functions.calls };
  await panel(page, "Charge").getByRole("link", { name: "Rerun from here" }).click();
  await page.getByRole("heading", { level: 1, name: "Rerun from Charge" }).waitFor();
  const input = page.getByLabel("Input of the state");
  assert.deepEqual(JSON.parse(await input.inputValue()), { card: "expired", total: 30 });
  await input.fill('{ "card": ');
  await page.getByRole("button", { name: "Rerun", exact: true }).click();
  assert.match(page.url(), /\/rerun/, "broken JSON goes nowhere");
  await input.fill('{ "card": "good", "total": 30 }');
  await page.getByLabel("Name").fill("order-7-again");
  await page.getByRole("button", { name: "Rerun", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "order-7-again" }).waitFor();
  await page.locator(".pill", { hasText: "Succeeded" }).waitFor();
  await page.getByRole("region", { name: "Output" }).getByText("3000 cents").waitFor();
  await page.getByRole("region", { name: "Output" }).getByText("parcel").waitFor();
  assert.equal(functions.calls.pack, before.pack, "nothing was packed again");
  assert.equal(functions.calls.charge, before.charge + 1);
  await page.getByText("Rerun of").getByRole("link").click();
  await page.getByRole("heading", { level: 1, name: "order-7", exact: true }).waitFor();
  await panel(page, "Charge").waitFor();
  await page.getByText("Rerun as").first().getByRole("link").click();
  await page.getByRole("heading", { level: 1, name: "order-7-again" }).waitFor();
});

test("rerun with a result in place of the work, and variables that the state saw", async () => {
  const page = await site.visitor();
  await openOrder(page);
  const before = { ...functions.calls };
  await panel(page, "Charge").getByRole("link", { name: "Rerun from here" }).click();
  const variables = page.getByLabel(/^Variables/);
  assert.deepEqual(JSON.parse(await variables.inputValue()), { total: 30 });
  await page.getByLabel(/^Result in place of its work/).fill('{ "receipt": "on the house" }');
  await page.getByRole("button", { name: "Rerun", exact: true }).click();
  await page.locator(".pill", { hasText: "Succeeded" }).waitFor();
  await page.getByRole("region", { name: "Output" }).getByText("on the house").waitFor();
  assert.deepEqual(functions.calls, before, "no function was called");
});

test("with keys alone: to a visit, through the stepper, and to its rerun", async () => {
  const page = await site.visitor();
  await openOrder(page);
  await timeline(page).getByRole("link", { name: "Weigh" }).nth(1).focus();
  await page.keyboard.press("Enter");
  const weigh = panel(page, "Weigh");
  await weigh.getByText("Visit 2 of 3").waitFor();
  await weigh.getByRole("link", { name: "Earlier visit" }).focus();
  await page.keyboard.press("Enter");
  await weigh.getByText("Visit 1 of 3").waitFor();
  const told = page.locator("[data-said]", { hasText: "Weigh, Succeeded" });
  await told.waitFor({ state: "attached" });
  assert.equal(
    await page.evaluate(() => document.activeElement.getAttribute("aria-label")),
    "Later visit",
    "the way back has focus where the way on is gone",
  );
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Rerun from Weigh" }).waitFor();
});

test("without script the failure, the visits and a rerun are there", async () => {
  const page = await site.visitor({ javaScriptEnabled: false });
  await openOrder(page);
  await page.getByRole("region", { name: "CardDeclined in Charge" }).waitFor();
  await timeline(page).getByRole("link", { name: "Weigh" }).first().click();
  await panel(page, "Weigh").getByText("Visit 1 of 3").waitFor();
  await panel(page, "Weigh").getByRole("link", { name: "Rerun from here" }).click();
  await page.getByLabel("Input of the state").fill('{ "card": "good", "total": 20 }');
  await page.getByRole("button", { name: "Rerun", exact: true }).click();
  await page.getByText("Rerun of").waitFor();
});

test("axe-core finds nothing wrong with a run, its parts and the form of a rerun, light and dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await site.visitor({ colorScheme, reducedMotion: "reduce" });
    await openOrder(page);
    const run = new URL(page.url()).pathname;
    const rerun = await panel(page, "Charge").getByRole("link", { name: "Rerun from here" }).getAttribute("href");
    const addresses = [run, `${run}?state=Weigh`, `${run}?view=timeline&state=Fulfil`, `${run}?view=events&order=newest`, `${run}?view=data`, rerun];
    for (const address of addresses) {
      await page.goto(address);
      if (address !== rerun) await page.getByRole("treeitem", { name: /^Weigh, / }).waitFor();
      for (const width of [1440, 1024, 390, 320]) {
        await page.setViewportSize({ width, height: 900 });
        await assertAccessible(page, `${address} ${colorScheme} ${width}`);
      }
    }
    await page.context().close();
  }
});
