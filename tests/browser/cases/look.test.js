// What a page weighs, what it loads, and how it is coloured before anything else happens.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { openSite } from "../support/browser.js";

let site;
before(async () => (site = await openSite()));
after(() => site.close());

const fetched = async (address) => Buffer.from(await (await fetch(site.url + address)).arrayBuffer());

test("script, style and fonts stay within their budgets, and come from this server alone", async () => {
  const page = await site.visitor();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto("/machines/new");
  await page.evaluate(() => document.fonts.ready);
  assert.ok(asked.every((url) => url.startsWith(site.url)), asked.join(" "));
  const html = await fetched("/machines/new");
  const [, style] = String(html).match(/<link rel="stylesheet" href="([^"]+)"/);
  const [, script] = String(html).match(/<script type="module" src="([^"]+)"/);
  const weight = async (address) => gzipSync(await fetched(address)).length;
  assert.ok((await weight(script)) <= 8 * 1024, "script");
  assert.ok((await weight(style)) <= 14 * 1024, "style");
  const fonts = asked.filter((url) => url.endsWith(".woff2"));
  assert.ok(fonts.length <= 2);
  for (const font of fonts) {
    assert.ok((await fetched(font.slice(site.url.length))).length <= 60 * 1024, font);
  }
});

test("the theme is chosen at once, kept, and there before the first paint", async () => {
  const page = await site.visitor({ colorScheme: "light" });
  await page.goto("/machines");
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.getByRole("button", { name: "Theme: System" }).click();
  const kept = page.waitForResponse((answer) => answer.url().endsWith("/theme"));
  await page.getByRole("button", { name: "Dark" }).click();
  assert.notEqual(await ground(), light);
  await kept;
  await page.goto("/executions");
  assert.notEqual(await ground(), light);
  const html = await (await page.context().request.get("/")).text();
  assert.match(html, /<html[^>]* data-theme="dark"/);
});

test("what runs in the page is what the policy allows", async () => {
  const page = await site.visitor();
  await page.goto("/");
  await page.evaluate(() => {
    globalThis.ran = false;
    const script = document.createElement("script");
    script.textContent = "globalThis.ran = true";
    document.body.append(script);
  });
  assert.equal(await page.evaluate(() => globalThis.ran), false, "no inline script");
  assert.match(page.complaints.join(), /Content Security Policy/);
});
