// A person leaves work half done and finds it again, in another browser too; meets another tab; and makes a
// version of it that callers get when they are meant to.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { call, createMachine, openSite } from "../support/browser.js";
import { card, flow, openDesigner, saved, textOf } from "../support/designer.js";

let site;
before(async () => (site = await openSite()));
after(() => site.close());

const chain = {
  Comment: "Two steps.",
  StartAt: "First",
  States: { First: { Type: "Pass", Next: "Second" }, Second: { Type: "Pass", End: true } },
};

async function rename(page, from, to) {
  await card(page, from).focus();
  await page.keyboard.press("F2");
  await page.getByLabel("Name", { exact: true }).fill(to);
  await page.getByLabel("Name", { exact: true }).press("Enter");
  await card(page, to).waitFor();
  await card(page, to).focus();
}

const kept = (page) => page.getByText(/^Draft kept/).first().waitFor();

test("work is kept without a word and goes on in another browser; nothing runs on it yet", async () => {
  await createMachine(site, "left", chain);
  const page = await site.visitor();
  await openDesigner(page, "left");
  await rename(page, "Second", "Last");
  await kept(page);
  assert.equal(flow(await saved(site, "left")), "First: First>Second Second.");
  const other = await site.visitor();
  await openDesigner(other, "left");
  await other.getByText(/^This is the draft of/).waitFor();
  await card(other, "Last").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a reload that comes before the draft was sent loses nothing", async () => {
  await createMachine(site, "hasty", chain);
  const page = await site.visitor();
  await openDesigner(page, "hasty");
  await rename(page, "Second", "Last");
  await page.reload();
  await page.getByText("Your unsaved changes are back.").waitFor();
  await card(page, "Last").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await card(page, "Second").waitFor();
});

test("two tabs on one draft: the second sees both, and takes a part of the other's", async () => {
  await createMachine(site, "tabs", chain);
  const first = await site.visitor();
  const second = await first.context().newPage();
  await openDesigner(first, "tabs");
  await openDesigner(second, "tabs");
  await rename(first, "First", "Begin");
  await first.keyboard.press("Control+s");
  await kept(first);
  await rename(second, "Second", "Finish");
  await second.keyboard.press("Control+s");
  const dialog = second.getByRole("dialog", { name: "Somebody else changes this draft" });
  await dialog.getByRole("region", { name: "Theirs" }).getByText(/Begin/).waitFor();
  for (const part of ["What is no state", "Begin", "First"]) await dialog.getByRole("checkbox", { name: new RegExp(`^${part}`) }).check();
  await dialog.getByRole("button", { name: "Merge these into yours" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(flow(await textOf(second)), "Begin: Finish. Begin>Second");
  await kept(second);
});

test("a version is saved with a note, seen as graph and as text, and an alias moves to it", async () => {
  const arn = await createMachine(site, "released", chain);
  const { stateMachineVersionArn } = await call(site, "PublishStateMachineVersion", { stateMachineArn: arn });
  await call(site, "CreateStateMachineAlias", { name: "live", routingConfiguration: [{ stateMachineVersionArn, weight: 100 }] });
  const page = await site.visitor({ viewport: { width: 1440, height: 900 } });
  await openDesigner(page, "released");
  await rename(page, "Second", "Last");
  await page.getByRole("button", { name: "Save version" }).click();
  const dialog = page.getByRole("dialog", { name: "Save released" });
  await dialog.getByText("Added: “Last”. Changed: “First”. Removed: “Second”.").waitFor();
  await dialog.getByRole("treeitem", { name: /^Last, Pass, Added/ }).waitFor();
  await dialog.getByRole("button", { name: "Text" }).click();
  await dialog.getByRole("group", { name: "Lines that differ" }).getByText(/Last/).first().waitFor();
  await dialog.getByLabel("Note").fill("Another end");
  await dialog.getByLabel("Move an alias to it").selectOption("live");
  await dialog.getByRole("button", { name: "Save version" }).click();
  await page.getByText("Version 2 is published, and live leads to it.").waitFor();
  assert.equal(flow(await saved(site, "released")), "First: First>Last Last.");
  await page.goto("/machines/released/versions");
  await page.getByRole("row", { name: /Version 2.*Another end.*live/ }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("an error stops the version, never the draft", async () => {
  await createMachine(site, "wrong", chain);
  const page = await site.visitor({ viewport: { width: 1440, height: 900 } });
  await openDesigner(page, "wrong");
  await page.getByRole("button", { name: "Both" }).click();
  await page.getByRole("textbox", { name: "Definition" }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(JSON.stringify(chain, null, 2).replace('"StartAt": "First"', '"StartAt": "Nowhere"'));
  await page.getByRole("button", { name: /error/ }).waitFor();
  await kept(page);
  await page.getByRole("button", { name: "Save version" }).click();
  const dialog = page.getByRole("dialog", { name: "Save wrong" });
  await dialog.getByText(/stops? the save/).waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Save version" }).isDisabled());
  await dialog.getByRole("button", { name: "Discard the draft" }).click();
  assert.equal(flow(await textOf(page)), "First: First>Second Second.");
});
