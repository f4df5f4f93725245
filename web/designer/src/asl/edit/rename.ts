// A new name for a state, with every reference to it.

import { put, renameKey } from "../json/change";
import { string } from "../json/node";
import { namesOf, type Machine } from "../machine";
import { idOf, refuse, stateAt, withStates, type Edit } from "./edit";

export const NAME_LENGTH_MAX = 80;

export function rename(machine: Machine, id: string, wanted: string): Edit {
  const state = stateAt(machine, id);
  if (!state) return refuse("That state is no longer there.");
  const name = wanted.trim();
  if (name === state.name) return { root: machine.root, selection: [id], said: "" };
  if (name === "") return refuse("A state needs a name.");
  if ([...name].length > NAME_LENGTH_MAX) return refuse(`A name has at most ${NAME_LENGTH_MAX} characters.`);
  if (namesOf(machine).has(name)) return refuse(`There is a state called “${name}” already.`);
  const { scope } = state;
  let root = machine.root;
  if (scope.start === state.name) root = put(root, [...scope.path, "StartAt"], string(name));
  for (const from of scope.states) {
    for (const link of from.links) {
      if (link.target === state.name) root = put(root, [...from.path, ...link.path], string(name));
    }
  }
  root = withStates(root, scope.path, (states) => renameKey(states, state.name, name));
  return { root, selection: [idOf(scope.path, name)], said: `Renamed ${state.name} to ${name}` };
}
