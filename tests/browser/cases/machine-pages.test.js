// A person looks after a machine on its pages: finds it, copies it, publishes it, leads callers to a version,
// changes how it runs, and deletes it. None of it needs script.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { assertAccessible, call, createMachine, failing, openSite, start, succeeding } from "../support/browser.js";

let site;
before(async () => (site = await openSite()));
after(() => site.close());

test("without script: publish twice, share an alias between versions, compare, delete", async () => {
  await createMachine(site, "plain", succeeding);
  const page = await site.visitor({ javaScriptEnabled: false });
  await page.goto("/machines/plain");
  const tabs = page.getByRole("navigation", { name: "Of this machine" });
  await tabs.getByRole("link", { name: "Versions" }).click();
  await page.getByLabel("Note").fill("The first");
  await page.getByRole("button", { name: "Publish the current definition" }).click();
  await page.getByRole("row", { name: /Version 1.*The first/ }).waitFor();
  const renamed = JSON.stringify(succeeding).replaceAll("Done", "Over");
  const changed = await fetch(`${site.url}/api/v1/machines/plain`, { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify({ definition: renamed }) });
  assert.ok(changed.ok);
  await page.reload();
  await page.getByRole("button", { name: "Publish the current definition" }).click();
  await page.getByLabel("From").selectOption({ label: "Version 1" });
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByRole("listitem").filter({ hasText: "Over added" }).waitFor();
  await page.getByRole("group", { name: "Lines that differ" }).getByText(/Done/).first().waitFor();

  await tabs.getByRole("link", { name: "Aliases" }).click();
  const fresh = page.getByRole("region", { name: "New alias" });
  await fresh.getByLabel("Name").fill("live");
  await fresh.getByLabel("Version", { exact: true }).selectOption({ label: "Version 1" });
  await fresh.getByRole("button", { name: "Make alias" }).click();
  await page.getByRole("heading", { name: "live" }).waitFor();
  await page.getByText("Move or change").click();
  const known = page.getByRole("region", { name: "Aliases" });
  await known.getByLabel("Second version").selectOption({ label: "Version 2" });
  await known.getByLabel("Share of the first, %").fill("80");
  await known.getByRole("button", { name: "Move live" }).click();
  await known.getByText("80 % version 1, 20 % version 2").waitFor();

  await tabs.getByRole("link", { name: "Versions" }).click();
  await page.getByRole("button", { name: "Delete version 1" }).click();
  await page.getByRole("heading", { name: "The version was not deleted" }).waitFor();

  await tabs.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Key").fill("team");
  await page.getByLabel("Value").fill("orders");
  await page.getByRole("button", { name: "Add tag" }).click();
  await page.getByRole("row", { name: /team.*orders/ }).waitFor();
  await page.getByLabel("Role").fill("arn:aws:iam::000000000000:role/other");
  await page.getByRole("button", { name: "Save settings" }).click();
  assert.equal(await page.getByLabel("Role").inputValue(), "arn:aws:iam::000000000000:role/other");
  await page.getByLabel("Type plain to delete it").fill("plan");
  await page.getByRole("button", { name: "Delete machine" }).click();
  await page.getByText("nothing was deleted").waitFor();
  await page.getByLabel("Type plain to delete it").fill("plain");
  await page.getByRole("button", { name: "Delete machine" }).click();
  await page.getByRole("heading", { level: 1, name: "Machines" }).waitFor();
});

test("the list is sorted by a click on a column, and the sort is in the address", async () => {
  for (const name of ["sorted-b", "sorted-a"]) await createMachine(site, name, succeeding);
  const page = await site.visitor();
  await page.goto("/machines?q=sorted");
  const names = () => page.getByRole("rowheader").allInnerTexts();
  assert.deepEqual(await names(), ["sorted-a", "sorted-b"]);
  await page.getByRole("link", { name: "Name", exact: true }).click();
  await page.waitForURL(/sort=-name/);
  assert.deepEqual(await names(), ["sorted-b", "sorted-a"]);
  await page.getByRole("link", { name: "Created", exact: true }).click();
  await page.waitForURL(/sort=-created/);
  assert.deepEqual(await names(), ["sorted-a", "sorted-b"]);
  await page.goBack();
  assert.deepEqual(await names(), ["sorted-b", "sorted-a"]);
});

test("a machine's row tells how its executions went, and its graph where they failed", async () => {
  const arn = await createMachine(site, "lately", failing);
  for (const ok of [true, true, false]) await start(site, arn, { ok });
  const page = await site.visitor();
  const row = page.getByRole("row", { name: /^lately/ });
  // Executions close behind the answer to their start, and what is searched for behind that.
  for (let tries = 0; tries < 100; tries++) {
    await page.goto("/machines/lately");
    if ((await page.getByRole("link", { name: /^1 failure/ }).count()) > 0) break;
  }
  await page.getByRole("treeitem", { name: /^Not fine, Fail.*1 failure in the last 24 hours/ }).waitFor();
  await page.getByRole("treeitem", { name: /^Ok\?, Choice/ }).waitFor();
  await assertAccessible(page, "failures on a graph");
  await page.goto("/machines?q=lately");
  await row.getByText(/^3, /).waitFor();
  await row.getByText("1 failed").waitFor();
  await row.getByTitle("2 succeeded, 1 failed").waitFor();
  assert.match(await row.innerText(), /\d+ (ms|s)/, "how long they took");
  await assertAccessible(page, "rows with bars");
  assert.deepEqual(page.complaints, []);
});

test("a machine's graph opens in the middle of its panel, with no card under the map", async () => {
  const sides = Array.from({ length: 12 }, (_, at) => [`Step ${at + 1}`, { Type: "Pass", ...(at < 11 ? { Next: `Step ${at + 2}` } : { End: true }) }]);
  await createMachine(site, "centred", {
    StartAt: "Which?",
    States: { "Which?": { Type: "Choice", Choices: [{ Variable: "$.x", IsPresent: true, Next: "Aside" }], Default: "Step 1" }, Aside: { Type: "Succeed" }, ...Object.fromEntries(sides) },
  });
  const page = await site.visitor({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await page.goto("/machines/centred");
  await page.getByRole("treeitem", { name: /^Step 1,/ }).waitFor();
  const { left, right, map } = await page.locator("[data-island=graph]").evaluate((host) => {
    const frame = host.getBoundingClientRect();
    const cards = [...host.querySelectorAll("[role=treeitem] .body")].map((card) => card.getBoundingClientRect());
    const small = host.querySelector(".minimap").getBoundingClientRect();
    return { left: Math.min(...cards.map((card) => card.left)) - frame.left, right: frame.right - Math.max(...cards.map((card) => card.right)), map: cards.some((card) => card.right > small.left && card.bottom > small.top && card.top < small.bottom && small.width > 0) };
  });
  assert.ok(Math.abs(left - right) < 60, `${left} px at the left, ${right} px at the right`);
  assert.equal(map, false, "a card is under the map");
});

test("the list says of an Express machine that its executions are not kept, and leads to those that are logged", async () => {
  await call(site, "CreateStateMachine", { name: "quick", type: "EXPRESS", definition: JSON.stringify(succeeding), roleArn: "arn:aws:iam::000000000000:role/browser" });
  const page = await site.visitor();
  await page.goto("/machines?q=quick");
  const row = page.getByRole("row", { name: /^quick/ });
  await row.getByText("Not kept").waitFor();
  await row.getByRole("link", { name: "Only what is logged" }).click();
  await page.getByRole("heading", { name: "No logged executions" }).waitFor();
});

test("where an alias led is told on its page", async () => {
  await createMachine(site, "moved", succeeding);
  const page = await site.visitor();
  await page.goto("/machines/moved/versions");
  await page.getByRole("button", { name: "Publish the current definition" }).click();
  await page.goto("/machines/moved/aliases");
  await page.getByLabel("Name").fill("live");
  await page.getByRole("button", { name: "Make alias" }).click();
  const history = page.getByRole("region", { name: "History" });
  await history.getByRole("row", { name: /live.*version 1/ }).waitFor();
  await page.getByText("Move or change").click();
  await page.getByRole("button", { name: "Delete live" }).click();
  await page.getByRole("dialog").getByRole("button", { name: /Delete/ }).click();
  await history.getByRole("row", { name: /live.*deleted/ }).waitFor();
  await history.getByRole("row", { name: /live.*version 1/ }).waitFor();
  await assertAccessible(page, "history of aliases");
});

test("a copy is made under another name, and pasted YAML becomes a machine", async () => {
  await createMachine(site, "origin", succeeding);
  const page = await site.visitor();
  await page.goto("/machines/origin");
  await page.getByRole("link", { name: "Duplicate" }).click();
  assert.equal(await page.getByLabel("Name").inputValue(), "origin-copy");
  await page.getByRole("button", { name: "Create machine" }).click();
  await page.getByRole("heading", { level: 1, name: "origin-copy" }).waitFor();

  await page.goto("/machines/new?pattern=empty");
  await page.getByLabel("Name").fill("from-yaml");
  const definition = page.getByLabel("Definition", { exact: true });
  await definition.fill("# as people write it\nStartAt: Rest\nStates:\n  Rest:\n    Type: Wait\n    Seconds: 1\n    End: true\n");
  await definition.blur();
  await page.waitForFunction(() => document.querySelector("#definition").value.startsWith("{"));
  await page.getByRole("button", { name: "Create machine" }).click();
  await page.getByRole("heading", { level: 1, name: "from-yaml" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("axe finds nothing on these pages, light and dark, wide and narrow", async () => {
  await createMachine(site, "looked-at", succeeding);
  const page = await site.visitor({ reducedMotion: "reduce" });
  await page.goto("/machines/looked-at/versions");
  await page.getByRole("button", { name: "Publish the current definition" }).click();
  await page.goto("/machines/looked-at/aliases");
  await page.getByLabel("Name").fill("live");
  await page.getByRole("button", { name: "Make alias" }).click();
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const address of ["/machines?sort=-created", "/machines/new?from=looked-at", "/machines/looked-at", "/machines/looked-at?version=1", "/machines/looked-at/versions?from=1&to=current", "/machines/looked-at/aliases", "/machines/looked-at/settings"]) {
      await page.goto(address);
      for (const summary of await page.locator("main summary").all()) await summary.click();
      for (const width of [1440, 390, 320]) {
        await page.setViewportSize({ width, height: 900 });
        await assertAccessible(page, `${address} ${colorScheme} ${width}`);
      }
    }
  }
});
