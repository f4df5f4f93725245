// A person who uses no mouse goes everywhere, and always sees where they are.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { createMachine, failing, openSite, start } from "../support/browser.js";

let site;
before(async () => {
  site = await openSite();
  const arn = await createMachine(site, "check", failing);
  await start(site, arn, { ok: false }, "bad");
});
after(() => site.close());

const focused = (page) => page.evaluate(() => document.activeElement.textContent.trim());

/** Presses Tab until what has focus is called so. */
async function tabTo(page, name) {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press("Tab");
    const told = await page.evaluate(() => {
      const { activeElement: it } = document;
      return it.getAttribute("aria-label") ?? it.labels?.[0]?.textContent.trim() ?? it.textContent.trim();
    });
    if (told.startsWith(name)) return;
  }
  assert.fail(`Tab does not lead to ${name}`);
}

test("the first Tab offers to skip to the content", async () => {
  const page = await site.visitor();
  await page.goto("/");
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
});

test("from the overview to a machine's new execution, with keys alone", async () => {
  const page = await site.visitor();
  await page.goto("/");
  await tabTo(page, "Machines");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Machines" }).waitFor();
  await tabTo(page, "check");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "check" }).waitFor();
  await tabTo(page, "Start execution");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Start execution" }).waitFor();
  await tabTo(page, "Input");
  await page.keyboard.press("Control+a");
  await page.keyboard.type('{"ok": true}');
  await tabTo(page, "Start execution");
  await page.keyboard.press("Enter");
  await page.locator(".pill", { hasText: "Succeeded" }).waitFor();
});

test("every stop on the way has a ring that can be seen", async () => {
  const page = await site.visitor();
  for (const address of ["/", "/machines/new", "/executions"]) {
    await page.goto(address);
    for (let stop = 0; stop < 25; stop++) {
      await page.keyboard.press("Tab");
      const ring = await page.evaluate(() => {
        const around = [document.activeElement, document.activeElement.parentElement];
        return around.some((it) => {
          const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(it);
          return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none";
        }) || document.activeElement === document.body;
      });
      assert.ok(ring, `${address}: ${await focused(page)}`);
    }
  }
});

test("search opens by Ctrl+K, moves by arrows, closes by Escape and gives focus back", async () => {
  const page = await site.visitor();
  await page.goto("/machines");
  await tabTo(page, "New machine");
  await page.keyboard.press("Control+k");
  const dialog = page.getByRole("dialog", { name: "Search" });
  await dialog.getByRole("link", { name: "Overview" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.evaluate(() => document.activeElement.nodeName), "A");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await focused(page), "New machine");
});

test("details of an event open by key", async () => {
  const page = await site.visitor();
  await page.goto("/search?q=bad");
  await page.getByRole("link", { name: "bad" }).click();
  const event = page.getByRole("row").filter({ hasText: "ExecutionStarted" });
  await event.locator("summary").focus();
  await page.keyboard.press("Enter");
  await event.getByText('"ok"').waitFor();
});
