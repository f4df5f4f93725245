// Deleting heals: what led to a deleted state leads to where that led, and ends where it ended.

import { put, remove, updateObject, withMembers } from "../json/change";
import { at, isArray, itemsOf, string, type JsonObject } from "../json/node";
import { successorOf, type Machine, type Scope, type State } from "../machine";
import { ending, withStart } from "./place";
import { outermost, refuse, told, withStates, type Edit } from "./edit";

/** Deletes states and heals the flow. */
export function deleteStates(machine: Machine, ids: readonly string[]): Edit {
  const gone = outermost(machine, ids);
  if (gone.length === 0) return refuse("Nothing is selected.");
  let root = machine.root;
  const scopes = new Set(gone.map((state) => state.scope));
  for (const scope of scopes) {
    const inScope = new Set(gone.filter((state) => state.scope === scope));
    root = heal(root, scope, inScope);
    root = withStates(root, scope.path, (states) => remove(states, ...[...inScope].map(({ name }) => name)));
  }
  const [first] = gone;
  const next = first && gone.length > 0 ? selectedAfter(first, new Set(gone)) : null;
  return { root, selection: next ? [next.id] : [], said: `Deleted ${told(gone)}` };
}

/** What deleting these takes with it, to be said before. */
export function lossesOf(machine: Machine, ids: readonly string[]): string[] {
  const gone = new Set(outermost(machine, ids));
  const losses: string[] = [];
  for (const scope of new Set([...gone].map((state) => state.scope))) {
    if (scope.states.every((state) => gone.has(state)) && scope.parent && !gone.has(scope.parent)) {
      losses.push(`A branch of “${scope.parent.name}” will hold no state.`);
    }
    for (const state of scope.states) {
      if (gone.has(state)) continue;
      const rules = state.links.filter(({ kind }) => kind === "choice");
      if (rules.length > 0 && rules.every((link) => leadsNowhere(state, link.target, gone))) {
        losses.push(`“${state.name}” will lose its last rule.`);
      }
      for (const link of state.links) {
        if (link.kind === "catch" && leadsNowhere(state, link.target, gone)) {
          losses.push(`“${state.name}” will no longer catch what leads to “${link.target}”.`);
        }
      }
    }
  }
  return losses;
}

function leadsNowhere(state: State, target: string, gone: ReadonlySet<State>): boolean {
  const to = state.scope.byName.get(target);
  return to !== undefined && gone.has(to) && healed(to, gone, state) === null;
}

/** The state that takes the place of a deleted one for what led to it. */
function healed(state: State, gone: ReadonlySet<State>, from: State | null): State | null {
  const seen = new Set<State>();
  let here: State | null = state;
  while (here && gone.has(here)) {
    if (seen.has(here)) return null;
    seen.add(here);
    here = successorOf(here);
  }
  return here === from ? null : here;
}

/** The tree in which nothing of the scope leads to those states any more. */
function heal(root: JsonObject, scope: Scope, gone: ReadonlySet<State>): JsonObject {
  let next = root;
  const start = scope.start === null ? undefined : scope.byName.get(scope.start);
  if (start && gone.has(start)) {
    const first = healed(start, gone, null) ?? scope.states.find((state) => !gone.has(state)) ?? null;
    next = updateObject(next, scope.path, (node) => (first ? withStart(node, first.name) : remove(node, "StartAt")));
  }
  for (const state of scope.states) {
    if (gone.has(state)) continue;
    next = updateObject(next, state.path, (node) => healState(node, state, gone));
  }
  return next;
}

function healState(node: JsonObject, state: State, gone: ReadonlySet<State>): JsonObject {
  let next = node;
  // From the last to the first, so that taking out a rule moves none that is still to be looked at.
  for (const link of state.links.toReversed()) {
    const target = state.scope.byName.get(link.target);
    if (!target || !gone.has(target)) continue;
    const to = healed(target, gone, state);
    if (to) next = put(next, link.path, string(to.name));
    else if (link.kind === "next") next = ending(next);
    else if (link.kind === "default") next = remove(next, "Default");
    else next = put(next, link.path.slice(0, -1), null);
  }
  const caught = at(next, ["Catch"]);
  const had = itemsOf(node, "Catch").length > 0;
  return isArray(caught) && caught.items.length === 0 && had ? remove(next, "Catch") : next;
}

/** The state that has the place of a deleted one on the screen: what follows, else what led there. */
function selectedAfter(state: State, gone: ReadonlySet<State>): State | null {
  const following = healed(state, gone, null);
  if (following) return following;
  const before = state.scope.states.find((each) => !gone.has(each) && each.links.some((link) => link.target === state.name));
  return before ?? state.scope.states.find((each) => !gone.has(each)) ?? state.scope.parent;
}

/** The states of a scope, nothing healed: for moving and wrapping, which lead on by themselves. */
export function takeOut(root: JsonObject, scope: Scope, names: ReadonlySet<string>): JsonObject {
  return withStates(root, scope.path, (states) => withMembers(states, states.members.filter((member) => !names.has(member.key))));
}
