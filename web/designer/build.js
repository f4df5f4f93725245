// Bundles the front end into web/dist: one file for each thing that a page loads, what they share and
// what is loaded on demand in chunks beside them. The server gives the addresses their hashes.

import { build } from "esbuild";
import { readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = here("../dist");

const { metafile } = await build({
  absWorkingDir: here("."),
  entryPoints: { graph: "src/graph/island.ts", designer: "src/designer/island.tsx", yaml: "src/code/convert.ts" },
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  chunkNames: "chunk-[hash]",
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
});

// Chunks of an earlier bundle have other names.
const made = new Set(Object.keys(metafile.outputs).map((path) => path.split("/").at(-1)));
for (const name of readdirSync(out)) {
  if (!made.has(name) && name !== ".built") rmSync(`${out}/${name}`);
}
