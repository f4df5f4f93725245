// A person draws a flow: with the mouse, with keys alone, on a narrow screen; takes steps back; and finds
// everything again after a reload.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { assertAccessible, call, createMachine, openSite } from "../support/browser.js";
import { card, dragCard, dragItem, drawn, fields, flow, item, name, openDesigner, pick, save, saved, textOf } from "../support/designer.js";

let site;
before(async () => (site = await openSite()));
after(() => site.close());

const chain = {
  Comment: "Three steps.",
  StartAt: "First",
  States: {
    First: { Type: "Pass", Next: "Second" },
    Second: { Type: "Pass", Next: "Third" },
    Third: { Type: "Pass", End: true },
  },
};

async function put(machine, text, path = "/api/v1/machines/") {
  const answer = await fetch(`${site.url}${path}${machine}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ definition: text }),
  });
  assert.ok(answer.ok, await answer.text());
}

test("from nothing to a flow that branches and ran, with the mouse", async () => {
  const page = await site.visitor({ viewport: { width: 1440, height: 900 } });
  await openDesigner(page);
  await item(page, "Pass").click();
  await name(page, "Take order");
  await dragItem(page, "Choice", card(page, "Take order"), { dy: 40 });
  await name(page, "Large?");
  await dragItem(page, "Succeed", card(page, "Large?"), { dy: 42 });
  await name(page, "Accepted");
  assert.match(flow(await textOf(page)), /Take order: Take order>Large\? Large\?~Accepted Accepted/);
  await card(page, "Large?").click();
  await page.getByRole("button", { name: "Add a rule" }).click();
  await page.getByLabel("Rule 1: field").fill("$.total");
  await page.getByLabel("Rule 1: comparison").selectOption("NumericGreaterThan");
  await page.getByLabel("Rule 1: value").fill("100");
  await page.getByLabel("Rule 1: value").press("Tab");
  await pick(page, "Then go to", "A new state…");
  await name(page, "Ask someone");
  await page.getByRole("button", { name: "No problems" }).waitFor();
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await page.getByRole("dialog", { name: "Create the machine" }).getByLabel("Name").fill("drawn");
  await page.getByRole("button", { name: "Create machine" }).click();
  const start = page.getByRole("dialog", { name: "Start drawn" });
  await start.getByLabel("Input").fill('{"total": 500}');
  await start.getByRole("button", { name: "Start execution" }).click();
  await page.locator(".pill", { hasText: "Succeeded" }).waitFor();
  await page.getByRole("treeitem", { name: /^Ask someone, Pass, Succeeded/ }).waitFor();
  // That there is no machine of the name yet is asked for, and the browser notes the 404.
  assert.deepEqual(page.complaints.filter((words) => !words.includes("404")), []);
});

test("a flow of ten states with keys alone, from the palette's search to the save", async () => {
  const page = await site.visitor();
  await openDesigner(page);
  const add = async (query, called) => {
    await page.keyboard.press("a");
    const field = page.getByRole("combobox", { name: "Find a state to add" });
    await field.waitFor();
    await page.keyboard.type(query);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement?.matches("input") && document.activeElement.selectionEnd > 0 && !document.querySelector("dialog[open]"));
    await page.keyboard.type(called);
    await page.keyboard.press("Enter");
    await card(page, called).waitFor();
    await card(page, called).focus();
  };
  await page.getByRole("button", { name: "Add the first state" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("combobox", { name: "Find a state to add" }).waitFor();
  await page.keyboard.type("pass");
  await page.keyboard.press("Enter");
  await card(page, "Pass").waitFor();
  await page.keyboard.type("Step 1");
  await page.keyboard.press("Enter");
  await card(page, "Step 1").focus();
  for (let step = 2; step <= 9; step++) await add(step % 3 === 0 ? "wait" : "pass", `Step ${step}`);
  await add("succeed", "Over");
  await page.keyboard.press("Control+s");
  await page.getByRole("dialog", { name: "Create the machine" }).waitFor();
  await page.keyboard.type("typed");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "typed" }).waitFor();
  const expected = Array.from({ length: 9 }, (_, at) => `Step ${at + 1}>${at === 8 ? "Over" : `Step ${at + 2}`}`).join(" ");
  assert.equal(flow(await saved(site, "typed")), `Step 1: ${expected} Over`);
});

test("keys go along the flow, and Alt with them moves the state", async () => {
  await createMachine(site, "walked", chain);
  const page = await site.visitor();
  await openDesigner(page, "walked");
  await card(page, "First").focus();
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label")?.split(",")[0]);
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), "Second");
  await page.keyboard.press("End");
  assert.equal(await focused(), "Third");
  await page.keyboard.press("Home");
  await page.keyboard.press("Alt+ArrowDown");
  await page.waitForFunction(() => document.querySelector("[data-said]").textContent.startsWith("Moved"));
  assert.equal(flow(await textOf(page)), "Second: Second>First First>Third Third.");
});

test("drag, heal, wrap; then every step back and forward again gives the same text", async () => {
  const text = JSON.stringify(chain, null, 2);
  await put("stepped", text);
  const page = await site.visitor({ viewport: { width: 1440, height: 900 } });
  await openDesigner(page, "stepped");
  await dragCard(page, "First", card(page, "Second"), { dy: 38 });
  await page.waitForFunction(() => document.querySelector("[data-said]").textContent.startsWith("Moved"));
  assert.equal(flow(await textOf(page)), "Second: Second>First First>Third Third.");
  await card(page, "First").click();
  await page.keyboard.press("Delete");
  await card(page, "First").waitFor({ state: "detached" });
  await card(page, "Third").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Wrap in a Parallel" }).click();
  await card(page, "Parallel").waitFor();
  // 45 steps on the graph, three in a form, and one in the text: the list of steps is one.
  const alike = page.locator('[role="treeitem"][aria-label^="Second,"]');
  for (let count = 1; count <= 45; count++) {
    await card(page, "Second").focus();
    await page.keyboard.press("d");
    await alike.and(page.locator(`[aria-setsize="${count + 2}"]`)).waitFor();
  }
  await card(page, "Second").click({ position: { x: 80, y: 14 } });
  for (const [tab, label, typed] of [["Data", "Result path", "$.kept"], ["Data", "Input path", "$.given"], ["Note", "Note", "Second of three"]]) {
    await page.getByRole("tab", { name: tab }).click();
    const field = fields(page).getByRole("textbox", { name: label, exact: true });
    await field.fill(typed);
    await field.blur();
  }
  await page.getByRole("button", { name: "Both" }).click();
  const code = page.getByRole("textbox", { name: "Definition" });
  await code.click();
  await page.keyboard.press("Control+a");
  const typed = { Comment: "Typed.", StartAt: "Second", States: { Second: { Type: "Succeed" } } };
  await page.keyboard.insertText(JSON.stringify(typed, null, 2));
  await page.waitForFunction(() => document.querySelectorAll('[role="treeitem"]').length === 1);
  const end = await textOf(page);
  assert.deepEqual(JSON.parse(end), typed);
  let steps = 0;
  while (await page.getByRole("button", { name: "Undo" }).isEnabled()) {
    await page.getByRole("button", { name: "Undo" }).click();
    await drawn(page);
    steps++;
  }
  assert.ok(steps >= 50, `${steps} steps`);
  assert.equal(await textOf(page), text);
  for (let again = 0; again < steps; again++) {
    await page.getByRole("button", { name: "Redo" }).click();
    await drawn(page);
  }
  assert.ok(await page.getByRole("button", { name: "Redo" }).isDisabled());
  assert.equal(await textOf(page), end);
});

test("the head of a line is dragged to another state; to one in another branch it is refused, and said why", async () => {
  const inner = { StartAt: "Within", States: { Within: { Type: "Pass", End: true } } };
  const definition = {
    StartAt: "First",
    States: { First: { Type: "Pass", Next: "Second" }, Second: { Type: "Pass", Next: "Third" }, Third: { Type: "Pass", Next: "Beside" }, Beside: { Type: "Parallel", Branches: [inner], End: true } },
  };
  await createMachine(site, "led", definition);
  const page = await site.visitor({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await openDesigner(page, "led");
  await card(page, "First").click({ position: { x: 80, y: 14 } });
  const pull = async (from, to) => {
    const head = await card(page, from).boundingBox();
    const target = await card(page, to).boundingBox();
    const body = await card(page, to).locator(".body, .grip").first().boundingBox();
    await page.mouse.move(head.x + head.width / 2, head.y - 1);
    await page.mouse.down();
    await page.mouse.move(target.x + target.width / 2 + 30, target.y - 20, { steps: 4 });
    await page.mouse.move(body.x + 90, body.y + 20, { steps: 4 });
    await page.mouse.up();
  };
  await pull("Second", "Third");
  await page.waitForFunction(() => document.querySelector("[data-said]").textContent === "First leads to Third");
  assert.equal(flow(await textOf(page)), "First: First>Third Second>Third Third>Beside Beside.");
  await page.getByRole("button", { name: "Undo" }).click();
  await card(page, "First").click({ position: { x: 80, y: 14 } });
  await pull("Second", "Within");
  await page.getByText("“Within” lies in another branch: a line cannot lead there.").first().waitFor();
  assert.equal(flow(await textOf(page)), "First: First>Second Second>Third Third>Beside Beside.");
});

test("where a line leads is changed by keys: in the menu, and in the field with search", async () => {
  await createMachine(site, "led-by-keys", chain);
  const page = await site.visitor({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await openDesigner(page, "led-by-keys");
  await card(page, "First").focus();
  await page.keyboard.press("Shift+F10");
  await page.getByRole("menuitem", { name: "Lead elsewhere…" }).waitFor();
  for (let press = 0; press < 20 && !(await page.evaluate(() => document.activeElement.textContent.startsWith("Lead elsewhere"))); press++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Where First leads" });
  await dialog.waitFor();
  await page.keyboard.type("thi");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(flow(await textOf(page)), "First: First>Third Second>Third Third.");
  await card(page, "Second").focus();
  await page.keyboard.press("Enter");
  const next = page.getByRole("combobox", { name: "Next state" });
  await next.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.type("end");
  await page.getByRole("option", { name: "End here" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("[data-said]").textContent.includes("ends the flow"));
  assert.equal(flow(await textOf(page)), "First: First>Third Second. Third.");
});

test("a definition that people deployed is pasted, and one state's edit is one line of difference", async () => {
  const text = await readFile(new URL("../definitions/knowledge-base-evaluations.asl.json", import.meta.url), "utf8");
  const page = await site.visitor({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await openDesigner(page);
  await page.getByLabel("Or paste a definition, or drop a file").fill(text);
  await page.getByRole("button", { name: "Outline" }).click();
  const outline = page.getByRole("complementary", { name: "Outline" });
  await outline.getByRole("button", { name: /^Fail 2/ }).waitFor();
  assert.equal(await outline.locator(".outline-item-name").count(), 27);
  await outline.getByRole("button", { name: /^Wait 10 Minutes 2/ }).click();
  await fields(page).getByRole("heading", { level: 2, name: "Wait 10 Minutes 2" }).waitFor();
  await fields(page).getByLabel("Seconds", { exact: true }).fill("300");
  await fields(page).getByLabel("Seconds", { exact: true }).blur();
  const before = text.split("\n");
  const after = (await textOf(page)).split("\n");
  const differing = after.flatMap((line, at) => (line === before[at] ? [] : [[before[at].trim(), line.trim()]]));
  assert.equal(after.length, before.length);
  assert.deepEqual(differing, [['"Seconds": 600,', '"Seconds": 300,']]);
});

test("a long definition that was pasted changes in the lines of the one state that was edited", async () => {
  const States = {};
  for (let at = 1; at <= 33; at++) {
    States[`Step ${at}`] = { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", Parameters: { FunctionName: `do-${at}` }, ...(at < 33 ? { Next: `Step ${at + 1}` } : { End: true }) };
  }
  const text = JSON.stringify({ StartAt: "Step 1", States }, null, 4);
  const page = await site.visitor({ viewport: { width: 1440, height: 900 } });
  await openDesigner(page);
  await page.getByLabel("Or paste a definition, or drop a file").fill(text);
  await card(page, "Step 2").click();
  await page.getByText("Time limits").click();
  await page.getByLabel("Timeout in seconds").fill("30");
  await page.getByLabel("Timeout in seconds").press("Enter");
  await page.getByLabel("Timeout in seconds").blur();
  const before = text.split("\n");
  const after = (await textOf(page)).split("\n");
  const added = after.filter((line) => !before.includes(line));
  assert.equal(after.length, before.length + 1);
  assert.deepEqual(added.map((line) => line.trim()), ['"TimeoutSeconds": 30,']);
});

test("three problems go away by their buttons", async () => {
  const page = await site.visitor({ viewport: { width: 1440, height: 900 } });
  await openDesigner(page);
  const broken = {
    StartAt: "Begin",
    States: { Start: { Type: "Pass", Next: "Paymnt" }, Payment: { Type: "Pass", End: true }, Lost: { Type: "Pass" } },
  };
  await page.getByLabel("Or paste a definition, or drop a file").fill(JSON.stringify(broken, null, 2));
  await page.getByRole("button", { name: /error/ }).click();
  const drawer = page.getByRole("region", { name: "Problems" });
  await drawer.getByRole("button", { name: "Start at “Start”" }).first().click();
  await drawer.getByRole("button", { name: "Lead to “Payment”" }).first().click();
  await drawer.getByRole("button", { name: "Delete it" }).first().click();
  await page.getByRole("button", { name: "No problems" }).waitFor();
  assert.equal(flow(await textOf(page)), "Start: Start>Payment Payment.");
});

test("unsaved work is there after a reload, its steps too, and goes with the save", async () => {
  await createMachine(site, "kept", chain);
  const page = await site.visitor();
  await openDesigner(page, "kept");
  await card(page, "Second").focus();
  await page.keyboard.press("F2");
  await page.getByLabel("Name", { exact: true }).fill("Middle");
  await page.getByLabel("Name", { exact: true }).press("Enter");
  await card(page, "Middle").waitFor();
  await page.reload();
  await page.getByText("Your unsaved changes are back.").waitFor();
  await card(page, "Middle").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await card(page, "Second").waitFor();
  await page.getByRole("button", { name: "Redo" }).click();
  await save(page);
  assert.equal(flow(await saved(site, "kept")), "First: First>Middle Middle>Third Third.");
  await page.reload();
  await card(page, "Middle").waitFor();
  assert.equal(await page.getByText("Your unsaved changes are back.").count(), 0);
});

test("two people change one machine: the second sees both and decides", async () => {
  const arn = await createMachine(site, "shared", chain);
  const page = await site.visitor();
  await openDesigner(page, "shared");
  const theirs = structuredClone(chain);
  theirs.Comment = "Changed elsewhere.";
  await call(site, "UpdateStateMachine", { stateMachineArn: arn, definition: JSON.stringify(theirs) });
  await page.getByLabel("Comment").fill("Changed here.");
  await page.getByLabel("Comment").blur();
  await page.getByRole("button", { name: "Save version" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save without a version" }).click();
  const dialog = page.getByRole("dialog", { name: "Somebody else has saved this machine" });
  await dialog.getByRole("region", { name: "Theirs" }).getByText("Changed elsewhere.").waitFor();
  await dialog.getByRole("button", { name: "Save yours over it" }).click();
  await page.getByText("Saved", { exact: true }).first().waitFor();
  assert.match(await saved(site, "shared"), /Changed here\./);
});

test("a state is found in the outline, however deep it lies", async () => {
  const inner = { StartAt: "Deep", States: { Deep: { Type: "Pass", End: true } } };
  await createMachine(site, "outlined", { StartAt: "Both", States: { Both: { Type: "Parallel", Branches: [inner], Next: "Over" }, Over: { Type: "Succeed" } } });
  const page = await site.visitor({ viewport: { width: 1440, height: 900 } });
  await openDesigner(page, "outlined");
  await page.getByRole("button", { name: "Outline" }).click();
  const outline = page.getByRole("complementary", { name: "Outline" });
  await outline.getByRole("button", { name: /^Over/ }).waitFor();
  assert.deepEqual(await outline.locator(".outline-item-name").allInnerTexts(), ["Both", "Deep", "Over"]);
  await outline.getByLabel("Find a state").fill("dee");
  await outline.getByRole("button", { name: /^Deep/ }).click();
  await page.getByRole("heading", { name: "Deep" }).waitFor();
  await assertAccessible(page, "outline");
});

test("text and graph stay in step, in JSON and in YAML, and text that breaks locks nothing", async () => {
  await createMachine(site, "coded", chain);
  const page = await site.visitor({ viewport: { width: 1600, height: 900 } });
  await openDesigner(page, "coded");
  await page.getByRole("button", { name: "Both" }).click();
  const code = page.getByRole("textbox", { name: "Definition" });
  await code.waitFor();
  await code.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(JSON.stringify(chain, null, 2).replaceAll("Second", "Renamed"));
  await card(page, "Renamed").waitFor();
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText("oops");
  await page.getByText("The graph shows the text of before.").waitFor();
  await card(page, "Renamed").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("The graph shows the text of before.").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "YAML" }).click();
  await page.getByText("StartAt: First").waitFor();
  await code.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("# a note\nStartAt: Only\nStates:\n  Only:\n    Type: Succeed\n");
  await card(page, "Only").waitFor();
  assert.equal(flow(await textOf(page)), "Only: Only");
});

test("on a narrow screen, by touch", async () => {
  const page = await site.visitor({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await openDesigner(page);
  await page.getByRole("button", { name: "Add the first state" }).tap();
  await page.getByRole("option", { name: /^Pass/ }).tap();
  await page.getByRole("group", { name: "Part of the designer" }).getByRole("button", { name: "Add" }).tap();
  await item(page, "Succeed").tap();
  await card(page, "Succeed").tap();
  await page.getByRole("button", { name: "Fields" }).tap();
  await page.getByLabel("Name", { exact: true }).fill("Finished");
  await page.getByLabel("Name", { exact: true }).press("Enter");
  await page.getByRole("button", { name: "Graph" }).tap();
  await card(page, "Finished").waitFor();
});

test("pictures of the whole graph are exported", async () => {
  await createMachine(site, "pictured", chain);
  const page = await site.visitor();
  await openDesigner(page, "pictured");
  for (const [format, start] of [["SVG picture", "<svg"], ["PNG picture", "\u0089PNG"], ["YAML", "Comment: Three steps."]]) {
    await page.getByRole("button", { name: "Export" }).click();
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("group", { name: "Export as" }).getByRole("button", { name: format }).click()]);
    const chunks = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk);
    assert.ok(Buffer.concat(chunks).toString("latin1").startsWith(start), format);
  }
  assert.deepEqual(page.complaints, []);
});
