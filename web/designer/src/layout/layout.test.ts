import assert from "node:assert/strict";
import { test } from "node:test";
import { isBroken, open, withRoot } from "../asl/document";
import { isRefused } from "../asl/edit/edit";
import { rename } from "../asl/edit/rename";
import type { Machine } from "../asl/machine";
import { madeUp, publicDefinitions, type Shape } from "../testing/definitions";
import { Layouter } from "./layout";
import { crossingsOf, faultsOf } from "./quality";
import type { Card, Picture } from "./types";

const NONE = { collapsed: new Set<string>() };

function machineOfText(text: string): Machine {
  const opened = open(text);
  assert.ok(!isBroken(opened));
  return opened.machine;
}

const pictureOf = (machine: Machine, options = NONE): Picture => new Layouter().picture(machine, options);

function made(seed: number, shape: Shape): Machine {
  return machineOfText(JSON.stringify(madeUp(seed, shape), null, 2));
}

function card(picture: Picture, name: string): Card {
  const found = picture.cards.find(({ state }) => state.name === name);
  assert.ok(found, name);
  return found;
}

const publicMachines = (): { name: string; machine: Machine }[] =>
  publicDefinitions().flatMap(({ name, text }) => {
    const opened = open(text);
    return isBroken(opened) ? [] : [{ name, machine: opened.machine }];
  });

const SHAPES: readonly [string, Shape][] = [
  ["small", { states: 12 }],
  ["45 states", { states: 45, depth: 2 }],
  ["deep", { states: 60, depth: 5 }],
  ["loops", { states: 40, depth: 0, loops: 0.8, choices: 0.4 }],
  ["catches", { states: 40, depth: 1, catches: 0.9 }],
  ["30-way", { states: 60, depth: 0, choices: 0.06, rules: 30, loops: 0.05 }],
  ["200 states", { states: 200, depth: 3 }],
];

test("public definitions: nothing overlaps, no line runs through a card or on another", () => {
  const machines = publicMachines();
  let crossings = 0;
  for (const { name, machine } of machines) {
    const picture = pictureOf(machine);
    assert.deepEqual(faultsOf(picture), [], name);
    assert.equal(picture.cards.length, machine.states.size, name);
    crossings += crossingsOf(picture);
  }
  console.log(`${machines.length} public definitions, ${crossings} crossings`);
  // May only get smaller.
  assert.ok(crossings <= CROSSINGS_PUBLIC, `${crossings} crossings`);
});

const CROSSINGS_PUBLIC = 10;

for (const [word, shape] of SHAPES) {
  test(`made-up definitions, ${word}: the same`, () => {
    const found: string[] = [];
    for (let seed = 0; seed < (shape.states > 100 ? 4 : 20); seed++) {
      found.push(...faultsOf(pictureOf(made(seed, shape))).map((fault) => `seed ${seed}: ${fault}`));
    }
    assert.deepEqual(found, []);
  });
}

test("the first state of every scope is on top, and the same text gives the same picture", () => {
  for (let seed = 0; seed < 20; seed++) {
    const machine = made(seed, { states: 50, depth: 3 });
    const picture = pictureOf(machine);
    assert.deepEqual(pictureOf(machine), picture);
    for (const strip of picture.strips) {
      const inside = picture.cards.filter(({ state }) => state.scope.id === strip.id);
      const first = inside.find(({ state }) => state.name === strip.scope.start);
      assert.ok(first && inside.every((each) => each.y >= first.y), strip.id);
      assert.ok(first && first.y === strip.entryEnd[1] && strip.entryEnd[0] > first.x && strip.entryEnd[0] < first.x + first.w);
    }
  }
});

test("branches stand from left to right in the order of the text, and so do rules without crossings", () => {
  const branch = (name: string) => ({ StartAt: name, States: { [name]: { Type: "Pass", End: true } } });
  const machine = machineOfText(JSON.stringify({
    StartAt: "P",
    States: {
      P: { Type: "Parallel", Branches: ["a", "b", "c"].map(branch), Next: "Q" },
      Q: { Type: "Choice", Choices: ["x", "y", "z"].map((Next) => ({ Variable: "$.v", IsPresent: true, Next })), Default: "w" },
      ...Object.fromEntries(["x", "y", "z", "w"].map((name) => [name, { Type: "Succeed" }])),
    },
  }));
  const picture = pictureOf(machine);
  const left = (name: string): number => card(picture, name).x;
  assert.ok(left("a") < left("b") && left("b") < left("c"));
  assert.ok(left("x") < left("y") && left("y") < left("z") && left("z") < left("w"));
  assert.deepEqual(picture.lines.filter(({ label }) => label).map(({ label }) => label?.text), ["v is present", "v is present", "v is present", "otherwise"]);
});

test("a loop runs back in a lane, and what is not reached stands below and is marked", () => {
  const machine = machineOfText(JSON.stringify({
    StartAt: "A",
    States: {
      A: { Type: "Pass", Next: "B" },
      B: { Type: "Choice", Choices: [{ Variable: "$.again", BooleanEquals: true, Next: "A" }], Default: "C" },
      C: { Type: "Succeed" },
      Lost: { Type: "Pass", Next: "C" },
    },
  }));
  const picture = pictureOf(machine);
  assert.deepEqual(picture.lines.filter(({ isBack }) => isBack).map(({ from, to }) => `${from} ${to}`), ["/States/B /States/A", "/States/Lost /States/C"]);
  assert.deepEqual(picture.cards.filter(({ isUnreachable }) => isUnreachable).map(({ id }) => id), ["/States/Lost"]);
  assert.ok(card(picture, "Lost").y > card(picture, "C").y);
  assert.deepEqual(faultsOf(picture), []);
});

test("a collapsed container is a card, and an empty scope has room for a first state", () => {
  const machine = machineOfText(JSON.stringify({
    StartAt: "P",
    States: { P: { Type: "Parallel", Branches: [{ States: {} }, { StartAt: "a", States: { a: { Type: "Pass", End: true } } }], End: true } },
  }));
  const opened = pictureOf(machine);
  assert.equal(opened.strips.length, 3);
  assert.deepEqual(faultsOf(opened), []);
  const closed = pictureOf(machine, { collapsed: new Set(["/States/P"]) });
  assert.equal(closed.cards.length, 1);
  assert.equal(closed.strips.length, 1);
});

test("a change in one branch leaves every other branch as it was", () => {
  const opened = open(JSON.stringify(madeUp(3, { states: 60, depth: 3 }), null, 2));
  assert.ok(!isBroken(opened));
  const layouter = new Layouter();
  const before = layouter.picture(opened.machine, NONE);
  const inner = [...opened.machine.states.values()].find(({ scope }) => scope.depth === 2);
  assert.ok(inner);
  const done = rename(opened.machine, inner.id, "Zz");
  assert.ok(!isRefused(done));
  const after = layouter.picture(withRoot(opened, done.root).machine, NONE);
  assert.deepEqual(after, pictureOf(withRoot(opened, done.root).machine), "what is remembered is what is laid out anew");
  assert.deepEqual(after.cards.map(({ x, y }) => [x, y]), before.cards.map(({ x, y }) => [x, y]));
});

for (const [states, budget] of [[45, 20], [200, 50], [1_000, 100]] as const) {
  test(`${states} states are laid out in ${budget} ms of CPU`, () => {
    const machine = made(11, { states, depth: 3 });
    for (let warm = 0; warm < 6; warm++) pictureOf(machine);
    const spent: number[] = [];
    for (let round = 0; round < 7; round++) {
      const start = process.cpuUsage();
      pictureOf(machine);
      const { user, system } = process.cpuUsage(start);
      spent.push((user + system) / 1000);
    }
    const median = spent.sort((one, other) => one - other)[3] ?? 0;
    console.log(`${states} states: ${median.toFixed(1)} ms`);
    assert.ok(median <= budget, `${median.toFixed(1)} ms`);
  });
}
