// The graph on the pages of a machine and of an execution, and what axe-core says of it and of the
// designer in its states.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { assertAccessible, createMachine, failing, openSite, start, waiting } from "../support/browser.js";
import { card, item, openDesigner } from "../support/designer.js";

let site;
before(async () => {
  site = await openSite();
  await createMachine(site, "nested", nested);
});
after(() => site.close());

const nested = {
  StartAt: "Fan out",
  States: {
    "Fan out": {
      Type: "Parallel",
      Branches: [
        { StartAt: "Left", States: { Left: { Type: "Pass", End: true } } },
        { StartAt: "Right", States: { Right: { Type: "Pass", End: true } } },
      ],
      Next: "Done",
    },
    Done: { Type: "Succeed" },
  },
};

test("a machine's page draws its graph, which keys walk through", async () => {
  const page = await site.visitor();
  await page.goto("/machines/nested");
  await card(page, "Left").waitFor();
  assert.equal(await page.getByRole("tree", { name: "States" }).count(), 1);
  await card(page, "Fan out").focus();
  await page.keyboard.press("Shift+ArrowDown");
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label")?.split(",")[0]);
  assert.equal(await focused(), "Left");
  await page.keyboard.press("ArrowRight");
  assert.equal(await focused(), "Right");
  await page.keyboard.press("Escape");
  assert.equal(await focused(), "Fan out");
  await page.keyboard.press(" ");
  await card(page, "Left").waitFor({ state: "detached" });
  assert.equal(await card(page, "Fan out").getAttribute("aria-expanded"), "false");
  assert.deepEqual(page.complaints, []);
});

test("an execution's page says on the graph what ran, what failed and what did not run", async () => {
  const arn = await createMachine(site, "choosing", failing);
  await start(site, arn, { ok: false }, "chosen");
  const page = await site.visitor();
  await page.goto("/search?q=chosen");
  await page.getByRole("link", { name: "chosen" }).click();
  await page.getByRole("treeitem", { name: /^Ok\?, Choice.*Succeeded/ }).waitFor();
  await page.getByRole("treeitem", { name: /^Not fine, Fail.*Failed/ }).waitFor();
  await page.getByRole("treeitem", { name: /^Fine, Succeed.*Not run/ }).waitFor();
  await page.getByText("Not run 1").waitFor();
});

test("a running execution shows where it stands", async () => {
  const arn = await createMachine(site, "resting", waiting(3600));
  await start(site, arn, {}, "at-rest");
  const page = await site.visitor();
  await page.goto("/search?q=at-rest");
  await page.getByRole("link", { name: "at-rest" }).click();
  await page.getByRole("treeitem", { name: /^Rest, Wait · 1 h, Waiting/ }).waitFor();
});

test("axe-core finds nothing wrong with graphs and with the designer in its states", async () => {
  for (const colorScheme of ["light", "dark"]) {
    // One each: what the first visitor leaves half done is a draft that the second would meet.
    await createMachine(site, `looked-at-${colorScheme}`, nested);
    const page = await site.visitor({ colorScheme, reducedMotion: "reduce", viewport: { width: 1440, height: 900 } });
    await page.goto("/machines/nested");
    await card(page, "Left").waitFor();
    await assertAccessible(page, `graph ${colorScheme}`);
    await openDesigner(page);
    await assertAccessible(page, `empty ${colorScheme}`);
    await openDesigner(page, `looked-at-${colorScheme}`);
    for (const width of [1440, 1024, 390]) {
      await page.setViewportSize({ width, height: 844 });
      await assertAccessible(page, `designer ${width} ${colorScheme}`);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    await card(page, "Done").click();
    await assertAccessible(page, `selected ${colorScheme}`);
    await card(page, "Fan out").click({ position: { x: 60, y: 14 } });
    for (const tab of ["Data", "Errors", "Variables", "Note", "JSON"]) {
      await page.getByRole("tab", { name: tab }).click();
      await assertAccessible(page, `${tab} ${colorScheme}`);
    }
    await card(page, "Done").click({ button: "right" });
    await assertAccessible(page, `menu ${colorScheme}`);
    await page.keyboard.press("Escape");
    await card(page, "Done").focus();
    await page.keyboard.press("Shift+A");
    await page.getByRole("dialog", { name: "Add a state" }).waitFor();
    await assertAccessible(page, `quick add ${colorScheme}`);
    await page.keyboard.press("Escape");
    const palette = await item(page, "Pass").boundingBox();
    await page.mouse.move(palette.x + 20, palette.y + 12);
    await page.mouse.down();
    await page.mouse.move(700, 300, { steps: 3 });
    await assertAccessible(page, `dragging ${colorScheme}`);
    await page.keyboard.press("Escape");
    await page.mouse.up();
    await page.getByRole("treeitem", { name: /^Left,/ }).focus();
    await page.keyboard.press("Delete");
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("button", { name: /error/ }).click();
    await assertAccessible(page, `problems ${colorScheme}`);
    await page.getByRole("button", { name: "Keys" }).click();
    await assertAccessible(page, `keys ${colorScheme}`);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Both" }).click();
    await page.getByRole("textbox", { name: "Definition" }).waitFor();
    await assertAccessible(page, `both ${colorScheme}`);
    await page.context().close();
  }
});

test("scripts stay within their budgets: graph, designer, and the editor that is loaded on demand", async () => {
  const page = await site.visitor();
  const weights = async (act) => {
    const asked = [];
    const note = (request) => /\/assets\/.*\.js$/.test(request.url()) && asked.push(request.url());
    page.on("request", note);
    await act();
    page.off("request", note);
    const own = asked.filter((url) => !url.endsWith("/app.js"));
    const sizes = await Promise.all(own.map(async (url) => gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer()), { level: 9 }).length));
    return sizes.reduce((sum, size) => sum + size, 0) / 1024;
  };
  const graph = await weights(async () => {
    await page.goto("/machines/nested");
    await card(page, "Left").waitFor();
  });
  assert.ok(graph <= 45, `graph ${graph.toFixed(1)} kB`);
  const designer = await weights(() => openDesigner(page, "nested"));
  assert.ok(designer <= 70, `designer ${designer.toFixed(1)} kB`);
  const code = await weights(async () => {
    await page.getByRole("button", { name: "Code" }).click();
    await page.getByRole("textbox", { name: "Definition" }).waitFor();
  });
  console.log(`graph ${graph.toFixed(1)} kB, designer ${designer.toFixed(1)} kB, code ${code.toFixed(1)} kB`);
  assert.ok(code <= 140, `code ${code.toFixed(1)} kB`);
});
