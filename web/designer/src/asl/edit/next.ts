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

/** Leads a line to a state wherever it lies; only one of the same scope can be led to. */
export function connectStates(machine: Machine, id: string, path: Path, to: string): Edit {
  const [state, target] = [stateAt(machine, id), stateAt(machine, to)];
  if (!state || !target) return refuse("That state is no longer there.");
  if (state.scope !== target.scope) return refuse(`“${target.name}” lies in another branch: a line cannot lead there.`);
  return connectTo(machine, id, path, target.name);
}

/** Makes a state end its flow. */
export function endHere(machine: Machine, id: string): Edit {
  const state = stateAt(machine, id);
  if (!state) return refuse("That state is no longer there.");
  if (state.type === "Choice") return refuse("A Choice cannot end the flow; what it leads to can.");
  return { root: updateObject(machine.root, state.path, ending), selection: [id], said: `${state.name} ends the flow` };
}
