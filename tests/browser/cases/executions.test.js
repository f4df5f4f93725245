// A person runs a machine, watches it, and finds out why a run failed.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { createMachine, failing, openSite, start, waiting } from "../support/browser.js";

let site;
let arn;
before(async () => {
  site = await openSite();
  arn = await createMachine(site, "check", failing);
});
after(() => site.close());

test("start by form, and see it succeed", async () => {
  const page = await site.visitor();
  await page.goto("/machines/check");
  await page.getByRole("link", { name: "Start execution" }).first().click();
  await page.getByLabel("Input").fill('{ "ok": tru }');
  await page.getByRole("button", { name: "Start execution" }).click();
  assert.match(page.url(), /\/start$/, "broken JSON goes nowhere");
  await page.getByLabel("Input").fill('{ "ok": true }');
  await page.getByLabel("Name").fill("first");
  await page.getByRole("button", { name: "Start execution" }).click();
  await page.getByRole("heading", { level: 1, name: "first" }).waitFor();
  await page.locator(".pill", { hasText: "Succeeded" }).waitFor();
  await page.getByRole("region", { name: "Output" }).getByText('"ok"').waitFor();
  assert.deepEqual(page.complaints, []);
});

test("see why a run failed, on the first screen, and try again with another input", async () => {
  await start(site, arn, { ok: false }, "broken");
  const page = await site.visitor({ viewport: { width: 1440, height: 900 } });
  await page.goto("/");
  await page.getByRole("region", { name: "Recent failures" }).getByText("NotOk").waitFor();
  await page.getByRole("link", { name: "broken" }).first().click();
  const why = page.getByRole("region", { name: /NotOk in Not fine/ });
  await why.getByText("the input says that it is not ok").waitFor();
  const box = await why.boundingBox();
  assert.ok(box.y + box.height < 900, "it is in sight without scrolling");

  await why.getByRole("link", { name: /Go to event/ }).click();
  await page.locator("tr:target").getByText("FailStateEntered").waitFor();
  const event = page.locator("tr:target");
  await event.locator("summary").click();
  await event.getByText('"ok"').waitFor();

  await page.getByRole("link", { name: "Start again" }).click();
  const input = page.getByLabel("Input");
  assert.deepEqual(JSON.parse(await input.inputValue()), { ok: false });
  await input.fill('{ "ok": true }');
  await page.getByRole("button", { name: "Start execution" }).click();
  await page.locator(".pill", { hasText: "Succeeded" }).waitFor();
});

test("a running execution tells by itself when it is done, and keeps what was opened", async () => {
  const short = await createMachine(site, "short", waiting(3));
  await start(site, short, { some: "input" }, "nap");
  const page = await site.visitor();
  await page.goto("/executions?machine=short");
  await page.getByRole("link", { name: "nap" }).click();
  await page.locator(".pill", { hasText: "Running" }).waitFor();
  const entered = page.getByRole("row").filter({ hasText: "WaitStateEntered" });
  await entered.locator("summary").click();
  await page.evaluate(() => (globalThis.isSamePage = true));
  await page.locator(".pill", { hasText: "Succeeded" }).waitFor();
  await page.getByRole("row").filter({ hasText: "ExecutionSucceeded" }).waitFor();
  assert.ok(await page.evaluate(() => globalThis.isSamePage), "without a reload");
  assert.ok(await entered.getByText('"some"').isVisible(), "the details are still open");
  assert.equal(await page.getByRole("button", { name: "Stop" }).count(), 0);
});

test("stop a running execution, after a second thought", async () => {
  const long = await createMachine(site, "long", waiting(3600));
  await start(site, long, {}, "forever");
  const page = await site.visitor();
  await page.goto("/executions?status=RUNNING");
  await page.getByRole("link", { name: "forever" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.locator(".pill", { hasText: "Running" }).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await dialog.getByRole("button", { name: "Stop" }).click();
  await page.locator(".pill", { hasText: "Aborted" }).waitFor();
  await page.getByText("Stopped from its page.").first().waitFor();
});

test("filters apply in place, are in the address, and Back undoes them", async () => {
  const page = await site.visitor();
  await page.goto("/executions");
  await page.getByRole("link", { name: "first", exact: true }).waitFor();
  await page.getByRole("checkbox", { name: "Failed" }).check();
  await page.waitForURL(/status=FAILED/);
  await page.getByRole("link", { name: "first", exact: true }).waitFor({ state: "detached" });
  await page.getByRole("link", { name: "broken" }).waitFor();
  assert.ok(await page.getByRole("checkbox", { name: "Failed" }).evaluate((box) => box === document.activeElement));
  await page.reload();
  assert.ok(await page.getByRole("checkbox", { name: "Failed" }).isChecked());
  await page.getByLabel("Machine", { exact: true }).fill("none");
  await page.keyboard.press("Enter");
  await page.getByText("There is no machine called none.").waitFor();
  await page.getByRole("link", { name: "Clear the filter" }).click();
  await page.getByRole("link", { name: "first", exact: true }).waitFor();
});

test("a long list is read in pages, older and newer", async () => {
  const many = await createMachine(site, "many", { StartAt: "A", States: { A: { Type: "Succeed" } } });
  for (let number = 0; number < 60; number++) await start(site, many, {}, `run-${number}`);
  const page = await site.visitor();
  await page.goto("/executions?machine=many");
  await page.getByRole("link", { name: "run-59", exact: true }).waitFor();
  await page.getByRole("link", { name: "Older" }).click();
  await page.getByRole("link", { name: "run-0", exact: true }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Older" }).count(), 0);
  await page.getByRole("link", { name: "Newer" }).click();
  await page.getByRole("link", { name: "run-59", exact: true }).waitFor();
});
