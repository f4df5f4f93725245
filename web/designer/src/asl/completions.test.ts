import { test } from "node:test";
import assert from "node:assert/strict";
import { completed, completions, paths } from "./completions";
import { isBroken, open } from "./document";
import { JsonError, tryParse } from "./json/parse";

function json(text: string) {
  const read = tryParse(text);
  assert.ok(!(read instanceof JsonError));
  return read;
}

const opened = open('{"StartAt": "A", "States": {"A": {"Type": "Pass", "Assign": {"total": 1}, "Next": "B"}, "B": {"Type": "Succeed"}}}');
assert.ok(!isBroken(opened));
const [, state] = [...opened.machine.states.values()];
assert.ok(state);

test("paths of an input are offered outermost first, each as its language writes it", () => {
  const input = json('{"order": {"items": [{"id": 1}], "odd name": 2}}');
  assert.deepEqual(paths("$", input), ["$.order", "$.order.items", "$.order['odd name']", "$.order.items[0]", "$.order.items[0].id"]);
  assert.ok(paths("$states.input", input).includes("$states.input.order.`odd name`"));
  assert.deepEqual(paths("$", null), []);
});

test("a word that is begun becomes a variable, a path or a function", () => {
  const at = (text: string, language: "JSONata" | "JSONPath") => completed(text, completions(state, language, json('{"total": 1}'), null)).choices;
  assert.deepEqual(at("{% $tot", "JSONata"), ["$total"]);
  assert.deepEqual(at("{% $states.input.", "JSONata"), ["$states.input.total"]);
  assert.ok(at("{% $su", "JSONata").includes("$sum("));
  assert.deepEqual(at("$.t", "JSONPath"), ["$.total"]);
  assert.ok(at("States.For", "JSONPath").includes("States.Format("));
  assert.deepEqual(at("plain words", "JSONata"), []);
});
