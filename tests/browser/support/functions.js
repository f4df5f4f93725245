// Functions that workflows of a test call: HTTP endpoints of this process, registered with the server.

import assert from "node:assert/strict";
import { createServer } from "node:http";

/** What a function throws: the error's name and its cause. */
export class FunctionError extends Error {
  constructor(type, message) {
    super(message);
    this.type = type;
  }
}

/**
 * Registers functions by name; each gets the payload and gives the result.
 * @param {{url: string}} site
 * @param {Record<string, (payload: any) => any>} functions
 */
export async function openFunctions(site, functions) {
  /** How often each was called. */
  const calls = Object.fromEntries(Object.keys(functions).map((name) => [name, 0]));
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const name = request.url.slice(1);
    calls[name] += 1;
    const headers = { "Content-Type": "application/json" };
    let result;
    try {
      result = await functions[name](JSON.parse(Buffer.concat(parts)));
    } catch (error) {
      headers["X-Amz-Function-Error"] = "Unhandled";
      result = { errorType: error.type ?? "Error", errorMessage: error.message };
    }
    response.writeHead(200, headers).end(JSON.stringify(result));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  for (const name of Object.keys(functions)) {
    const answer = await fetch(`${site.url}/api/v1/functions/${name}`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ url: `http://127.0.0.1:${server.address().port}/${name}` }),
    });
    assert.ok(answer.ok, `${name}: ${await answer.text()}`);
  }
  return {
    calls,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
