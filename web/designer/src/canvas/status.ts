// What a run shows on states: told by glyph, border, word and colour together.

import type { IconName } from "./icons";

export const STATUSES = ["succeeded", "failed", "caught", "running", "waiting", "stopped", "not-run", "added", "changed"] as const;
export type Status = (typeof STATUSES)[number];

export interface StateStatus {
  readonly status: Status;
  /** How often the state was entered. */
  readonly visits: number;
  /** What is said of them, where they are no visits. */
  readonly words?: string;
}

export const STATUS_WORD: Readonly<Record<Status, string>> = {
  succeeded: "Succeeded",
  failed: "Failed",
  caught: "Caught",
  running: "Running",
  waiting: "Waiting",
  stopped: "Stopped",
  "not-run": "Not run",
  added: "Added",
  changed: "Changed",
};

export const STATUS_ICON: Readonly<Record<Status, IconName>> = {
  succeeded: "check",
  failed: "x",
  caught: "shield-check",
  running: "circle-dot",
  waiting: "clock",
  stopped: "ban",
  "not-run": "minus",
  added: "plus",
  changed: "pencil",
};
