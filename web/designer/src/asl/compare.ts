// Two documents side by side: which states differ, which lines, and one made of parts of both.

import { same, get, isObject, type JsonObject } from "./json/node";
import { reconcile, remove, set, withMembers } from "./json/change";
import { unlaid, print } from "./json/print";
import type { Document } from "./document";
import type { State } from "./machine";

export interface Changes {
  /** Ids of states of the newer document. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  /** Ids of states of the older one. */
  readonly removed: readonly string[];
}

const CONTAINERS = ["Branches", "ItemProcessor", "Iterator"];

/** Which states are other ones; a state that holds others is changed where its own fields are. */
export function changes(from: Document, to: Document): Changes {
  const before = from.machine.states;
  const after = to.machine.states;
  return {
    added: [...after.keys()].filter((id) => !before.has(id)),
    removed: [...before.keys()].filter((id) => !after.has(id)),
    changed: [...after.values()].filter((state) => differs(before.get(state.id), state)).map(({ id }) => id),
  };
}

function differs(before: State | undefined, after: State): boolean {
  if (!before) return false;
  return !same(own(before.node), own(after.node)) || before.branches.length !== after.branches.length;
}

const own = (node: JsonObject): JsonObject => remove(node, ...CONTAINERS);

/** The part of a definition that is no state: what stands beside `States`. */
export const REST = "";

/** The names of the machine's own states that differ, and `REST` where anything else does. */
export function parts(mine: Document, theirs: Document): string[] {
  const [a, b] = [mine.machine, theirs.machine];
  const names = new Set([...a.scope.byName.keys(), ...b.scope.byName.keys()]);
  const differing = [...names].filter((name) => {
    const [x, y] = [a.scope.byName.get(name), b.scope.byName.get(name)];
    return !x || !y || !same(x.node, y.node);
  });
  return same(remove(a.root, "States"), remove(b.root, "States")) ? differing : [REST, ...differing];
}

/** `mine` with the parts of `chosen` as they are in `theirs`, as text. */
export function merged(mine: Document, theirs: Document, chosen: ReadonlySet<string>): string {
  const { root } = mine.machine;
  const other = theirs.machine.root;
  let states = get(root, "States");
  let made = root;
  if (chosen.has(REST)) {
    const rest = other.members.filter(({ key }) => key !== "States").map((member) => ({ ...member, value: unlaid(member.value), origin: null }));
    const kept = root.members.filter(({ key }) => key === "States");
    made = withMembers(root, [...rest, ...kept]);
  }
  for (const name of chosen) {
    if (name === REST || !isObject(states)) continue;
    const state = theirs.machine.scope.byName.get(name);
    states = state ? set(states, name, unlaid(state.node)) : remove(states, name);
  }
  if (states) made = set(made, "States", states);
  const next = reconcile(root, made);
  return isObject(next) ? print(next, mine.text) : mine.text;
}

export interface Line {
  readonly kind: "same" | "added" | "removed" | "gap";
  readonly text: string;
}

const LINES_MAX = 1_500;
const AROUND = 3;

/** The lines that differ, with those around them. Nothing where the texts are the same. */
export function lines(from: string, to: string): Line[] {
  const a = from.split("\n");
  const b = to.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const line = (kind: Line["kind"]) => (text: string): Line => ({ kind, text });
  const old = a.slice(head, a.length - tail);
  const fresh = b.slice(head, b.length - tail);
  const middle = old.length > LINES_MAX || fresh.length > LINES_MAX ? [...old.map(line("removed")), ...fresh.map(line("added"))] : compared(old, fresh);
  return folded([...a.slice(0, head).map(line("same")), ...middle, ...a.slice(a.length - tail).map(line("same"))]);
}

/** By the longest common subsequence. */
function compared(old: readonly string[], fresh: readonly string[]): Line[] {
  const width = fresh.length + 1;
  const longest = new Uint16Array((old.length + 1) * width);
  const at = (row: number, column: number): number => longest[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row--) {
    for (let column = fresh.length - 1; column >= 0; column--) {
      longest[row * width + column] = old[row] === fresh[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const made: Line[] = [];
  let row = 0;
  let column = 0;
  while (row < old.length || column < fresh.length) {
    if (row < old.length && column < fresh.length && old[row] === fresh[column]) {
      made.push({ kind: "same", text: old[row] ?? "" });
      row++;
      column++;
    } else if (row < old.length && (column === fresh.length || at(row + 1, column) >= at(row, column + 1))) {
      made.push({ kind: "removed", text: old[row++] ?? "" });
    } else {
      made.push({ kind: "added", text: fresh[column++] ?? "" });
    }
  }
  return made;
}

function folded(all: readonly Line[]): Line[] {
  const near = new Set<number>();
  all.forEach(({ kind }, at) => {
    if (kind !== "same") for (let each = at - AROUND; each <= at + AROUND; each++) near.add(each);
  });
  if (near.size === 0) return [];
  return all.flatMap((line, at): Line[] => {
    if (near.has(at)) return [line];
    return at === 0 || near.has(at - 1) ? [{ kind: "gap", text: "…" }] : [];
  });
}
