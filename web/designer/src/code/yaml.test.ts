import assert from "node:assert/strict";
import { test } from "node:test";
import { madeUpText, publicDefinitions } from "../testing/definitions";
import { same } from "../asl/json/node";
import { JsonError, tryParse } from "../asl/json/parse";
import { printAlone } from "../asl/json/print";
import { fromYaml, toYaml } from "./yaml";

test("a definition goes to YAML and back and says the same", () => {
  const texts = [
    '{"a": "yes", "b": "1.0", "c": 1.50, "d": null, "e": [], "f": {}, "g": "a\\nb: c", "10": true, "h": "{% $x %}"}',
    ...publicDefinitions().map(({ text }) => text),
    ...Array.from({ length: 10 }, (_, seed) => madeUpText(seed, { states: 12 })),
  ];
  for (const text of texts) {
    const tree = tryParse(text);
    if (tree instanceof JsonError) continue;
    const back = fromYaml(toYaml(tree));
    assert.ok("node" in back, "message" in back ? `${back.message}\n${toYaml(tree)}` : "");
    assert.ok(same(tree, back.node), `${text}\n${printAlone(back.node)}`);
  }
});

test("what is no YAML says where", () => {
  const broken = fromYaml("a: 1\nb: [1, 2\n");
  assert.ok("message" in broken);
  assert.ok(broken.line >= 2);
  assert.ok("message" in fromYaml("a: &x 1\nb: *x\n"));
});
