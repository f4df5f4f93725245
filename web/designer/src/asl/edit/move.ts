// Moving states along the flow, to another line, or into another scope: they leave where they were,
// which heals, and are put where they are wanted.

import { targetOf, type Machine, type Scope, type State } from "../machine";
import { after, isRefused, outermost, refuse, stateAt, told, type Edit } from "./edit";
import { deleteStates } from "./delete";
import { insertAt, placeAfter, placeBefore, placeBeyond, resolve, type Fragment, type Place } from "./place";

/** Moves states to a place, or says why that cannot be. */
export function moveStates(machine: Machine, ids: readonly string[], place: Place): Edit {
  const states = outermost(machine, ids);
  const [first] = states;
  if (!first) return refuse("Nothing is selected.");
  if (states.some((state) => state.scope !== first.scope)) return refuse("States of different branches cannot be moved together.");
  const found = resolve(machine, place);
  if ("refused" in found) return found;
  const moved = new Set(states);
  if (isWithin(found.scope, moved)) return refuse(`“${first.name}” cannot be moved into itself.`);
  const isSame = found.scope === first.scope;
  const target = found.target === null ? null : (found.scope.byName.get(found.target) ?? null);
  if (found.from && moved.has(found.from)) return refuse("It is there already.");
  if (isSame && target && moved.has(target)) return refuse("It is there already.");
  const fragment = fragmentOf(states);
  if ("refused" in fragment) return fragment;
  if (!isSame) {
    const tied = tieOutside(states, moved);
    if (tied) return refuse(tied);
  }
  const cut = deleteStates(machine, ids);
  if (isRefused(cut)) return cut;
  const without = after(cut.root);
  const again = placeStill(without, place, found.from, found.scope);
  if (!again) return refuse("The line goes with what you move.");
  const edit = insertAt(without, again, fragment, "Moved");
  return isRefused(edit) ? edit : { ...edit, said: `Moved ${told(states)}${found.from ? ` after ${found.from.name}` : " to the start"}` };
}

function isWithin(scope: Scope, moved: ReadonlySet<State>): boolean {
  for (let parent = scope.parent; parent; parent = parent.scope.parent) if (moved.has(parent)) return true;
  return false;
}

/** The states as they are put elsewhere; the first in their flow is where it enters. */
function fragmentOf(states: readonly State[]): Fragment | { refused: string } {
  const among = new Set(states);
  for (const state of states) {
    if (state.type !== "Choice") continue;
    const outside = state.links.filter((link) => {
      const target = targetOf(state, link);
      return !target || !among.has(target);
    });
    if (outside.length > 0) {
      return refuse(`“${state.name}” has several ways out. Move the states around it, or select what its rules lead to as well.`);
    }
  }
  const entered = (state: State) => states.some((from) => from.links.some((link) => link.target === state.name));
  const start = states.find((state) => !entered(state)) ?? states[0];
  return { states: states.map(({ name, node }) => ({ name, node })), start: start?.name ?? "" };
}

/** Why states cannot leave their scope: a rule or catcher of theirs leads to what stays. */
export function tieOutside(states: readonly State[], moved: ReadonlySet<State>): string | null {
  for (const state of states) {
    for (const link of state.links) {
      const target = targetOf(state, link);
      if (link.kind !== "next" && target && !moved.has(target)) {
        const how = link.kind === "catch" ? "catches to" : "leads to";
        return `“${state.name}” ${how} “${target.name}”, which stays where it is.`;
      }
    }
  }
  return null;
}

/** The same place after the states were taken out, when there still is one. */
function placeStill(machine: Machine, place: Place, from: State | null, scope: Scope): Place | null {
  if (place.kind === "start" || !from) return { kind: "start", scope: scope.id };
  const now = stateAt(machine, from.id);
  if (!now) return null;
  if (place.kind === "link") {
    const link = now.links.find((each) => each.path.join("/") === place.path.join("/"));
    if (link) return place;
  }
  return placeAfter(now);
}

/** Moves a state one further along the flow, or one back. */
export function moveAlong(machine: Machine, id: string, direction: 1 | -1): Edit {
  const state = stateAt(machine, id);
  if (!state) return refuse("Nothing is selected.");
  const place = direction === 1 ? placeBeyond(state) : placeBack(state);
  if (!place) return refuse(direction === 1 ? "There is nothing further along." : "There is nothing before it.");
  return moveStates(machine, [id], place);
}

function placeBack(state: State): Place | null {
  if (state.scope.start === state.name) return null;
  const before = placeBefore(state);
  if (before?.kind !== "link") return null;
  const from = state.scope.states.find((each) => each.id === before.state);
  return from ? placeBefore(from) : null;
}

/** The places to which a state could be moved where the flow divides, each with its words. */
export function waysAlong(state: State): { readonly word: string; readonly place: Place }[] {
  return state.links.flatMap((link) => {
    const target = targetOf(state, link);
    const place = target && target !== state ? placeAfter(target) : null;
    return place && target ? [{ word: `after ${target.name}`, place }] : [];
  });
}
