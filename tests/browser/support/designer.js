// What the tests of the designer do again and again, by role and label like a person.

import assert from "node:assert/strict";

/** Opens the designer of a machine, or of a new one, and waits until it can be used. */
export async function openDesigner(page, machine = null, query = "") {
  await page.goto(machine === null ? `/machines/new/design${query}` : `/machines/${machine}/design`);
  await page.getByRole("button", { name: "Undo" }).waitFor();
}

/** The card of a state. */
export const card = (page, name) => page.getByRole("treeitem", { name: new RegExp(`^${escaped(name)},`) });

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** An item of the palette. */
export const item = (page, name) =>
  page.getByRole("complementary", { name: "States to add" }).getByRole("button", { name, exact: true });

/** Drags an item of the palette to a point below (or beside) the middle of a card. */
export async function dragItem(page, name, target, { dx = 0, dy = 0 } = {}) {
  const from = await boxOf(item(page, name));
  const to = await boxOf(target);
  await dragBetween(page, middle(from), { x: to.x + to.width / 2 + dx, y: to.y + to.height / 2 + dy });
}

/** Drags a card to a point from the middle of another. */
export async function dragCard(page, name, target, { dx = 0, dy = 0 } = {}) {
  const from = await boxOf(card(page, name));
  const to = await boxOf(target);
  await dragBetween(page, { x: from.x + 60, y: from.y + 12 }, { x: to.x + to.width / 2 + dx, y: to.y + to.height / 2 + dy });
}

/** The form of what is selected. */
export const fields = (page) => page.getByRole("complementary", { name: "Fields" });

/** Brings the whole graph into the window, and waits until it is drawn there. */
export async function showAll(page) {
  await page.getByRole("toolbar", { name: "Zoom" }).getByRole("button", { name: "Show all" }).click();
  await drawn(page);
}

/** Waits until what was done is drawn: the graph is drawn once a frame. */
export const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** Drags an item of the palette to the mark under a card or a frame, wherever it is in the graph. */
export async function dropBelow(page, name, target) {
  await showAll(page);
  const { left, bottom, scale, width } = await cornersOf(page, target);
  await dragBetween(page, middle(await boxOf(item(page, name))), { x: left + width / 2, y: bottom + 14 * scale });
}

/** Drags an item of the palette into an empty branch of a Parallel, the one of that number among so many. */
export async function dropIn(page, name, target, branch, branches) {
  await showAll(page);
  const { left, top, scale, width } = await cornersOf(page, target);
  await dragBetween(page, middle(await boxOf(item(page, name))), { x: left + (width * (branch + 0.5)) / branches, y: top + 130 * scale });
}

/** Where the body of a card is, or its frame, and how large the graph is drawn. */
async function cornersOf(page, target) {
  await card(page, target).waitFor();
  return card(page, target).evaluate((element) => {
    const frame = document.querySelector(`[data-frame="${CSS.escape(element.getAttribute("data-id"))}"]`);
    const shape = frame ?? element.querySelector(".body");
    const { left, top, bottom, width } = shape.getBoundingClientRect();
    return { left, top, bottom, width, scale: width / shape.width.baseVal.value };
  });
}

/** Where something is; a card may just be drawn anew. */
async function boxOf(locator) {
  for (let tries = 0; tries < 50; tries++) {
    await locator.waitFor();
    const box = await locator.boundingBox();
    if (box) return box;
  }
  throw new Error(`${locator} does not stay in the page`);
}

const middle = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });

async function dragBetween(page, from, to) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
}

/** Gives the selected state another name, where the name field has focus. */
export async function name(page, text) {
  const field = page.getByLabel("Name", { exact: true });
  await field.fill(text);
  await field.press("Enter");
  await card(page, text).waitFor();
}

/** Chooses in a field with search. */
export async function pick(page, label, words) {
  await page.getByRole("combobox", { name: label }).click();
  await page.getByRole("listbox", { name: `${label}: choose` }).getByRole("option", { name: words, exact: true }).click();
}

/** The text of the document, as the code view has it. */
export async function textOf(page) {
  const [file] = await Promise.all([page.waitForEvent("download"), exportAs(page, "JSON")]);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function exportAs(page, format) {
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("group", { name: "Export as" }).getByRole("button", { name: format, exact: true }).click();
}

/** Saves over what is saved, and publishes nothing. */
export async function save(page) {
  await page.getByRole("button", { name: "Save version" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save without a version" }).click();
  await page.getByText("Saved", { exact: true }).first().waitFor();
}

/** The definition that the server has. */
export async function saved(site, machine) {
  const answer = await fetch(`${site.url}/api/v1/machines/${machine}`);
  assert.ok(answer.ok, `${machine}: ${answer.status}`);
  return (await answer.json()).definition;
}

/** The flow of a definition in short: `A>B B>C C.` */
export function flow(text) {
  const { StartAt, States } = JSON.parse(text);
  const told = Object.entries(States).map(([key, state]) => {
    const ways = [
      state.Next && `>${state.Next}`,
      ...(state.Choices ?? []).map(({ Next }) => `?${Next}`),
      state.Default && `~${state.Default}`,
      ...(state.Catch ?? []).map(({ Next }) => `!${Next}`),
    ];
    return key + ways.filter(Boolean).join("") + (state.End ? "." : "");
  });
  return `${StartAt}: ${told.join(" ")}`;
}
