// What an edit gives: a new tree with what is selected afterwards and a sentence for the live region;
// or why it cannot be.

import { updateObject } from "../json/change";
import { type JsonObject, pointer, type Path } from "../json/node";
import { machineOf, type Machine, type Scope, type State } from "../machine";

export interface Done {
  readonly root: JsonObject;
  /** Ids of states. */
  readonly selection: readonly string[];
  /** What was done, in words. */
  readonly said: string;
}

export interface Refused {
  readonly refused: string;
}

export type Edit = Done | Refused;

export const refuse = (refused: string): Refused => ({ refused });

export function isRefused(edit: Edit): edit is Refused {
  return "refused" in edit;
}

/** The tree with other states in a scope. */
export function withStates(root: JsonObject, scope: Path, change: (states: JsonObject) => JsonObject): JsonObject {
  return updateObject(root, [...scope, "States"], change);
}

/** The id of a state by its scope and name. */
export function idOf(scope: Path, name: string): string {
  return pointer([...scope, "States", name]);
}

export function stateAt(machine: Machine, id: string): State | null {
  return machine.states.get(id) ?? null;
}

/** The states of these ids that lie in no other of them. */
export function outermost(machine: Machine, ids: readonly string[]): State[] {
  const chosen = new Set(ids);
  const isInside = (state: State): boolean => {
    for (let scope: Scope = state.scope; scope.parent; scope = scope.parent.scope) {
      if (chosen.has(scope.parent.id)) return true;
    }
    return false;
  };
  return [...machine.states.values()].filter((state) => chosen.has(state.id) && !isInside(state));
}

/** The machine of a tree that an edit made, to go on with. */
export function after(root: JsonObject): Machine {
  return machineOf(root);
}

/** `“Pay”`, or `3 states`. */
export function told(states: readonly State[]): string {
  const [only] = states;
  return states.length === 1 && only ? `“${only.name}”` : `${states.length} states`;
}
