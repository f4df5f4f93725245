// Everything that a person must be able to do works in a browser that runs no script.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { createMachine, failing, openSite, start, succeeding, waiting } from "../support/browser.js";

let site;
let plain;
before(async () => {
  site = await openSite();
  plain = () => site.visitor({ javaScriptEnabled: false });
});
after(() => site.close());

test("create, start, read the history", async () => {
  const page = await plain();
  await page.goto("/machines/new");
  await page.getByLabel("Name").fill("simple");
  await page.getByLabel("Definition", { exact: true }).fill('{"StartAt": "Nowhere"}');
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByText(/error/).first().waitFor();
  await page.getByLabel("Definition", { exact: true }).fill(JSON.stringify(succeeding));
  await page.getByRole("button", { name: "Create machine" }).click();
  await page.getByRole("link", { name: "Start execution" }).first().click();
  await page.getByLabel("Input").fill('{"plain": 1}');
  await page.getByRole("button", { name: "Start execution" }).click();
  await page.getByRole("heading", { name: "Events" }).waitFor();
  const started = page.getByRole("row").filter({ hasText: "ExecutionStarted" });
  await started.locator("summary").click();
  await started.getByText('"plain"').waitFor();
});

test("see a failure, and stop what runs", async () => {
  const failed = await createMachine(site, "failing", failing);
  await start(site, failed, { ok: false }, "bad");
  const page = await plain();
  await page.goto("/search?q=bad");
  await page.getByRole("link", { name: "bad" }).click();
  await page.getByRole("heading", { name: /NotOk/ }).waitFor();

  const long = await createMachine(site, "long", waiting(3600));
  await start(site, long, {}, "on-and-on");
  await page.goto("/executions?status=RUNNING");
  await page.getByRole("link", { name: "on-and-on" }).click();
  await page.getByRole("link", { name: "Refresh" }).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.locator(".pill", { hasText: "Aborted" }).waitFor();
});

test("filter, choose a theme, open the menu of a narrow window", async () => {
  const page = await plain();
  await page.goto("/executions");
  await page.getByRole("checkbox", { name: "Failed" }).check();
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByRole("link", { name: "bad" }).waitFor();
  await page.getByRole("button", { name: /^Theme/ }).click();
  await page.getByRole("button", { name: "Dark" }).click();
  await page.locator('html[data-theme="dark"]').waitFor();
  assert.match(page.url(), /status=FAILED/, "back where it was chosen");
  await page.setViewportSize({ width: 390, height: 844 });
  assert.equal(await page.getByRole("link", { name: "Machines" }).count(), 0);
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("link", { name: "Machines" }).click();
  await page.getByRole("heading", { level: 1, name: "Machines" }).waitFor();
});
