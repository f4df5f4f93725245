// A person finds executions in a long list, sees that new ones came, and repairs or stops many at once.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { assertAccessible, createMachine, failing, openSite, start, waiting } from "../support/browser.js";

let site;
let checking;
let resting;
before(async () => {
  site = await openSite();
  checking = await createMachine(site, "checking", failing);
  resting = await createMachine(site, "resting", waiting(3600));
  await start(site, checking, { ok: true }, "fine");
  await start(site, checking, { ok: false }, "broken");
  for (const number of [1, 2, 3]) await start(site, resting, {}, `rest-${number}`);
});
after(() => site.close());

const row = (page, name) => page.getByRole("link", { name, exact: true });

test("find a failure by its error and by the state in which it failed, and take a filter away again", async () => {
  const page = await site.visitor();
  await page.goto("/executions");
  await row(page, "fine").waitFor();
  // Searches know of a failure a moment after it.
  await page.getByLabel("Error", { exact: true }).fill("NotOk");
  await page.keyboard.press("Enter");
  await page.waitForURL(/error=NotOk/);
  await row(page, "fine").waitFor({ state: "detached" });
  await row(page, "broken").waitFor();
  await page.getByLabel("Failed state").fill("Fine");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "No execution matches" }).waitFor();
  await page.getByRole("link", { name: "Without Failed state: Fine" }).click();
  await row(page, "broken").waitFor();
  await page.getByRole("link", { name: "Without Error: NotOk" }).click();
  await row(page, "fine").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("the list tells when its executions started, and a bar leads to those of its time", async () => {
  const page = await site.visitor();
  await page.goto("/executions?machine=checking");
  const bars = page.getByRole("figure");
  await bars.getByText("2 executions started in the last 24 hours").waitFor();
  await page.locator("[data-brush] a").last().click();
  await page.waitForURL(/from=.*to=/);
  await row(page, "broken").waitFor();
  await page.getByRole("link", { name: /^Without From/ }).waitFor();
  assert.match(await page.getByLabel("From (UTC)").inputValue(), /^20\d\d-.*Z$/);
});

test("executions by the start of an id, and by times", async () => {
  const page = await site.visitor();
  await page.goto("/executions");
  const id = (await row(page, "broken").getAttribute("href")).split("/").at(-1);
  await page.getByText("More filters").click();
  await page.getByLabel("Id begins with").fill(id.slice(0, 30));
  await page.keyboard.press("Enter");
  await row(page, "fine").waitFor({ state: "detached" });
  await row(page, "broken").waitFor();
  await page.goto("/executions?to=2020-01-01T00:00");
  await page.getByText("Until 1 Jan 2020, 00:00 UTC.").waitFor();
});

test("new executions are told and not shifted in", async () => {
  const page = await site.visitor();
  await page.goto("/executions?machine=checking");
  await row(page, "broken").waitFor();
  await start(site, checking, { ok: true }, "later");
  const told = page.getByRole("link", { name: "1 new, show" });
  await told.waitFor();
  assert.equal(await row(page, "later").count(), 0, "nothing moved");
  await told.click();
  await row(page, "later").waitFor();
});

test("stop all that match, after a look at how many and which", async () => {
  const page = await site.visitor();
  await page.goto("/executions?machine=resting&status=RUNNING");
  await page.getByRole("link", { name: "Stop or redrive all that match" }).click();
  const stop = page.getByRole("region", { name: "Stop 3 running executions" });
  await stop.getByRole("link", { name: "rest-2" }).waitFor();
  await stop.getByRole("button", { name: "Stop all" }).click();
  const question = page.getByRole("dialog");
  await question.getByText("Stop 3 executions? Their tasks are given up.").waitFor();
  await question.getByRole("button", { name: "Stop all" }).click();
  await page.getByText("3 executions were stopped.").waitFor();
  await page.getByRole("link", { name: "Back to the list" }).click();
  await page.getByRole("heading", { name: "No execution matches" }).waitFor();
});

test("redrive all that match", async () => {
  const page = await site.visitor();
  await page.goto("/executions/all?machine=resting");
  await page.getByRole("region", { name: "Redrive 3 executions without success" }).getByRole("button").click();
  await page.getByRole("dialog").getByRole("button", { name: "Redrive all" }).click();
  await page.getByText("3 executions were redriven.").waitFor();
  await page.goto("/executions?machine=resting&status=RUNNING");
  await row(page, "rest-1").waitFor();
});

test("axe-core finds nothing wrong with lists, filtered or not, and with what is done to many", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await site.visitor({ colorScheme, reducedMotion: "reduce" });
    for (const address of [
      "/executions",
      "/executions?machine=checking&status=FAILED&error=NotOk&within=7d&id_prefix=0198&version=1",
      "/executions/all?machine=resting",
      "/executions/all",
    ]) {
      await page.goto(address);
      for (const width of [1440, 1024, 390, 320]) {
        await page.setViewportSize({ width, height: 900 });
        await assertAccessible(page, `${address} ${colorScheme} ${width}`);
      }
    }
    await page.context().close();
  }
});
