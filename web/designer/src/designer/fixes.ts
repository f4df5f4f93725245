// What can be done about a problem with one press: found from what is wrong with the document itself,
// never from the words of a message.

import { put, updateObject } from "../asl/json/change";
import { get, isObject, itemsOf, objectOf, string } from "../asl/json/node";
import { deleteStates } from "../asl/edit/delete";
import type { Edit } from "../asl/edit/edit";
import { connectTo, endHere } from "../asl/edit/next";
import { addState, newRule, templateOf } from "../asl/edit/new";
import { withStart } from "../asl/edit/place";
import { scopeAt, unreachable, type Machine, type Scope, type State } from "../asl/machine";

export interface Fix {
  readonly words: string;
  readonly edit: () => Edit;
}

/** The fixes for what is wrong at a pointer. */
export function fixesFor(machine: Machine, place: string | null, state: State | null): Fix[] {
  if (state) return ofState(machine, state, place ?? "");
  const scope = place === null ? machine.scope : (scopeAt(machine, place.replace(/\/(?:StartAt|States)$/, "")) ?? machine.scope);
  return ofScope(machine, scope);
}

function ofState(machine: Machine, state: State, place: string): Fix[] {
  const fixes: Fix[] = [];
  const inner = state.branches.find((branch) => place.startsWith(branch.id)) ?? state.branches.find((branch) => branch.states.length === 0);
  if (inner) fixes.push(...ofScope(machine, inner));
  for (const link of state.links) {
    if (state.scope.byName.has(link.target)) continue;
    const near = nearestName(state.scope, link.target);
    if (near) fixes.push({ words: `Lead to “${near}”`, edit: () => connectTo(machine, state.id, link.path, near) });
    if (link.target !== "") fixes.push({ words: `Create “${link.target}”`, edit: () => create(machine, state.scope, link.target) });
    if (link.kind === "next") fixes.push({ words: "End here", edit: () => endHere(machine, state.id) });
  }
  const needsWay = state.type !== "Choice" && !state.ends && state.links.every(({ kind }) => kind !== "next");
  if (needsWay) fixes.push({ words: "End here", edit: () => endHere(machine, state.id) });
  const hasBoth = state.links.some(({ kind }) => kind === "next") && get(state.node, "End") !== null;
  if (hasBoth) fixes.push({ words: "Keep the next state", edit: () => without(machine, state, "End") });
  if (state.type === "Choice" && itemsOf(state.node, "Choices").length === 0) {
    const target = state.scope.states.find((each) => each !== state);
    if (target) fixes.push({ words: "Add a rule", edit: () => addRule(machine, state, target) });
  }
  if (unreachable(state.scope).has(state)) fixes.push({ words: "Delete it", edit: () => deleteStates(machine, [state.id]) });
  return fixes;
}

function ofScope(machine: Machine, scope: Scope): Fix[] {
  if (scope.states.length === 0) {
    return [{ words: "Add a Pass state", edit: () => addState(machine, { kind: "start", scope: scope.id }, templateOf("Pass")) }];
  }
  if (scope.start !== null && scope.byName.has(scope.start)) return [];
  const [first] = scope.states;
  if (!first) return [];
  return [{
    words: `Start at “${first.name}”`,
    edit: () => ({ root: updateObject(machine.root, scope.path, (node) => withStart(node, first.name)), selection: [first.id], said: `Starts at ${first.name}` }),
  }];
}

function create(machine: Machine, scope: Scope, name: string): Edit {
  const root = put(machine.root, [...scope.path, "States", name], objectOf({ Type: "Pass", End: true }));
  return { root, selection: [], said: `Created ${name}` };
}

function without(machine: Machine, state: State, key: string): Edit {
  return { root: put(machine.root, [...state.path, key], null), selection: [state.id], said: "" };
}

function addRule(machine: Machine, state: State, target: State): Edit {
  const rule = put(newRule(state.language), ["Next"], string(target.name));
  const choices = get(state.node, "Choices");
  const root = isObject(choices) || choices === null
    ? put(machine.root, [...state.path, "Choices"], { kind: "array", items: [rule], origin: null, base: null })
    : put(machine.root, [...state.path, "Choices", 0], rule);
  return { root, selection: [state.id], said: "Added a rule" };
}

/** A name of the scope that is nearly the one that was meant. */
function nearestName(scope: Scope, wanted: string): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(wanted.length / 4)) + 1;
  for (const { name } of scope.states) {
    const distance = editDistance(name.toLowerCase(), wanted.toLowerCase(), least);
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best;
}

function editDistance(one: string, other: string, enough: number): number {
  if (Math.abs(one.length - other.length) >= enough) return enough;
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let against = 1; against <= other.length; against++) {
      const isSame = one[at - 1] === other[against - 1];
      next.push(Math.min((row[against] ?? 0) + 1, (next[against - 1] ?? 0) + 1, (row[against - 1] ?? 0) + (isSame ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? enough;
}
