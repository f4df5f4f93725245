import assert from "node:assert/strict";
import { test } from "node:test";
import { madeUpText, publicDefinitions } from "../../testing/definitions";
import { put, reconcile, remove, renameKey, set, update, withItems } from "./change";
import { at, get, isArray, isObject, objectOf, of, string, type Json, type JsonObject } from "./node";
import { JsonError, parse, tryParse } from "./parse";
import { print, printAlone } from "./print";

function object(text: string): JsonObject {
  const root = parse(text);
  assert.ok(isObject(root));
  return root;
}

/** What `change` makes of `text`, printed. */
function changed(text: string, change: (root: JsonObject) => Json): string {
  return print(change(object(text)), text);
}

test("what is read and not changed is printed byte for byte", () => {
  const texts = [
    '{"a":1}', ' {"a" : [1 , 2.50,\t-0e+5] }\n\n', "{}", '{\r\n  "a": "\\u00e4\\n",\r\n  "a": null\r\n}',
    ...publicDefinitions().map(({ text }) => text),
    ...Array.from({ length: 40 }, (_, seed) => madeUpText(seed, { states: 5 + seed })),
  ];
  for (const text of texts) {
    const root = tryParse(text);
    if (!(root instanceof JsonError)) assert.equal(print(root, text), text);
  }
});

test("what cannot be read says where and what should be there", () => {
  for (const [text, message, line, column] of [
    ["", "the text ends where a value should be", 1, 1],
    ['{"a": 1,}', "a name in quotes should follow the comma", 1, 9],
    ['{\n  "a" 1\n}', "a colon should follow the name", 2, 7],
    ['{"a": 01}', "a comma or } should be here", 1, 8],
    ['["a\n"]', "a text that does not end, or holds a sign that must be escaped", 1, 2],
    ["[1] 2", "nothing may follow the value", 1, 5],
    ["[".repeat(600), "more than 500 levels deep", 1, 502],
  ] as const) {
    const error = tryParse(text);
    assert.ok(error instanceof JsonError, text);
    assert.deepEqual([error.message, error.line, error.column], [message, line, column]);
  }
});

test("a new member is laid out like its neighbours", () => {
  assert.equal(changed('{\n    "a": 1\n}\n', (root) => set(root, "b", of({ c: [1] }))), '{\n    "a": 1,\n    "b": {\n        "c": [\n            1\n        ]\n    }\n}\n');
  assert.equal(changed('{"a":1}', (root) => set(root, "b", of({ c: [1, 2] }))), '{"a":1,"b":{"c":[1,2]}}');
  assert.equal(changed('{ "a": 1 }', (root) => set(root, "b", of(2))), '{ "a": 1, "b": 2 }');
  assert.equal(changed('{\n\t"a": {}\n}', (root) => put(root, ["a", "b"], of(true))), '{\n\t"a": {\n\t\t"b": true\n\t}\n}');
});

test("only the lines that must change do", () => {
  const text = '{\n  "a":   1,\n\n  "b": { "x":1, "y" : 2 },\n  "c": [ 1,2,  3 ]\n}';
  assert.equal(changed(text, (root) => put(root, ["b", "y"], of(3))), text.replace('"y" : 2', '"y" : 3'));
  assert.equal(changed(text, (root) => remove(root, "b")), '{\n  "a":   1,\n  "c": [ 1,2,  3 ]\n}');
  assert.equal(changed(text, (root) => remove(root, "c")), '{\n  "a":   1,\n\n  "b": { "x":1, "y" : 2 }\n}');
  assert.equal(changed(text, (root) => renameKey(root, "b", "z")), text.replace('"b"', '"z"'));
  assert.equal(changed(text, (root) => put(root, ["c", 1], null)), text.replace("1,2,  3", "1,  3"));
});

test("items that change their order take their text along", () => {
  const text = '{\n  "list": [\n    { "a":1 },\n    {\n      "b": 2\n    }\n  ]\n}';
  const turned = changed(text, (root) => {
    const next = update(root, ["list"], (list) => (isArray(list) ? withItems(list, list.items.toReversed()) : list));
    return next;
  });
  assert.equal(turned, '{\n  "list": [\n    {\n      "b": 2\n    },\n    { "a":1 }\n  ]\n}');
});

test("what moves to another depth is indented for it, and nothing else about it changes", () => {
  const text = '{\n  "a": {\n    "deep": { "x":1,\n      "y": 2 }\n  }\n}';
  const moved = changed(text, (root) => set(root, "b", at(root, ["a", "deep"]) ?? string("")));
  assert.equal(moved, '{\n  "a": {\n    "deep": { "x":1,\n      "y": 2 }\n  },\n  "b": { "x":1,\n    "y": 2 }\n}');
});

test("a tree made anew of values is fitted into the text that says nearly the same", () => {
  const text = '{\n  "a": 1.0,\n  "b": [ {"x": 1}, {"y": 2} ]\n}';
  const next = objectOf({ a: 1, b: [{ x: 1 }, { y: 3 }], c: "new" });
  assert.equal(print(reconcile(object(text), next), text), '{\n  "a": 1.0,\n  "b": [ {"x": 1}, {"y": 3} ],\n  "c": "new"\n}');
});

test("names that mean something to objects are names like others", () => {
  const root = object('{"__proto__": 1, "10": 2, "2": 3, "constructor": 4}');
  assert.equal(printAlone(get(root, "__proto__") ?? string("")), "1");
  assert.deepEqual(root.members.map(({ key }) => key), ["__proto__", "10", "2", "constructor"]);
});
