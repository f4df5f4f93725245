// What the canvas is given and what it tells.

import type { Place } from "../asl/edit/place";
import type { Path } from "../asl/json/node";
import type { Machine } from "../asl/machine";
import type { Picture } from "../layout/types";
import type { StateStatus } from "./status";

/** What the canvas tells. Each is left out where nothing comes of it. */
export interface Wishes {
  select?(ids: readonly string[]): void;
  /** Enter or a double click on a state. */
  open?(id: string): void;
  /** A state dragged to a place. */
  move?(ids: readonly string[], place: Place): void;
  /** The head of a line dragged to another state. */
  lead?(from: string, path: Path, to: string): void;
  /** The + of a place. */
  add?(place: Place, at: { x: number; y: number }): void;
  menu?(id: string, at: { x: number; y: number }): void;
  toggle?(id: string): void;
}

export interface Shown {
  readonly picture: Picture;
  readonly machine: Machine;
  readonly selection: readonly string[];
  readonly statuses?: ReadonlyMap<string, StateStatus> | undefined;
  /** What is told of some states where there is no run: what differs from another definition. */
  readonly marks?: ReadonlyMap<string, StateStatus> | undefined;
  /** Lines that a run took. */
  readonly taken?: ReadonlySet<string> | undefined;
  readonly problems?: ReadonlyMap<string, { errors: number; warnings: number }> | undefined;
}
