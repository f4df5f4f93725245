import { test } from "node:test";
import assert from "node:assert/strict";
import { changes, lines, merged, parts, REST } from "./compare";
import { isBroken, open, type Document } from "./document";

function read(text: string): Document {
  const opened = open(text);
  assert.ok(!isBroken(opened), text);
  return opened;
}

const first = read(`{
  "Comment": "one",
  "StartAt": "A",
  "States": {
    "A": { "Type": "Pass", "Next": "B" },
    "B": { "Type": "Pass", "Next": "C" },
    "C": { "Type": "Succeed" }
  }
}`);
const second = read(first.text.replace('"one"', '"two"').replace('"B": { "Type": "Pass"', '"B": { "Type": "Task"').replace('"C": {', '"D": {').replace('"Next": "C"', '"Next": "D"'));

test("states that were added, changed and removed are told apart", () => {
  assert.deepEqual(changes(first, second), { added: ["/States/D"], removed: ["/States/C"], changed: ["/States/B"] });
  assert.deepEqual(changes(first, first), { added: [], removed: [], changed: [] });
});

test("a merge takes the chosen parts of theirs and leaves the rest of mine byte for byte", () => {
  assert.deepEqual(parts(first, second), [REST, "B", "C", "D"]);
  assert.equal(merged(first, second, new Set()), first.text);
  const some = merged(first, second, new Set(["B"]));
  assert.deepEqual(lines(first.text, some).filter(({ kind }) => kind !== "same" && kind !== "gap").map(({ kind, text }) => `${kind} ${text.trim().slice(0, 20)}`), [
    'removed "B": { "Type": "Pass', 'added "B": { "Type": "Task',
  ].map((each) => each));
  const all = merged(first, second, new Set(parts(first, second)));
  assert.deepEqual(JSON.parse(all), JSON.parse(second.text));
});

test("lines that differ are shown with those around them", () => {
  const told = (from: string, to: string): string => lines(from, to).map(({ kind, text }) => ({ same: " ", added: "+", removed: "-", gap: "" })[kind] + text).join("|");
  assert.equal(told("a", "a"), "");
  assert.equal(told("a\nb\nc", "a\nx\nc"), " a|-b|+x| c");
  assert.equal(told("1\n2\n3\n4\n5\n6", "1\n2\n3\n4\n5\nx"), "…| 3| 4| 5|-6|+x");
});
