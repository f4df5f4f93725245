// States put into a Parallel or a Map of their own, and what such a state holds put in its place.

import { put, remove, replaceKey, updateObject, withMembers } from "../json/change";
import { array, get, has, isObject, isTrue, itemsOf, literal, object, string, textOf, type Json, type JsonObject, type Member } from "../json/node";
import { freeName, namesOf, targetOf, type Machine, type Scope, type State } from "../machine";
import { ending } from "./place";
import { takeOut } from "./delete";
import { idOf, outermost, refuse, stateAt, withStates, type Edit } from "./edit";

/** Puts states of one scope into a new Parallel or Map at their place. */
export function wrap(machine: Machine, ids: readonly string[], type: "Parallel" | "Map"): Edit {
  const states = outermost(machine, ids);
  const [first] = states;
  if (!first) return refuse("Nothing is selected.");
  const { scope } = first;
  if (states.some((state) => state.scope !== scope)) return refuse("States of different branches cannot be wrapped together.");
  const among = new Set(states);
  const entries = entriesOf(scope, among);
  if (entries.length > 1) return refuse(`The flow enters what is selected in several places: ${quoted(entries)}. Select what lies between them as well.`);
  const start = entries[0] ?? first;
  const exits = exitsOf(states, among);
  if (typeof exits === "string") return refuse(exits);

  const name = freeName(namesOf(machine), type);
  const names = new Set(states.map((state) => state.name));
  const inner = states.map((state): Member => ({ key: state.name, value: inside(state, among), origin: null }));
  const catchers = states.flatMap((state) => catchersOutside(state, among));
  const branch = object([["StartAt", string(start.name)], ["States", object(inner.map(({ key, value }) => [key, value] as const))]]);
  let node = container(type, branch);
  if (catchers.length > 0) node = put(node, ["Catch"], array(catchers));
  node = exits.target === null ? put(node, ["End"], literal(true)) : put(node, ["Next"], string(exits.target));

  const index = get(scope.node, "States");
  const place = isObject(index) ? index.members.findIndex(({ key }) => names.has(key)) : 0;
  let root = withStates(machine.root, scope.path, (old) => {
    const kept = old.members.toSpliced(place, 0, { key: name, value: node, origin: null });
    return withMembers(old, kept);
  });
  root = takeOut(root, scope, names);
  root = redirect(root, scope, names, name);
  return { root, selection: [idOf(scope.path, name)], said: `Wrapped ${states.length === 1 ? first.name : `${states.length} states`} in a ${type}` };
}

function container(type: "Parallel" | "Map", branch: JsonObject): JsonObject {
  if (type === "Parallel") return object([["Type", string("Parallel")], ["Branches", array([branch])]]);
  const config = object([["Mode", string("INLINE")]]);
  const processor = object([["ProcessorConfig", config], ...branch.members.map(({ key, value }) => [key, value] as const)]);
  return object([["Type", string("Map")], ["ItemProcessor", processor]]);
}

function quoted(states: readonly State[]): string {
  return states.map(({ name }) => `“${name}”`).join(", ");
}

/** The states by which the flow comes in from outside. */
function entriesOf(scope: Scope, among: ReadonlySet<State>): State[] {
  const entries = new Set<State>();
  const start = scope.start === null ? undefined : scope.byName.get(scope.start);
  if (start && among.has(start)) entries.add(start);
  for (const from of scope.states) {
    if (among.has(from)) continue;
    for (const link of from.links) {
      const target = targetOf(from, link);
      if (target && among.has(target)) entries.add(target);
    }
  }
  return [...entries];
}

/** Where the flow goes on to behind the states: one target, the end, or why it cannot be said. */
function exitsOf(states: readonly State[], among: ReadonlySet<State>): { target: string | null } | string {
  const targets = new Set<string | null>();
  for (const state of states) {
    if (isTrue(state.node, "End")) targets.add(null);
    for (const link of state.links) {
      const target = targetOf(state, link);
      if (target && among.has(target)) continue;
      if (link.kind === "next") targets.add(link.target);
      else if (link.kind !== "catch") return `“${state.name}” leads to “${link.target}” by a rule, which cannot leave a branch. Select that state as well.`;
    }
  }
  const named = [...targets].filter((target) => target !== null);
  if (named.length > 1) return `What is selected leads on to several states: ${named.map((name) => `“${name}”`).join(", ")}.`;
  if (named.length === 1 && targets.has(null)) return "Some of what is selected ends the flow and some leads on.";
  return { target: named[0] ?? null };
}

/** The state as it stands in the new branch. */
function inside(state: State, among: ReadonlySet<State>): JsonObject {
  let node = state.node;
  const next = state.links.find(({ kind }) => kind === "next");
  const target = next ? targetOf(state, next) : null;
  if (next && !(target && among.has(target))) node = ending(node);
  const kept = itemsOf(node, "Catch").filter((catcher) => !isOutside(state, catcher, among));
  if (kept.length === itemsOf(node, "Catch").length) return node;
  return kept.length === 0 ? remove(node, "Catch") : put(node, ["Catch"], array(kept));
}

function isOutside(state: State, catcher: Json, among: ReadonlySet<State>): boolean {
  const target = state.scope.byName.get(textOf(catcher, "Next") ?? "");
  return !(target && among.has(target));
}

/** Catchers that lead out: what holds the states catches instead of them. */
function catchersOutside(state: State, among: ReadonlySet<State>): Json[] {
  return state.type === "Choice" ? [] : itemsOf(state.node, "Catch").filter((catcher) => isOutside(state, catcher, among));
}

/** Leads what led to any of `names` to `to`. */
function redirect(root: JsonObject, scope: Scope, names: ReadonlySet<string>, to: string): JsonObject {
  let next = root;
  if (scope.start !== null && names.has(scope.start)) next = put(next, [...scope.path, "StartAt"], string(to));
  for (const from of scope.states) {
    if (names.has(from.name)) continue;
    for (const link of from.links) {
      if (names.has(link.target)) next = put(next, [...from.path, ...link.path], string(to));
    }
  }
  return next;
}

/** Puts what a Parallel or a Map holds in its place; several branches follow one another. */
export function unwrap(machine: Machine, id: string): Edit {
  const state = stateAt(machine, id);
  if (!state) return refuse("That state is no longer there.");
  const branches = state.branches.filter((branch) => branch.states.length > 0);
  const [first] = branches;
  if (!first) return refuse(`“${state.name}” holds nothing.`);
  const { scope } = state;
  const after = state.links.find(({ kind }) => kind === "next")?.target ?? null;
  const members: Member[] = branches.flatMap((branch, index) => {
    const following = branches[index + 1]?.start ?? after;
    return branch.states.map((inner) => ({ key: inner.name, value: onward(inner.node, following), origin: null }));
  });
  const clash = members.find(({ key }) => key !== state.name && scope.byName.has(key));
  if (clash) return refuse(`There is a state called “${clash.key}” outside as well. Rename one of them first.`);
  let root = redirect(machine.root, scope, new Set([state.name]), first.start ?? first.states[0]?.name ?? "");
  root = withStates(root, scope.path, (old) => {
    const place = old.members.findIndex(({ key }) => key === state.name);
    return withMembers(old, old.members.toSpliced(place, 1, ...members));
  });
  return {
    root,
    selection: members.map(({ key }) => idOf(scope.path, key)),
    said: `Unwrapped ${state.name}`,
  };
}

/** A state of a branch as it goes on outside of it. */
function onward(node: JsonObject, target: string | null): JsonObject {
  if (target === null) return node;
  if (textOf(node, "Type") === "Succeed") {
    return put(put(node, ["Type"], string("Pass")), ["Next"], string(target));
  }
  return has(node, "End") ? replaceKey(node, "End", "Next", string(target)) : node;
}

/** Adds an empty branch to a Parallel. */
export function addBranch(machine: Machine, id: string): Edit {
  const state = stateAt(machine, id);
  if (state?.type !== "Parallel") return refuse("Only a Parallel has branches.");
  const root = put(machine.root, [...state.path, "Branches"], array([]), ["Type"]);
  const count = itemsOf(state.node, "Branches").length;
  const base = count === 0 ? root : machine.root;
  const next = put(base, [...state.path, "Branches", count], object([["States", object([])]]));
  return { root: next, selection: [id], said: `Added branch ${count + 1}` };
}

export function deleteBranch(machine: Machine, id: string, index: number): Edit {
  const state = stateAt(machine, id);
  if (!state) return refuse("That state is no longer there.");
  if (itemsOf(state.node, "Branches").length <= 1) return refuse("A Parallel needs a branch. Delete the state, or unwrap it.");
  return { root: put(machine.root, [...state.path, "Branches", index], null), selection: [id], said: `Deleted branch ${index + 1}` };
}

/** Moves an element of a list of a state: a branch, a rule, a retrier, a catcher. */
export function moveItem(machine: Machine, id: string, list: string, from: number, to: number): Edit {
  const state = stateAt(machine, id);
  const items = state ? itemsOf(state.node, list) : [];
  const item = items[from];
  if (!state || !item || to < 0 || to >= items.length) return refuse("There is no further place.");
  const root = updateObject(machine.root, state.path, (node) => {
    const old = get(node, list);
    return old?.kind === "array" ? put(node, [list], reordered(old.items.toSpliced(from, 1).toSpliced(to, 0, item), old)) : node;
  });
  return { root, selection: [id], said: `Moved to place ${to + 1} of ${items.length}` };
}

function reordered(items: readonly Json[], old: Extract<Json, { kind: "array" }>): Json {
  return { kind: "array", items, origin: null, base: old.origin ? old : old.base };
}
