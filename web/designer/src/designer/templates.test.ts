import assert from "node:assert/strict";
import { test } from "node:test";
import { isBroken, open, withRoot } from "../asl/document";
import { isRefused } from "../asl/edit/edit";
import { found, itemsFor } from "./templates";

const patterns = [{ id: "poll", title: "Poll until done", help: "Asks again and again.", definition: '{"StartAt":"Ask","States":{"Ask":{"Type":"Pass","Next":"Rest"},"Rest":{"Type":"Wait","Seconds":3,"Next":"Ask"}}}' }];
const items = itemsFor(patterns);

test("everything in the palette can be added to an empty machine, in both languages", () => {
  for (const text of ["", '{"QueryLanguage": "JSONata", "States": {}}']) {
    for (const item of items) {
      const opened = open(text);
      assert.ok(!isBroken(opened));
      const edit = item.add(opened.machine, { kind: "start", scope: "" });
      assert.ok(!isRefused(edit), item.name);
      const next = withRoot(opened, edit.root);
      const { scope } = next.machine;
      assert.ok(scope.start !== null && scope.byName.has(scope.start), item.name);
      assert.equal(edit.selection.length, scope.states.length, item.name);
    }
  }
});

test("the search finds by words of name and help, names first", () => {
  assert.equal(found(items, "wait")[0]?.name, "Wait for token");
  assert.deepEqual(found(items, "poll").map(({ name }) => name), ["Poll until done"]);
  assert.deepEqual(found(items, "zzz"), []);
  assert.equal(found(items, " ").length, items.length);
});
