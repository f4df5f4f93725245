// A person brings a definition of their own, and makes a machine of it.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { openSite, succeeding } from "../support/browser.js";

let site;
before(async () => (site = await openSite()));
after(() => site.close());

test("from an empty server to a machine, by a pattern", async () => {
  const page = await site.visitor();
  await page.goto("/");
  await page.getByRole("link", { name: "New machine" }).click();
  await page.getByRole("link", { name: /^Fan out and join/ }).click();
  await page.getByLabel("Name").fill("offer");
  await page.getByRole("button", { name: "Create machine" }).click();
  await page.getByRole("heading", { level: 1, name: "offer" }).waitFor();
  const states = page.getByRole("region", { name: "States" });
  await states.getByText("Prepare offer").first().waitFor();
  await states.getByText("Parallel · 2 branches").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a pasted definition is checked while it is typed, and its problems lead to their lines", async () => {
  const page = await site.visitor();
  await page.goto("/machines/new");
  await page.getByLabel("Name").fill("pasted");
  const text = JSON.stringify(succeeding, null, 2);
  const definition = page.getByLabel("Definition", { exact: true });
  await definition.fill(text.replace('"StartAt": "Done"', '"StartAt": "Gone"'));
  const problem = page.getByRole("listitem").filter({ hasText: "/StartAt" });
  await problem.waitFor();
  await problem.getByRole("link", { name: "Line 2" }).click();
  const selected = await definition.evaluate((area) =>
    area.value.slice(area.selectionStart, area.selectionEnd).trim(),
  );
  assert.equal(selected, '"StartAt": "Gone",');

  await page.getByRole("button", { name: "Create machine" }).click();
  await page.getByRole("heading", { name: "2 errors" }).waitFor();
  assert.equal(await page.getByLabel("Name").inputValue(), "pasted", "what was typed is kept");

  await definition.fill(text);
  await page.getByText("No problems found.").waitFor();
  await page.getByRole("button", { name: "Create machine" }).click();
  await page.getByRole("heading", { level: 1, name: "pasted" }).waitFor();
});

test("a name that is taken, or cannot be one, is said at the name", async () => {
  const page = await site.visitor();
  for (const [name, told] of [
    ["offer", "There is a machine called “offer” already."],
    ["two words", "cannot be a name"],
  ]) {
    await page.goto("/machines/new");
    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Create machine" }).click();
    await page.getByText(told).waitFor();
    assert.equal(await page.getByLabel("Name").getAttribute("aria-invalid"), "true");
  }
});

test("a machine is found by the start of its name, and by Ctrl+K from anywhere", async () => {
  const page = await site.visitor();
  await page.goto("/machines");
  await page.getByLabel("Part of a name").fill("FF");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.getByRole("link", { name: "offer", exact: true }).waitFor();
  assert.equal(await page.getByRole("link", { name: "pasted", exact: true }).count(), 0);

  await page.goto("/executions");
  await page.keyboard.press("Control+k");
  const dialog = page.getByRole("dialog", { name: "Search" });
  await dialog.getByRole("searchbox").fill("past");
  await dialog.getByRole("link", { name: "pasted" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "pasted" }).waitFor();
});
