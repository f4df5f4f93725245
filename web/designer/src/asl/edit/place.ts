// Where states can be put: on a line, at an end, before everything in a scope. Putting them there
// keeps the flow whole: what led to the place leads to them, and they lead on to where it led.

import { put, remove, replaceKey, set, updateObject, withMembers } from "../json/change";
import { at, has, isObject, isTrue, itemsOf, literal, object, string, textOf, type JsonObject, type Path } from "../json/node";
import { scopeAt, successorOf, unreachable, type Machine, type Scope, type State } from "../machine";
import { after, idOf, refuse, stateAt, told, withStates, type Edit, type Refused } from "./edit";

export type Place =
  | { readonly kind: "start"; readonly scope: string }
  | { readonly kind: "link"; readonly state: string; readonly path: Path }
  /** After a state of which no line leads on: it ends, or is a Choice without a default. */
  | { readonly kind: "end"; readonly state: string };

/** States to put somewhere. The first one is where the flow enters. */
export interface Fragment {
  readonly states: readonly { readonly name: string; readonly node: JsonObject }[];
  /** Where the flow enters. */
  readonly start: string;
}

/** The place right after a state; null behind one that nothing can follow. */
export function placeAfter(state: State): Place | null {
  if (state.type === "Succeed" || state.type === "Fail") return null;
  const link = state.links.find(({ kind }) => kind === "next" || kind === "default");
  return link ? { kind: "link", state: state.id, path: link.path } : { kind: "end", state: state.id };
}

/** The place right before a state: the line by which the flow comes to it in the ordinary course. */
export function placeBefore(state: State): Place | null {
  if (state.scope.start === state.name) return { kind: "start", scope: state.scope.id };
  for (const kind of ["next", "choice", "default", "catch"] as const) {
    for (const from of state.scope.states) {
      const link = from.links.find((each) => each.kind === kind && each.target === state.name);
      if (link && from !== state) return { kind: "link", state: from.id, path: link.path };
    }
  }
  return null;
}

interface Found {
  readonly scope: Scope;
  /** The state that the line comes from; null for the start. */
  readonly from: State | null;
  /** The name of what the place leads to now. */
  readonly target: string | null;
}

/** What a place is in this machine. */
export function resolve(machine: Machine, place: Place): Found | Refused {
  if (place.kind === "start") {
    const scope = scopeAt(machine, place.scope);
    return scope ? { scope, from: null, target: scope.start } : refuse("That branch is no longer there.");
  }
  const from = stateAt(machine, place.state);
  if (!from) return refuse("That state is no longer there.");
  if (place.kind === "end") return { scope: from.scope, from, target: null };
  const key = place.path.at(-1);
  const target = typeof key === "string" ? textOf(at(from.node, place.path.slice(0, -1)), key) : null;
  return target === null ? refuse("That line is no longer there.") : { scope: from.scope, from, target };
}

/** Puts a fragment at a place. Its names must be free. */
export function insertAt(machine: Machine, place: Place, fragment: Fragment, verb = "Added"): Edit {
  const found = resolve(machine, place);
  if ("refused" in found) return found;
  const { scope, from } = found;
  const target = found.target !== null && scope.byName.has(found.target) ? found.target : null;
  const names = new Set(fragment.states.map(({ name }) => name));
  const states = fragment.states.map(({ name, node }) => ({ name, node: connect(node, target, names) }));

  let root = withStates(withStatesObject(machine.root, scope.path), scope.path, (old) => {
    const before = from ? old.members.findIndex((member) => member.key === from.name) + 1 : 0;
    const added = states.map(({ name, node }) => ({ key: name, value: node, origin: null }));
    return withMembers(old, old.members.toSpliced(before, 0, ...added));
  });
  root = lead(root, scope.path, from?.name ?? null, place, fragment.start);

  const made = after(root);
  const lost = newlyUnreachable(machine, made, scope);
  const [first] = fragment.states;
  if (lost.length > 0 && first) {
    const what = fragment.states.length === 1 ? `“${first.name}”` : "What you add";
    return refuse(`${what} ends the flow there: ${told(lost)} would no longer be reached. Put it at an end, or on a rule of its own.`);
  }
  return {
    root,
    selection: fragment.states.map(({ name }) => idOf(scope.path, name)),
    said: `${verb} ${first && fragment.states.length === 1 ? first.name : `${fragment.states.length} states`}${from ? ` after ${from.name}` : " at the start"}`,
  };
}

/** States of the scope that were reached before an edit and are not after it. */
function newlyUnreachable(before: Machine, made: Machine, scope: Scope): State[] {
  const now = scopeAt(made, scope.id);
  if (!now) return [];
  const were = new Set([...unreachable(scope)].map(({ name }) => name));
  return [...unreachable(now)].filter((state) => !were.has(state.name) && before.states.has(state.id));
}

/** The tree with `States` in that scope, should it have none. */
function withStatesObject(root: JsonObject, scope: Path): JsonObject {
  if (isObject(at(root, [...scope, "States"]))) return root;
  return put(root, [...scope, "States"], object([]));
}

/** Makes what led to a place lead to `name`. */
function lead(root: JsonObject, scope: Path, from: string | null, place: Place, name: string): JsonObject {
  if (place.kind === "start" || from === null) return updateObject(root, scope, (node) => withStart(node, name));
  const path = [...scope, "States", from];
  if (place.kind === "link") return put(root, [...path, ...place.path], string(name));
  return updateObject(root, path, (node) => onwards(node, name));
}

/** The scope with another start. */
export function withStart(node: JsonObject, name: string): JsonObject {
  if (has(node, "StartAt")) return set(node, "StartAt", string(name));
  const states = node.members.findIndex((member) => member.key === "States");
  const member = { key: "StartAt", value: string(name), origin: null };
  return withMembers(node, node.members.toSpliced(Math.max(0, states), 0, member));
}

/** The state, which led nowhere, leading to `name`. */
export function onwards(node: JsonObject, name: string): JsonObject {
  if (textOf(node, "Type") === "Choice") return set(node, "Default", string(name), ["Choices"]);
  if (has(node, "End")) return remove(replaceKey(node, "End", "Next", string(name)));
  return set(node, "Next", string(name));
}

/** The state, which may lead on, ending its flow. */
export function ending(node: JsonObject): JsonObject {
  if (has(node, "Next")) return replaceKey(node, "Next", "End", literal(true));
  return has(node, "End") ? set(node, "End", literal(true)) : set(node, "End", literal(true));
}

/** A fragment's state led on to `target` where it ends, or ending where there is none. */
export function connect(node: JsonObject, target: string | null, names: ReadonlySet<string>): JsonObject {
  const type = textOf(node, "Type");
  if (type === "Succeed" || type === "Fail") return node;
  if (type === "Choice") return connectChoice(node, target, names);
  const next = textOf(node, "Next");
  if (next !== null && names.has(next)) return node;
  if (target === null) return ending(node);
  if (isTrue(node, "End") || next !== null || !has(node, "Next")) {
    return has(node, "End") ? replaceKey(remove(node, "Next"), "End", "Next", string(target)) : set(node, "Next", string(target));
  }
  return node;
}

/** A new Choice: its rules without a target, and its default, lead on. */
function connectChoice(node: JsonObject, target: string | null, names: ReadonlySet<string>): JsonObject {
  let next = node;
  const rules = itemsOf(node, "Choices");
  rules.forEach((rule, index) => {
    const to = textOf(rule, "Next");
    if (to !== null && names.has(to)) return;
    if (target !== null) next = put(next, ["Choices", index, "Next"], string(target));
  });
  if (target === null) {
    const kept = rules.filter((rule) => names.has(textOf(rule, "Next") ?? ""));
    if (kept.length < rules.length) next = put(next, ["Choices"], { kind: "array", items: kept, origin: null, base: null });
    const otherwise = textOf(next, "Default");
    return otherwise !== null && !names.has(otherwise) ? remove(next, "Default") : next;
  }
  const otherwise = textOf(next, "Default");
  return otherwise !== null && names.has(otherwise) ? next : set(next, "Default", string(target), ["Choices"]);
}

/** Whether states put behind `state` go behind its successor too: the way Alt+Down takes. */
export function placeBeyond(state: State): Place | null {
  const next = successorOf(state);
  return next && next !== state ? placeAfter(next) : null;
}

