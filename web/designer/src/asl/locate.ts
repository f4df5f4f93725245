// Where in the text things stand.

import { at, get, isObject } from "./json/node";
import { tryParse, JsonError } from "./json/parse";
import type { Machine } from "./machine";

/** The line, from 1, of what an RFC 6901 pointer names, or of the nearest thing around it. */
export function lineOf(text: string, pointer: string): number {
  const root = tryParse(text);
  if (root instanceof JsonError) return root.line;
  const steps = pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  let offset = root.origin?.start ?? 0;
  const path: (string | number)[] = [];
  for (const step of steps) {
    const holder = at(root, path);
    path.push(holder?.kind === "array" ? Number(step) : step);
    const found = at(root, path);
    if (!found) break;
    const member = isObject(holder) ? holder.members.findLast(({ key }) => key === step) : undefined;
    offset = member?.origin?.start ?? found.origin?.start ?? offset;
  }
  return text.slice(0, offset).split("\n").length;
}

/** Where a state's name stands in the text. */
export function offsetOf(machine: Machine, id: string): number | null {
  const state = machine.states.get(id);
  if (!state) return null;
  const states = get(state.scope.node, "States");
  const member = isObject(states) ? states.members.findLast(({ key }) => key === state.name) : undefined;
  return member?.origin?.start ?? null;
}

