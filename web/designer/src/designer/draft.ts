// Unsaved work, kept in the browser: the text, the revision it was made from, and the undo list.

import { EMPTY, type History } from "../asl/history";

export interface Draft {
  readonly text: string;
  /** The revision that it was made from; empty for a machine that there is not yet. */
  readonly revision: string;
  readonly history: History;
  readonly selection: readonly string[];
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Undo lists longer than this are kept without the list: the browser's room is small. */
const BYTES_MAX = 2_000_000;
const PREFIX = "stepwright.draft.";

export function keepDraft(machine: string, draft: Draft): boolean {
  try {
    const whole = JSON.stringify(draft);
    localStorage.setItem(PREFIX + machine, whole.length <= BYTES_MAX ? whole : JSON.stringify({ ...draft, history: EMPTY }));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft(machine: string): void {
  try {
    localStorage.removeItem(PREFIX + machine);
  } catch {
    // Where nothing can be kept, nothing was.
  }
}

export function readDraft(machine: string): Draft | null {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(PREFIX + machine) ?? "null");
    return isDraft(read) ? read : null;
  } catch {
    return null;
  }
}

function isDraft(value: unknown): value is Draft {
  return (
    typeof value === "object" && value !== null && "text" in value && typeof value.text === "string" && "revision" in value && typeof value.revision === "string" &&
    "history" in value && typeof value.history === "object" && "selection" in value && Array.isArray(value.selection) && "time" in value && typeof value.time === "number"
  );
}
