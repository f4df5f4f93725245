// Boxes and points of the picture.

import type { Box, Point } from "../layout/types";

export function distance(one: Point, other: Point): number {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}

export function contains(outer: Box, inner: Box): boolean {
  return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.w <= outer.x + outer.w && inner.y + inner.h <= outer.y + outer.h;
}

export function boxOfLine(points: readonly Point[]): Box {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [x, y] = [Math.min(...xs) - 90, Math.min(...ys) - 12];
  return { x, y, w: Math.max(...xs) + 90 - x, h: Math.max(...ys) + 12 - y };
}

export function boxAround(cards: readonly Box[]): Box {
  const x = Math.min(...cards.map((card) => card.x));
  const y = Math.min(...cards.map((card) => card.y));
  return { x, y, w: Math.max(...cards.map((card) => card.x + card.w)) - x, h: Math.max(...cards.map((card) => card.y + card.h)) - y };
}
