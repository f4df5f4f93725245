// Copying states as definition text, putting such text anywhere, and duplicating.

import { put, renameKey, updateObject, withMembers } from "../json/change";
import { get, isObject, itemsOf, object, pointer, string, textOf, type JsonObject } from "../json/node";
import { JsonError, tryParse } from "../json/parse";
import { printAlone } from "../json/print";
import { freeName, machineOf, namesOf, scopeAt, type Machine, type Scope, type State } from "../machine";
import { outermost, refuse, told, type Edit, type Refused } from "./edit";
import { connect, insertAt, placeAfter, type Fragment, type Place } from "./place";

/** States as text that any editor takes, and `paste` too. */
export function copyText(machine: Machine, ids: readonly string[]): string {
  const states = outermost(machine, ids);
  const start = startAmong(states);
  return `${printAlone(object([
    ["StartAt", string(start)],
    ["States", object(states.map(({ name, node }) => [name, node] as const))],
  ]))}\n`;
}

function startAmong(states: readonly State[]): string {
  const entered = (state: State) => states.some((from) => from !== state && from.links.some((link) => link.target === state.name));
  return (states.find((state) => !entered(state)) ?? states[0])?.name ?? "";
}

/** Puts the states that a text holds at a place: a definition, its `States`, or one state. */
export function paste(machine: Machine, place: Place, text: string): Edit {
  const read = readStates(text);
  if ("refused" in read) return read;
  return insertAt(machine, place, renamed(read, namesOf(machine)), "Pasted");
}

/** The states of a text, in any of the forms in which people copy them. */
export function readStates(text: string): Fragment | Refused {
  const root = tryParse(text.trim().replace(/,$/, ""));
  const tree = root instanceof JsonError ? tryParse(`{${text.trim().replace(/,$/, "")}}`) : root;
  if (tree instanceof JsonError) return refuse(`The clipboard holds no states: ${root instanceof JsonError ? root.message : tree.message}.`);
  if (!isObject(tree)) return refuse("The clipboard holds no states.");
  const states = get(tree, "States");
  if (isObject(states)) return fragmentOf(tree);
  if (textOf(tree, "Type") !== null) return fragmentOf(object([["States", object([[textOf(tree, "Type") ?? "State", tree]])]]));
  const isAllStates = tree.members.length > 0 && tree.members.every(({ value }) => textOf(value, "Type") !== null);
  return isAllStates ? fragmentOf(object([["States", tree]])) : refuse("The clipboard holds no states.");
}

function fragmentOf(root: JsonObject): Fragment | Refused {
  const { scope } = machineOf(root);
  const [first] = scope.states;
  if (!first) return refuse("There are no states in it.");
  const start = scope.start !== null && scope.byName.has(scope.start) ? scope.start : startAmong(scope.states);
  return { states: scope.states.map(({ name, node }) => ({ name, node: withinOnly(node, scope) })), start };
}

/** The state without catchers that lead to what did not come along. */
function withinOnly(node: JsonObject, scope: Scope): JsonObject {
  const catchers = itemsOf(node, "Catch");
  const kept = catchers.filter((catcher) => scope.byName.has(textOf(catcher, "Next") ?? ""));
  if (kept.length === catchers.length) return node;
  const cleared = put(node, ["Catch"], null);
  return kept.length === 0 ? cleared : put(cleared, ["Catch"], { kind: "array", items: kept, origin: null, base: null });
}

/** The fragment with names that are free, its own references following. */
export function renamed(fragment: Fragment, taken: ReadonlySet<string>): Fragment {
  const used = new Set(taken);
  let root = object([
    ["StartAt", string(fragment.start)],
    ["States", object(fragment.states.map(({ name, node }) => [name, node] as const))],
  ]);
  root = renameAll(root, used);
  const { scope } = machineOf(root);
  return { states: scope.states.map(({ name, node }) => ({ name, node })), start: scope.start ?? "" };
}

/** Gives every state a name that `used` has not. */
function renameAll(root: JsonObject, used: Set<string>): JsonObject {
  const renames: [State, string][] = [];
  for (const state of machineOf(root).states.values()) {
    const name = freeName(used, state.name);
    used.add(name);
    if (name !== state.name) renames.push([state, name]);
  }
  // Innermost first: a path does not change before what lies below it is done.
  return renames.reverse().reduce((next, [state, name]) => renameIn(next, state, name), root);
}

function renameIn(root: JsonObject, state: State, name: string): JsonObject {
  // Siblings may have been renamed before: their paths are those of now.
  const scope = scopeAt(machineOf(root), state.scope.id);
  if (!scope) return root;
  let next = root;
  if (scope.start === state.name) next = put(next, [...scope.path, "StartAt"], string(name));
  for (const from of scope.states) {
    for (const link of from.links) {
      if (link.target === state.name) next = put(next, [...from.path, ...link.path], string(name));
    }
  }
  return updateObject(next, [...scope.path, "States"], (states) => renameKey(states, state.name, name));
}

/** Copies of states, put behind the last of them. */
export function duplicate(machine: Machine, ids: readonly string[]): Edit {
  const states = outermost(machine, ids);
  const last = states.at(-1);
  if (!last) return refuse("Nothing is selected.");
  const read = readStates(copyText(machine, ids));
  if ("refused" in read) return read;
  const fragment = renamed(read, namesOf(machine));
  const place = placeAfter(last);
  if (!place) return aside(machine, last.scope, fragment);
  const edit = insertAt(machine, place, fragment, "Duplicated");
  if ("refused" in edit) return aside(machine, last.scope, fragment);
  return { ...edit, said: `Duplicated ${told(states)}` };
}

/** Copies of what ends the flow stand aside, to be led to by hand. */
function aside(machine: Machine, scope: Scope, fragment: Fragment): Edit {
  const path = [...scope.path, "States"];
  const old = get(scope.node, "States");
  if (!isObject(old)) return refuse("There is no place for the copy.");
  const names = new Set(fragment.states.map(({ name }) => name));
  const added = fragment.states.map(({ name, node }) => ({ key: name, value: connect(node, null, names), origin: null }));
  const root = put(machine.root, path, withMembers(old, [...old.members, ...added]));
  const selection = fragment.states.map(({ name }) => pointer([...path, name]));
  return { root, selection, said: "Duplicated; nothing leads to the copy yet" };
}

/** A copy of a branch behind the last one, its states under names of their own. */
export function duplicateBranch(machine: Machine, id: string, index: number): Edit {
  const state = machine.states.get(id);
  const branch = state?.branches[index];
  if (!state || !branch) return refuse("That branch is no longer there.");
  const node = renameAll(branch.node, namesOf(machine));
  const count = itemsOf(state.node, "Branches").length;
  return { root: put(machine.root, [...state.path, "Branches", count], node), selection: [id], said: `Duplicated branch ${index + 1}` };
}
