// Runs the unit tests beside the code (*.test.ts): bundled into a temporary folder, then by Node's own
// test runner. Arguments are parts of the paths to run: `node test.js layout`.

import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(join(here, "src"), { recursive: true })
  .filter((path) => /\.test\.tsx?$/.test(path))
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)));
const out = mkdtempSync(join(tmpdir(), "stepwright-designer-"));
await build({
  absWorkingDir: here,
  entryPoints: files.map((path) => `src/${path}`),
  outdir: out,
  outbase: "src",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  // Packages as the browser gets them; Node's own modules stay outside.
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["browser"],
  external: ["node:*"],
  target: "node20",
  jsx: "automatic",
  jsxImportSource: "preact",
  sourcemap: "inline",
  logLevel: "warning",
});
const tests = files.map((path) => join(out, path.replace(/\.tsx?$/, ".mjs")));
const ended = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...tests], {
  stdio: "inherit",
  env: { ...process.env, STEPWRIGHT_ROOT: fileURLToPath(new URL("../..", import.meta.url)) },
});
rmSync(out, { recursive: true });
process.exit(ended.status ?? 1);
