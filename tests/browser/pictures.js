// `pictures.js FOLDER`: takes the pictures of the documents, from a server with the samples. No test.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openSite } from "./support/browser.js";

const folder = process.argv[2];
const size = { width: 1120, height: 720 };

/** Starts a sample over the native API, and gives the address of its page when it has closed. */
async function ended(site, machine, input) {
  const answer = await fetch(`${site.url}/api/v1/machines/${machine}/executions?wait=30s`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ input }),
  });
  const execution = await answer.json();
  if (answer.status !== 200) throw new Error(JSON.stringify(execution));
  return `/executions/${execution.id}`;
}

async function take(site, name, address, colorScheme, prepare = async () => {}, viewport = size) {
  const page = await site.visitor({ viewport, colorScheme, reducedMotion: "reduce" });
  await page.goto(address);
  await prepare(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  if (page.complaints.length > 0) throw new Error(page.complaints.join("\n"));
}

await mkdir(folder, { recursive: true });
const site = await openSite("--samples");
try {
  const order = { order: 7, customer: "ada@example.com", amount: 120, items: [] };
  await ended(site, "sample-order", order);
  const declined = await ended(site, "sample-order", { ...order, order: 8, amount: 5000 });
  await ended(site, "sample-approval", { what: "a kettle", amount: 80 });
  await ended(site, "sample-fan-out", { currency: "EUR", items: ["tea", "milk", "sugar"] });
  await take(site, "execution", declined, "light");
  await take(site, "machine", "/machines/sample-order", "dark");
  const wide = { width: 1440, height: 860 };
  const ready = async (page) => {
    await page.getByRole("button", { name: "Undo" }).waitFor();
    await page.getByRole("treeitem").nth(1).click();
    await page.getByRole("button", { name: /problem|warning|error/ }).waitFor();
    // Off the graph, which is calm then.
    await page.mouse.move(4, 4);
  };
  await take(site, "designer", "/machines/sample-order/design", "light", ready, wide);
  const tested = async (page) => {
    await ready(page);
    await page.getByRole("treeitem").first().click();
    await page.getByRole("button", { name: "Test", exact: true }).click();
    await page.getByLabel("Input", { exact: true }).fill(JSON.stringify(order, null, 2));
    await page.getByRole("button", { name: "Run the test" }).click();
    await page.getByRole("region", { name: "What came of it" }).getByRole("list").waitFor();
  };
  await take(site, "designer-test", "/machines/sample-order/design", "dark", tested, wide);
} finally {
  await site.close();
}
