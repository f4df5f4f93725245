// Where a line leads: to another state, to a new one, or to the end.

import { put } from "../json/change";
import { string, type Path } from "../json/node";
import type { Machine } from "../machine";
import { updateObject } from "../json/change";
import { ending, onwards } from "./place";
import { refuse, stateAt, type Edit } from "./edit";

/** Leads a line (`["Next"]`, `["Choices", 0, "Next"]`, …) to the state of that name. */
export function connectTo(machine: Machine, id: string, path: Path, name: string): Edit {
  const state = stateAt(machine, id);
  if (!state) return refuse("That state is no longer there.");
  if (!state.scope.byName.has(name)) return refuse(`There is no state called “${name}” in this branch.`);
  const isNext = path.length === 1 && path[0] === "Next";
  const root = isNext
    ? updateObject(machine.root, state.path, (node) => (state.links.some(({ kind }) => kind === "next") ? put(node, path, string(name)) : onwards(node, name)))
    : put(machine.root, [...state.path, ...path], string(name));
  return { root, selection: [id], said: `${state.name} leads to ${name}` };
}

/** Makes a state end its flow. */
export function endHere(machine: Machine, id: string): Edit {
  const state = stateAt(machine, id);
  if (!state) return refuse("That state is no longer there.");
  if (state.type === "Choice") return refuse("A Choice cannot end the flow; what it leads to can.");
  return { root: updateObject(machine.root, state.path, ending), selection: [id], said: `${state.name} ends the flow` };
}
