// Unsaved work, kept in the browser: the text, the draft it goes on from, and the undo list. Of a machine it
// is this tab's alone and outlives a reload; its draft is on the server. What has no machine yet has no
// draft there: it is kept until it has one.

import { EMPTY, type History } from "../asl/history";

export interface Kept {
  readonly text: string;
  /** The number of the server's draft that it goes on from. */
  readonly number: number;
  /** Whether the server has not got it yet. */
  readonly isUnsent: boolean;
  readonly history: History;
  readonly selection: readonly string[];
}

/** Undo lists longer than this are kept without the list: the browser's room is small. */
const BYTES_MAX = 2_000_000;
const PREFIX = "stepwright.draft.";

const placeOf = (machine: string): Storage => (machine === "" ? localStorage : sessionStorage);

export function keep(machine: string, kept: Kept): boolean {
  try {
    const whole = JSON.stringify(kept);
    placeOf(machine).setItem(PREFIX + machine, whole.length <= BYTES_MAX ? whole : JSON.stringify({ ...kept, history: EMPTY }));
    return true;
  } catch {
    return false;
  }
}

export function drop(machine: string): void {
  try {
    placeOf(machine).removeItem(PREFIX + machine);
  } catch {
    // Where nothing can be kept, nothing was.
  }
}

export function readKept(machine: string): Kept | null {
  try {
    const read: unknown = JSON.parse(placeOf(machine).getItem(PREFIX + machine) ?? "null");
    return isKept(read) ? read : null;
  } catch {
    return null;
  }
}

function isKept(value: unknown): value is Kept {
  return (
    typeof value === "object" && value !== null && "text" in value && typeof value.text === "string" && "number" in value && typeof value.number === "number" &&
    "isUnsent" in value && typeof value.isUnsent === "boolean" && "history" in value && typeof value.history === "object" && "selection" in value && Array.isArray(value.selection)
  );
}
