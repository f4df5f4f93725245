// axe-core finds nothing wrong with any page: empty, full and with problems, light and dark, wide and
// narrow; and none is wider than its window.

import { after, before, test } from "node:test";
import {
  assertAccessible,
  createMachine,
  failing,
  openSite,
  start,
  succeeding,
  waiting,
} from "../support/browser.js";

let site;
before(async () => (site = await openSite()));
after(() => site.close());

const windows = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 390, height: 844 },
  { width: 320, height: 640 },
];

async function everywhere(addresses) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await site.visitor({ colorScheme, reducedMotion: "reduce" });
    for (const address of addresses) {
      await page.goto(address);
      for (const size of windows) {
        await page.setViewportSize(size);
        await assertAccessible(page, `${address} ${colorScheme} ${size.width}`);
      }
    }
    await page.context().close();
  }
}

test("pages of an empty server", () =>
  everywhere(["/", "/machines", "/machines/new", "/executions", "/search", "/sign-in", "/nowhere"]));

test("pages with something on them", async () => {
  const check = await createMachine(site, "check", failing);
  await createMachine(site, "never-run", succeeding);
  const wait = await createMachine(site, "wait", waiting(3600));
  const id = async (name) => {
    const page = await (await fetch(`${site.url}/search?q=${name}`)).text();
    return page.match(/href="(\/executions\/[0-9a-f-]+)"/)[1];
  };
  await start(site, check, { ok: true, long: "x".repeat(2000) }, "good");
  await start(site, check, { ok: false }, "bad");
  await start(site, wait, {}, "running");
  await everywhere([
    "/",
    "/machines",
    "/machines?q=zzz",
    "/machines/check",
    "/machines/never-run",
    "/machines/check/start",
    "/executions",
    "/executions?status=FAILED",
    "/executions?status=TIMED_OUT&machine=check",
    await id("good"),
    await id("bad"),
    await id("running"),
    "/search?q=check",
  ]);
});

test("what opens on a page: search, themes, the menu, details, a question, problems", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await site.visitor({ colorScheme, reducedMotion: "reduce" });
    await page.goto("/executions");
    await page.keyboard.press("Control+k");
    const dialog = page.getByRole("dialog", { name: "Search" });
    await dialog.getByRole("link").first().waitFor();
    await assertAccessible(page, `search ${colorScheme}`);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /^Theme/ }).click();
    await assertAccessible(page, `themes ${colorScheme}`);
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "running" }).click();
    for (const summary of await page.locator("summary").all()) await summary.click();
    await assertAccessible(page, `details ${colorScheme}`);
    await page.getByRole("button", { name: "Stop" }).click();
    await assertAccessible(page, `question ${colorScheme}`);
    await page.keyboard.press("Escape");
    await page.goto("/machines/new");
    await page.getByLabel("Definition", { exact: true }).fill('{\n"StartAt": "A",\n"States": {}\n}');
    await page.getByRole("list").filter({ hasText: "Line" }).waitFor();
    await assertAccessible(page, `problems ${colorScheme}`);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole("button", { name: "Menu" }).click();
    await assertAccessible(page, `menu ${colorScheme}`);
    await page.context().close();
  }
});
