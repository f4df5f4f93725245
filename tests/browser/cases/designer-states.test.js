// What opens in the designer is reached, used and left with keys alone, and axe-core finds nothing wrong with it,
// light and dark: dialogs, popups, drawers, and several states that are selected.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { assertAccessible, call, createMachine, openSite } from "../support/browser.js";
import { card, flow, openDesigner, saved, textOf } from "../support/designer.js";

let site;
before(async () => (site = await openSite()));
after(() => site.close());

const chain = {
  QueryLanguage: "JSONata",
  Comment: "Three steps.",
  StartAt: "First",
  States: {
    First: { Type: "Pass", Assign: { total: "{% $states.input.total %}" }, Next: "Second" },
    Second: { Type: "Pass", Output: "{% $total %}", Next: "Third" },
    Third: { Type: "Pass", End: true },
  },
};

const focused = (page) =>
  page.evaluate(() => {
    const { activeElement: it } = document;
    return it.getAttribute("aria-label") ?? it.labels?.[0]?.textContent.trim() ?? it.textContent.trim();
  });

/** Presses Tab until what has focus is called so. */
async function tabTo(page, name, key = "Tab") {
  for (let presses = 0; presses < 120; presses++) {
    const there = await focused(page);
    if (name instanceof RegExp ? name.test(there) : there.startsWith(name)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${key} does not lead to ${name}`);
}

/** Does the same in both colour schemes, each on a machine of its own. */
async function inBoth(machine, definition, act) {
  for (const colorScheme of ["light", "dark"]) {
    const name = `${machine}-${colorScheme}`;
    const arn = await createMachine(site, name, definition);
    const page = await site.visitor({ colorScheme, reducedMotion: "reduce", viewport: { width: 1440, height: 900 } });
    await openDesigner(page, name);
    await act(page, { name, arn, fits: (what) => assertAccessible(page, `${what}, ${colorScheme}`) });
    assert.deepEqual(page.complaints, [], name);
    await page.context().close();
  }
}

async function rename(page, from, to) {
  await card(page, from).focus();
  await page.keyboard.press("F2");
  // The form comes with its field selected; what is typed before that is no name.
  await page.waitForFunction((name) => document.activeElement?.value === name && document.activeElement.selectionEnd === name.length, from);
  await page.keyboard.type(to);
  await page.keyboard.press("Enter");
  await card(page, to).waitFor();
  await card(page, to).focus();
}

test("saving a version", () =>
  inBoth("saved", chain, async (page, { name, fits }) => {
    await rename(page, "Third", "Last");
    await page.keyboard.press("Control+Shift+s");
    const dialog = page.getByRole("dialog", { name: `Save ${name}` });
    await dialog.getByText(/^Added: “Last”/).waitFor();
    await fits("save dialog");
    await tabTo(page, "Text", "Shift+Tab");
    await page.keyboard.press("Enter");
    await dialog.getByRole("group", { name: "Lines that differ" }).waitFor();
    await fits("save dialog, text");
    await tabTo(page, "Note");
    await page.keyboard.type("Another end");
    await tabTo(page, "Save version");
    await page.keyboard.press("Enter");
    await page.getByText("Version 1 is published.").waitFor();
    await fits("saved");
    assert.equal(flow(await saved(site, name)), "First: First>Second Second>Last Last.");
    assert.match(await focused(page), /^Last,/, "focus is back where it was");
  }));

test("two who change one machine", () =>
  inBoth("parted", chain, async (page, { name, arn, fits }) => {
    const theirs = structuredClone(chain);
    theirs.Comment = "Changed elsewhere.";
    await call(site, "UpdateStateMachine", { stateMachineArn: arn, definition: JSON.stringify(theirs) });
    await rename(page, "Third", "Last");
    await page.keyboard.press("Control+Shift+s");
    await tabTo(page, "Save without a version");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Somebody else has saved this machine" });
    await dialog.getByRole("region", { name: "Theirs" }).getByText(/Changed elsewhere/).waitFor();
    await fits("conflict");
    await tabTo(page, "What is no state", "Shift+Tab");
    await page.keyboard.press("Space");
    await tabTo(page, "Merge these into yours");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    const text = await textOf(page);
    assert.match(text, /Changed elsewhere/);
    assert.match(text, /Last/);
    page.complaints.splice(0, page.complaints.length, ...page.complaints.filter((words) => !words.includes("409")));
    assert.equal(await saved(site, name).then(JSON.parse).then(({ Comment }) => Comment), "Changed elsewhere.");
  }));

test("an expression that is completed", () =>
  inBoth("completed", chain, async (page, { fits }) => {
    await card(page, "Second").focus();
    await page.keyboard.press("Enter");
    await tabTo(page, "Settings");
    await page.keyboard.press("ArrowRight");
    await tabTo(page, "Output");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("{% $to");
    const list = page.getByRole("listbox", { name: "Output: go on with" });
    await list.getByRole("option", { name: "$total" }).waitFor();
    await fits("completion");
    await page.keyboard.press("Escape");
    await list.waitFor({ state: "detached" });
    await page.keyboard.type("t");
    await list.waitFor();
    await page.keyboard.press("Enter");
    assert.equal(await page.getByLabel("Output", { exact: true }).inputValue(), "{% $total");
  }));

test("a state that is tested", () =>
  inBoth("tried", chain, async (page, { name, fits }) => {
    await card(page, "First").focus();
    await page.keyboard.press("t");
    const dialog = page.getByRole("dialog", { name: "Test First" });
    await dialog.waitFor();
    await fits("test panel");
    assert.equal(await focused(page), "Input");
    await page.keyboard.press("Control+a");
    await page.keyboard.type('{"total": 7');
    await tabTo(page, "Run the test");
    await page.keyboard.press("Enter");
    await dialog.getByRole("alert").waitFor();
    await fits("test panel, wrong input");
    await tabTo(page, "Input", "Shift+Tab");
    await page.keyboard.press("Control+End");
    await page.keyboard.type("}");
    await tabTo(page, "Run the test");
    await page.keyboard.press("Enter");
    await dialog.getByText("Succeeded").waitFor();
    await fits("test panel, answered");
    await tabTo(page, "Second");
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("heading", { level: 2, name: "Second" }).waitFor();
    assert.ok(name);
  }));

test("problems, gone through and mended", () => {
  const broken = { StartAt: "First", States: { First: { Type: "Pass", Next: "Secnd" }, Second: { Type: "Pass", End: true }, Lost: { Type: "Pass" } } };
  return inBoth("broken", chain, async (page, { name, fits }) => {
    const { revision } = await (await fetch(`${site.url}/api/v1/machines/${name}`)).json();
    const draft = { expected: 0, base_revision: revision, definition: JSON.stringify(broken, null, 2), samples: [], mocks: [] };
    const kept = await fetch(`${site.url}/api/v1/machines/${name}/draft`, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(draft) });
    assert.ok(kept.ok, await kept.text());
    await page.reload();
    await page.getByRole("button", { name: /error/ }).waitFor();
    await page.getByRole("button", { name: "Design", exact: true }).focus();
    await tabTo(page, /^\d+ errors?/);
    await page.keyboard.press("Enter");
    const drawer = page.getByRole("region", { name: "Problems" });
    await drawer.waitFor();
    await fits("problems drawer");
    await tabTo(page, "Lead to “Second”");
    await page.keyboard.press("Enter");
    await drawer.getByRole("button", { name: "Lead to “Second”" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "1 error" }).waitFor();
    await page.getByRole("treeitem").first().focus();
    await page.keyboard.press("n");
    await page.getByRole("heading", { level: 2, name: "Lost" }).waitFor();
  });
});

test("the outline", () =>
  inBoth("listed", chain, async (page, { fits }) => {
    await tabTo(page, "Outline");
    await page.keyboard.press("Enter");
    const outline = page.getByRole("complementary", { name: "Outline" });
    await outline.waitFor();
    await fits("outline");
    await tabTo(page, "Find a state");
    await page.keyboard.type("sec");
    await tabTo(page, "Second");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 2, name: "Second" }).waitFor();
    assert.match(await focused(page), /^Second,/);
    await fits("outline, one chosen");
  }));

test("several states selected, wrapped, and put back", () =>
  inBoth("many", chain, async (page, { fits }) => {
    await card(page, "First").focus();
    await page.keyboard.press("Shift+ArrowDown");
    await page.getByRole("heading", { level: 2, name: "2 states" }).waitFor();
    await fits("two selected");
    assert.equal(await page.locator('[role="treeitem"][aria-selected="true"]').count(), 2);
    await page.keyboard.press("Shift+F10");
    await page.getByRole("menu").waitFor();
    await fits("menu of several");
    for (let press = 0; press < 20 && !(await focused(page)).startsWith("Wrap in a Map"); press++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await card(page, "Map").waitFor();
    await page.keyboard.press("Control+z");
    await card(page, "Map").waitFor({ state: "detached" });
    assert.equal(flow(await textOf(page)), "First: First>Second Second>Third Third.");
  }));

test("where lines lead, a field with its list open, starting, and the machine's fields", () =>
  inBoth("led", chain, async (page, { name, fits }) => {
    await fits("the machine's fields");
    await card(page, "First").focus();
    await page.keyboard.press("Shift+F10");
    await page.getByRole("menu").waitFor();
    for (let press = 0; press < 20 && !(await focused(page)).startsWith("Lead elsewhere"); press++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Where First leads" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("listbox", { name: "Next state: choose" }).waitFor();
    await fits("a field with its list open");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await tabTo(page, "Start");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: `Start ${name}` }).waitFor();
    await fits("start");
  }));
