// What the layout is given and what it gives. Sizes and places in pixels; y grows downwards.

import type { LinkKind, Scope, State } from "../asl/machine";
import type { Path } from "../asl/json/node";

export type Point = readonly [x: number, y: number];

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** A state, as a card or as a frame around what it holds. */
export interface Card extends Box {
  readonly id: string;
  readonly state: State;
  readonly isFrame: boolean;
  /** A Parallel or Map of which the inside is not shown. */
  readonly isCollapsed: boolean;
  readonly depth: number;
  readonly isUnreachable: boolean;
  /** The name on one or two lines. */
  readonly name: readonly string[];
  readonly note: string;
}

/** A branch within a frame, or the whole. */
export interface Strip extends Box {
  readonly id: string;
  readonly scope: Scope;
  /** Where the flow enters: the line from here leads to the first state. */
  readonly entry: Point;
  readonly entryEnd: Point;
}

export interface Label extends Box {
  readonly text: string;
  readonly isItalic: boolean;
}

export interface Line {
  readonly id: string;
  readonly kind: LinkKind;
  /** Whether it leads back up: part of a loop. */
  readonly isBack: boolean;
  readonly points: readonly Point[];
  readonly label: Label | null;
  readonly from: string;
  readonly to: string;
  /** From the state that it comes from to the text that names the target. */
  readonly path: Path;
}

export interface Picture {
  readonly w: number;
  readonly h: number;
  readonly cards: readonly Card[];
  readonly strips: readonly Strip[];
  readonly lines: readonly Line[];
}

/** Sizes that drawing shares with the layout. */
export const SIZE = {
  cardWidth: 232,
  cardHeight: 52,
  cardHeightTall: 70,
  /** The tile, and the room around it, left of the text. */
  cardTextLeft: 48,
  /** Room right of the text, for badges. */
  cardTextRight: 14,
  badge: 20,
  name: 13.5,
  note: 11.5,
  label: 11.5,
  labelHeight: 22,
  end: 22,
  /** The least between lines that leave a card, and beside them: a card of many rules is wider. */
  portGap: 14,
  portMargin: 22,
  /** Of a frame: above its branches, and around them. */
  head: 58,
  pad: 18,
  stripGap: 14,
  /** Above the first state of a scope. */
  entry: 30,
  emptyHeight: 76,
} as const;
