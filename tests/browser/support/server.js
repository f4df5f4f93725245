// A server on a database of its own, for the tests of one file. Not a browser: see the cases.
//
// `cargo xtask check` names the program that starts both; by hand, `cargo build --workspace --bins`
// makes it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const built = fileURLToPath(new URL("../../../target/debug/test-server", import.meta.url));

/**
 * Starts a server, with further arguments of `stepwright serve`.
 * @param {...string} serveArguments
 * @returns {Promise<{url: string, databaseUrl: string, pid: number, stop: () => Promise<void>}>}
 */
export async function startServer(...serveArguments) {
  const program = process.env.STEPWRIGHT_TEST_SERVER ?? built;
  const child = spawn(program, serveArguments, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([once(lines, "line"), ended.then(() => null)]);
  if (line === null) throw new Error(`${program} ended before it was ready`);
  const told = JSON.parse(line[0]);
  return {
    url: told.url,
    databaseUrl: told.database_url,
    pid: told.pid,
    // The server drains and the database is dropped when its standard input closes.
    stop: async () => {
      child.stdin.end();
      const [code] = await ended;
      if (code !== 0) throw new Error(`the server ended with ${code}`);
    },
  };
}
