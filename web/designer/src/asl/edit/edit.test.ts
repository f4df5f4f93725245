import assert from "node:assert/strict";
import { test } from "node:test";
import { isBroken, open, withRoot, type Document } from "../document";
import { EMPTY, record, redo, undo } from "../history";
import { objectOf, of, textOf, type PlainObject } from "../json/node";
import { printAlone } from "../json/print";
import { TYPES, unreachable, type State } from "../machine";
import { madeUpText, publicDefinitions } from "../../testing/definitions";
import { random, type Random } from "../../testing/random";
import { deleteStates, lossesOf } from "./delete";
import { isRefused, type Edit } from "./edit";
import { convert, setField, setTop } from "./field";
import { moveAlong, moveStates } from "./move";
import { addState, templateOf } from "./new";
import { connectTo, endHere } from "./next";
import { copyText, duplicate, paste } from "./paste";
import { placeAfter, placeBefore, type Place } from "./place";
import { rename } from "./rename";
import { addBranch, deleteBranch, moveItem, unwrap, wrap } from "./wrap";

function document(text: string): Document {
  const opened = open(text);
  assert.ok(!isBroken(opened), text);
  return opened;
}

const laid = (value: PlainObject): string => JSON.stringify(value, null, 2);

/** A → B → C, where B may fail to D. */
const CHAIN = laid({
  StartAt: "A",
  States: {
    A: { Type: "Pass", Next: "B" },
    B: { Type: "Task", Resource: "x", Catch: [{ ErrorEquals: ["States.ALL"], Next: "D" }], Next: "C" },
    C: { Type: "Pass", End: true },
    D: { Type: "Fail" },
  },
});

const CHOICE = laid({
  StartAt: "Q",
  States: {
    Q: { Type: "Choice", Choices: [{ Variable: "$.a", IsPresent: true, Next: "Yes" }], Default: "No" },
    Yes: { Type: "Pass", Next: "Done" },
    No: { Type: "Pass", Next: "Done" },
    Done: { Type: "Succeed" },
  },
});

const id = (name: string): string => `/States/${name}`;

/** The flow after an edit in short: `A>B B>C C.` */
function flow(text: string, edit: (document: Document) => Edit): string {
  const opened = document(text);
  const done = edit(opened);
  if (isRefused(done)) return `refused: ${done.refused}`;
  const { machine } = withRoot(opened, done.root);
  const told = [...machine.states.values()].map((state) => {
    const ways = state.links.map((link) => (link.kind === "next" ? ">" : link.kind === "catch" ? "!" : link.kind === "default" ? "~" : "?") + link.target);
    return `${state.name}${ways.join("")}${state.ends ? "." : ""}`;
  });
  return `${machine.scope.start}: ${told.join(" ")}`;
}

function check(text: string, edit: (document: Document) => Edit, expected: string): void {
  assert.equal(flow(text, edit), expected);
}

const on = (name: string, ...path: (string | number)[]): Place => ({ kind: "link", state: id(name), path: path.length > 0 ? path : ["Next"] });
const top: Place = { kind: "start", scope: "" };

test("a state is added on a line, at an end, at the start, into nothing", () => {
  const pass = templateOf("Pass");
  check(CHAIN, ({ machine }) => addState(machine, on("A"), pass), "A: A>Pass Pass>B B>C!D C. D.");
  check(CHAIN, ({ machine }) => addState(machine, on("B", "Catch", 0, "Next"), pass), "A: A>B B>C!Pass Pass>D C. D.");
  check(CHAIN, ({ machine }) => addState(machine, { kind: "end", state: id("C") }, pass), "A: A>B B>C!D C>Pass Pass. D.");
  check(CHAIN, ({ machine }) => addState(machine, top, pass), "Pass: Pass>A A>B B>C!D C. D.");
  check("", ({ machine }) => addState(machine, top, pass), "Pass: Pass.");
  check(CHAIN, ({ machine }) => addState(machine, on("A"), templateOf("Choice")), "A: A>Choice Choice?B~B B>C!D C. D.");
});

test("what ends the flow is refused where something would no longer be reached", () => {
  check(CHAIN, ({ machine }) => addState(machine, on("A"), templateOf("Fail")), "refused: “Fail” ends the flow there: 3 states would no longer be reached. Put it at an end, or on a rule of its own.");
  check(CHAIN, ({ machine }) => addState(machine, { kind: "end", state: id("C") }, templateOf("Succeed")), "A: A>B B>C!D C>Succeed Succeed. D.");
});

test("deleting heals what led to a state", () => {
  check(CHAIN, ({ machine }) => deleteStates(machine, [id("B")]), "A: A>C C. D.");
  check(CHAIN, ({ machine }) => deleteStates(machine, [id("A")]), "B: B>C!D C. D.");
  check(CHAIN, ({ machine }) => deleteStates(machine, [id("C")]), "A: A>B B!D. D.");
  check(CHAIN, ({ machine }) => deleteStates(machine, [id("D")]), "A: A>B B>C C.");
  check(CHAIN, ({ machine }) => deleteStates(machine, [id("B"), id("C")]), "A: A. D.");
  check(CHOICE, ({ machine }) => deleteStates(machine, [id("Q")]), "No: Yes>Done No>Done Done.");
  check(CHOICE, ({ machine }) => deleteStates(machine, [id("Yes")]), "Q: Q?Done~No No>Done Done.");
});

test("a loop of deleted states ends, and nothing leads to itself", () => {
  const loop = laid({ StartAt: "A", States: { A: { Type: "Pass", Next: "B" }, B: { Type: "Pass", Next: "A" } } });
  check(loop, ({ machine }) => deleteStates(machine, [id("B")]), "A: A.");
});

test("what a deletion takes with it is said before", () => {
  const { machine } = document(laid({ StartAt: "Q", States: { Q: { Type: "Choice", Choices: [{ Variable: "$.a", IsNull: true, Next: "End" }] }, End: { Type: "Succeed" } } }));
  assert.deepEqual(lossesOf(machine, [id("End")]), ["“Q” will lose its last rule."]);
  assert.deepEqual(lossesOf(document(CHAIN).machine, [id("D")]), ["“B” will no longer catch what leads to “D”."]);
  assert.deepEqual(lossesOf(document(CHAIN).machine, [id("A")]), []);
});

test("moving closes the hole and opens the line", () => {
  check(CHAIN, ({ machine }) => moveStates(machine, [id("A")], on("B")), "B: B>A!D A>C C. D.");
  check(CHAIN, ({ machine }) => moveAlong(machine, id("A"), 1), "B: B>A!D A>C C. D.");
  check(CHAIN, ({ machine }) => moveAlong(machine, id("C"), -1), "A: A>C C>B B!D. D.");
  check(CHAIN, ({ machine }) => moveStates(machine, [id("A"), id("B")], { kind: "end", state: id("C") }), "C: C>A A>B B!D. D.");
  check(CHAIN, ({ machine }) => moveStates(machine, [id("A")], on("A")), "refused: It is there already.");
  check(CHOICE, ({ machine }) => moveStates(machine, [id("Q")], on("Yes")), "refused: “Q” has several ways out. Move the states around it, or select what its rules lead to as well.");
});

test("moving into another branch, and not into itself", () => {
  const nested = laid({
    StartAt: "P",
    States: {
      P: { Type: "Parallel", Branches: [{ StartAt: "In", States: { In: { Type: "Pass", End: true } } }], Next: "Out" },
      Out: { Type: "Pass", End: true },
    },
  });
  const inner = "/States/P/Branches/0/States/In";
  check(nested, ({ machine }) => moveStates(machine, [id("Out")], { kind: "end", state: inner }), "P: P. In>Out Out.");
  check(nested, ({ machine }) => moveStates(machine, [id("P")], { kind: "end", state: inner }), "refused: “P” cannot be moved into itself.");
  check(nested, ({ machine }) => moveStates(machine, [inner], on("P")), "P: P>In In>Out Out.");
});

test("wrapping takes catchers along that lead out, and unwrapping puts the flow back", () => {
  check(CHAIN, ({ machine }) => wrap(machine, [id("A"), id("B")], "Parallel"), "Parallel: Parallel>C!D A>B B. C. D.");
  check(CHAIN, ({ machine }) => wrap(machine, [id("A"), id("C")], "Map"), "refused: The flow enters what is selected in several places: “A”, “C”. Select what lies between them as well.");
  check(CHOICE, ({ machine }) => wrap(machine, [id("Q")], "Map"), "refused: “Q” leads to “Yes” by a rule, which cannot leave a branch. Select that state as well.");
  const wrapped = document(CHAIN);
  const done = wrap(wrapped.machine, [id("A")], "Parallel");
  assert.ok(!isRefused(done));
  const again = withRoot(wrapped, done.root);
  check(again.text, ({ machine }) => unwrap(machine, id("Parallel")), "A: A>B B>C!D C. D.");
});

test("a name changes with every reference to it, and has to be free", () => {
  check(CHAIN, ({ machine }) => rename(machine, id("D"), "Sorry"), "A: A>B B>C!Sorry C. Sorry.");
  check(CHOICE, ({ machine }) => rename(machine, id("Q"), "Question"), "Question: Question?Yes~No Yes>Done No>Done Done.");
  check(CHAIN, ({ machine }) => rename(machine, id("A"), "B"), "refused: There is a state called “B” already.");
  check(CHAIN, ({ machine }) => rename(machine, id("A"), "  "), "refused: A state needs a name.");
  const nata = laid({ QueryLanguage: "JSONata", StartAt: "Q", States: { Q: { Type: "Choice", Choices: [{ Condition: "{% true %}", Next: "X" }], Default: "X" }, X: { Type: "Succeed" } } });
  check(nata, ({ machine }) => rename(machine, id("X"), "Y"), "Q: Q?Y~Y Y.");
});

test("renaming changes the lines that name the state and no others", () => {
  const before = CHAIN.split("\n");
  const opened = document(CHAIN);
  const done = rename(opened.machine, id("D"), "Sorry");
  assert.ok(!isRefused(done));
  const after = withRoot(opened, done.root).text.split("\n");
  assert.equal(after.length, before.length);
  assert.equal(after.filter((line, index) => line !== before[index]).length, 2);
});

test("copies have names of their own and references among themselves", () => {
  const { machine } = document(CHAIN);
  const text = copyText(machine, [id("A"), id("B")]);
  check(CHAIN, (opened) => paste(opened.machine, { kind: "end", state: id("C") }, text), "A: A>B B>C!D C>A 2 A 2>B 2 B 2. D.");
  check(CHAIN, (opened) => duplicate(opened.machine, [id("A")]), "A: A>A 2 A 2>B B>C!D C. D.");
  check(CHAIN, (opened) => paste(opened.machine, top, '"New": {"Type": "Pass"},'), "New: New>A A>B B>C!D C. D.");
  check(CHAIN, (opened) => paste(opened.machine, top, "hello"), "refused: The clipboard holds no states: no value starts like this.");
});

test("a state leads elsewhere, ends, becomes another type and keeps what fits", () => {
  check(CHAIN, ({ machine }) => connectTo(machine, id("C"), ["Next"], "A"), "A: A>B B>C!D C>A D.");
  check(CHAIN, ({ machine }) => endHere(machine, id("A")), "A: A. B>C!D C. D.");
  check(CHAIN, ({ machine }) => convert(machine, id("A"), "Choice"), "A: A?B~B B>C!D C. D.");
  check(CHAIN, ({ machine }) => convert(machine, id("B"), "Parallel"), "A: A>B B>C!D C. D.");
  check(CHAIN, ({ machine }) => convert(machine, id("C"), "Fail"), "A: A>B B>C!D C. D.");
});

test("a field goes where people write it, and an emptied object goes away", () => {
  const opened = document(CHAIN);
  const done = setField(opened.machine, id("B"), ["TimeoutSeconds"], of(30));
  assert.ok(!isRefused(done));
  const next = withRoot(opened, done.root);
  const keys = next.machine.states.get(id("B"))?.node.members.map(({ key }) => key);
  assert.deepEqual(keys, ["Type", "Resource", "TimeoutSeconds", "Catch", "Next"]);
  const role = setField(next.machine, id("B"), ["Credentials", "RoleArn"], of("r"));
  assert.ok(!isRefused(role));
  const with_ = withRoot(next, role.root);
  const without = setField(with_.machine, id("B"), ["Credentials", "RoleArn"], null);
  assert.ok(!isRefused(without));
  assert.equal(withRoot(with_, without.root).text, next.text);
});

// Properties

/** An edit of any kind, made by chance. */
function anyEdit(source: Random, { machine }: Document): Edit {
  const states = [...machine.states.values()];
  const pick = (): State => source.pick(states);
  const place = (): Place => {
    const state = pick();
    const link = state.links.length > 0 ? source.pick(state.links) : null;
    if (link && source.chance(0.6)) return { kind: "link", state: state.id, path: link.path };
    return placeAfter(state) ?? placeBefore(state) ?? { kind: "start", scope: state.scope.id };
  };
  const few = (): string[] => Array.from({ length: 1 + source.int(3) }, () => pick().id);
  const along = (): string[] => {
    const state = pick();
    const next = state.scope.states[state.scope.states.indexOf(state) + 1];
    return next ? [state.id, next.id] : [state.id];
  };
  if (states.length === 0) return addState(machine, top, templateOf(source.pick(TYPES)));
  switch (source.int(16)) {
    case 0: return addState(machine, place(), templateOf(source.pick(TYPES)));
    case 1: return deleteStates(machine, few());
    case 2: return moveStates(machine, few(), place());
    case 3: return wrap(machine, along(), source.pick(["Parallel", "Map"] as const));
    case 4: return unwrap(machine, pick().id);
    case 5: return rename(machine, pick().id, source.pick(["x", 'quoted "y"', "schräg/~", "Λ"]) + source.int(1000));
    case 6: return duplicate(machine, few());
    case 7: return paste(machine, place(), copyText(machine, along()));
    case 8: return setField(machine, pick().id, ["Comment"], of("noted\n\"here\""));
    case 9: return setField(machine, pick().id, ["Comment"], null);
    case 10: return convert(machine, pick().id, source.pick(TYPES));
    case 11: return addBranch(machine, pick().id);
    case 12: return deleteBranch(machine, pick().id, source.int(2));
    case 13: return moveItem(machine, pick().id, source.pick(["Choices", "Branches", "Catch"]), 0, 1);
    case 14: return moveAlong(machine, pick().id, source.chance(0.5) ? 1 : -1);
    default: return setTop(machine, "Comment", source.chance(0.5) ? of("top") : null);
  }
}

test("every edit of any valid definition leaves text that can be read, with nothing lost that is reached", () => {
  let done = 0;
  for (let seed = 0; seed < 150; seed++) {
    const source = random(seed);
    let current = document(madeUpText(seed, { states: 3 + source.int(25) }));
    for (let step = 0; step < 14; step++) {
      const edit = anyEdit(source, current);
      if (isRefused(edit)) continue;
      const before = current;
      const next = withRoot(current, edit.root);
      assert.ok(edit.root === before.machine.root || next !== before, `seed ${seed}, step ${step}: not readable\n${before.text}`);
      assert.equal(printAlone(next.machine.root).length > 0, true);
      assertWhole(next, `seed ${seed}, step ${step}`);
      current = next;
      done++;
    }
  }
  assert.ok(done > 1000, `${done} edits`);
});

/** Every link leads to a state, and names are unique. */
function assertWhole({ machine, text }: Document, where: string): void {
  const names = [...machine.states.values()].map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, `${where}: a name twice\n${text}`);
  for (const state of machine.states.values()) {
    for (const link of state.links) assert.ok(state.scope.byName.has(link.target), `${where}: ${state.name} leads to ${link.target}\n${text}`);
    const { start } = state.scope;
    assert.ok(start !== null && state.scope.byName.has(start), `${where}: a scope starts at ${start}`);
  }
}

test("do, then undo, gives the same text, fifty steps back and forward again", () => {
  for (let seed = 0; seed < 25; seed++) {
    const source = random(seed + 1000);
    let current = document(madeUpText(seed, { states: 20 }));
    let history = EMPTY;
    const texts = [current.text];
    while (texts.length < 50) {
      const edit = anyEdit(source, current);
      if (isRefused(edit)) continue;
      const next = withRoot(current, edit.root);
      if (next.text === current.text) continue;
      history = record(history, { text: current.text, selection: [] }, { text: next.text, selection: edit.selection }, null, 0);
      current = next;
      texts.push(current.text);
    }
    let { text } = current;
    for (const expected of texts.slice(0, -1).reverse()) {
      const stepped = undo(history, text);
      assert.ok(stepped);
      assert.equal(stepped.text, expected, `seed ${seed}`);
      ({ history, text } = stepped);
    }
    assert.equal(undo(history, text), null);
    for (const expected of texts.slice(1)) {
      const stepped = redo(history, text);
      assert.ok(stepped);
      assert.equal(stepped.text, expected, `seed ${seed}`);
      ({ history, text } = stepped);
    }
  }
});

test("typing in one field is one step; a pause or another field makes another", () => {
  const at = (text: string) => ({ text, selection: [] });
  let history = record(EMPTY, at("a"), at("ab"), "name", 0);
  history = record(history, at("ab"), at("abc"), "name", 500);
  assert.equal(history.past.length, 1);
  assert.equal(undo(history, "abc")?.text, "a");
  history = record(history, at("abc"), at("abcd"), "name", 2_000);
  history = record(history, at("abcd"), at("abcde"), "other", 2_100);
  assert.equal(history.past.length, 3);
});

test("one field of a public definition changes one stretch of lines", () => {
  for (const { name, text } of publicDefinitions()) {
    const opened = open(text);
    if (isBroken(opened)) continue;
    for (const state of [...opened.machine.states.values()].slice(0, 3)) {
      if (textOf(state.node, "Comment") !== null) continue;
      const done = setField(opened.machine, state.id, ["Comment"], of("noted"));
      assert.ok(!isRefused(done));
      const next = withRoot(opened, done.root).text;
      const inserted = next.length - text.length;
      assert.ok(inserted > 0 && inserted < 80, `${name}: ${inserted} more`);
    }
  }
});

test("unreachable states are those that the start does not lead to", () => {
  const { machine } = document(CHAIN.replace('"Next": "D"', '"Next": "C"'));
  assert.deepEqual([...unreachable(machine.scope)].map(({ name }) => name), ["D"]);
  assert.ok(objectOf({}));
});
