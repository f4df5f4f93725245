// Chromium and a server for the tests of one file, and the pages that a person opens in it.
//
// With STEPWRIGHT_ENDPOINT set, the tests run against the server there instead of one of their own.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { startServer } from "./server.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** How long anything that a person waits for may take: a debug build on a busy machine. */
const PATIENCE = 30_000;

/**
 * A server and a browser for one file's tests.
 * @param {...string} serveArguments further arguments of `stepwright serve`
 */
export async function openSite(...serveArguments) {
  const endpoint = process.env.STEPWRIGHT_ENDPOINT;
  const server = endpoint
    ? { url: endpoint.replace(/\/$/, ""), stop: async () => {} }
    : await startServer(...serveArguments);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: quiet,
  });
  return {
    url: server.url,
    /** A visitor with cookies of their own. What their pages complain about fails the test. */
    visitor: async (options = {}) => {
      const context = await browser.newContext({ baseURL: server.url, ...options });
      context.setDefaultTimeout(PATIENCE);
      const page = await context.newPage();
      const complaints = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      page.complaints = complaints;
      return page;
    },
    close: async () => {
      await browser.close();
      await server.stop();
    },
  };
}

/** Fails with what axe-core finds wrong with the page as it stands. */
export async function assertAccessible(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  const told = violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)}: ${node.failureSummary}`),
  );
  assert.deepEqual(told, [], where);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${where} is ${overflow} px too wide`);
}

/** Calls an operation of the wire API, for what a test needs before it begins. */
export async function call(site, operation, input) {
  const answer = await fetch(site.url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AWSStepFunctions.${operation}`,
    },
    body: JSON.stringify(input),
  });
  const body = await answer.json();
  assert.ok(answer.ok, `${operation}: ${JSON.stringify(body)}`);
  return body;
}

/** A machine of that name, and its ARN. */
export async function createMachine(site, name, definition) {
  const { stateMachineArn } = await call(site, "CreateStateMachine", {
    name,
    definition: JSON.stringify(definition),
    roleArn: "arn:aws:iam::000000000000:role/browser",
  });
  return stateMachineArn;
}

/** Starts an execution, and gives the address of its page. */
export async function start(site, stateMachineArn, input = {}, name = undefined) {
  const { executionArn } = await call(site, "StartExecution", {
    stateMachineArn,
    name,
    input: JSON.stringify(input),
  });
  return executionArn;
}

/** Definitions that several tests use. */
export const succeeding = { StartAt: "Done", States: { Done: { Type: "Succeed" } } };

export const failing = {
  Comment: "Fails when the input is not ok.",
  StartAt: "Ok?",
  States: {
    "Ok?": {
      Type: "Choice",
      Choices: [{ Variable: "$.ok", BooleanEquals: true, Next: "Fine" }],
      Default: "Not fine",
    },
    Fine: { Type: "Succeed" },
    "Not fine": { Type: "Fail", Error: "NotOk", Cause: "the input says that it is not ok" },
  },
};

export const waiting = (seconds) => ({
  StartAt: "Rest",
  States: { Rest: { Type: "Wait", Seconds: seconds, End: true } },
});
