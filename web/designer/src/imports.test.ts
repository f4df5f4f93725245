import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

/** What the files of a folder may import beside their own: folders of ours, and packages. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  asl: [],
  layout: ["asl"],
  canvas: ["asl", "layout"],
  forms: ["asl", "canvas", "designer", "preact"],
  code: ["asl", "designer", "preact", "yaml", "@codemirror", "@lezer"],
  designer: ["asl", "layout", "canvas", "forms", "code", "preact"],
  graph: ["asl", "layout", "canvas"],
  testing: ["asl"],
};

const root = join(process.env["STEPWRIGHT_ROOT"] ?? ".", "web/designer/src");

test("imports go from the islands to the views, the layout and the document, and never back", () => {
  const bad: string[] = [];
  for (const file of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    const [folder = "", ...rest] = file.split("/");
    const may = MAY[folder];
    if (!may || rest.length === 0 || !/\.tsx?$/.test(file) || /\.test\./.test(file)) continue;
    const text = readFileSync(join(root, file), "utf8");
    for (const [, still, later] of text.matchAll(/^(?:import|export|\}).* from "([^"]+)"|import\("([^"]+)"\)/gm)) {
      const from = still ?? later ?? "";
      const target = from.startsWith(".") ? join(folder, ...rest.slice(0, -1), from).split("/")[0] : from.split("/")[0];
      if (target === folder || may.includes(target ?? "")) continue;
      if (folder === "testing" && from.startsWith("node:")) continue;
      bad.push(`${file} imports ${from}`);
    }
  }
  assert.deepEqual(bad, []);
});

test("the document and the layout know no page", () => {
  for (const folder of ["asl", "layout"]) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
      const text = readFileSync(join(root, folder, file), "utf8");
      assert.doesNotMatch(text, /\b(?:window|localStorage|HTMLElement|querySelector|getBoundingClientRect)\b/, file);
    }
  }
});
