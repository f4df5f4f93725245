// Undo and redo over texts: each step keeps what one text has that the other has not.

/** What a step changed, and what was selected before and after it. */
interface Entry {
  readonly at: number;
  readonly removed: string;
  readonly inserted: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Steps of the same kind close together are one step: typing in one field. */
  readonly group: string | null;
  readonly time: number;
}

/** The past and the future of a text. An immutable value, so that it can be kept with a draft. */
export interface History {
  readonly past: readonly Entry[];
  readonly future: readonly Entry[];
}

export const EMPTY: History = { past: [], future: [] };

const STEPS_MAX = 500;
const GROUP_MS = 1_000;

/** The history after a step from one text to another. */
export function record(
  history: History,
  from: { text: string; selection: readonly string[] },
  to: { text: string; selection: readonly string[] },
  group: string | null,
  time: number,
): History {
  if (from.text === to.text) return history;
  const last = history.past.at(-1);
  if (last && group !== null && last.group === group && time - last.time < GROUP_MS && history.future.length === 0) {
    const start = revert(last, from.text);
    const merged = { ...difference(start, to.text), before: last.before, after: to.selection, group, time };
    return { past: [...history.past.slice(0, -1), merged], future: [] };
  }
  const entry = { ...difference(from.text, to.text), before: from.selection, after: to.selection, group, time };
  return { past: [...history.past, entry].slice(-STEPS_MAX), future: [] };
}

export interface Stepped {
  readonly history: History;
  readonly text: string;
  readonly selection: readonly string[];
}

export function undo(history: History, text: string): Stepped | null {
  const entry = history.past.at(-1);
  if (!entry) return null;
  const next = { past: history.past.slice(0, -1), future: [...history.future, entry] };
  return { history: next, text: revert(entry, text), selection: entry.before };
}

export function redo(history: History, text: string): Stepped | null {
  const entry = history.future.at(-1);
  if (!entry) return null;
  const next = { past: [...history.past, entry], future: history.future.slice(0, -1) };
  const done = text.slice(0, entry.at) + entry.inserted + text.slice(entry.at + entry.removed.length);
  return { history: next, text: done, selection: entry.after };
}

function revert(entry: Entry, text: string): string {
  return text.slice(0, entry.at) + entry.removed + text.slice(entry.at + entry.inserted.length);
}

/** The one stretch in which two texts differ. */
export function difference(from: string, to: string): { at: number; removed: string; inserted: string } {
  const shorter = Math.min(from.length, to.length);
  let at = 0;
  while (at < shorter && from.charCodeAt(at) === to.charCodeAt(at)) at++;
  let tail = 0;
  while (tail < shorter - at && from.charCodeAt(from.length - 1 - tail) === to.charCodeAt(to.length - 1 - tail)) tail++;
  return { at, removed: from.slice(at, from.length - tail), inserted: to.slice(at, to.length - tail) };
}
