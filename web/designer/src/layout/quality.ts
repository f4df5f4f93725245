// What a picture must not have, found by looking at it: for tests.

import type { Box, Card, Line, Picture, Point } from "./types";
import { SIZE } from "./types";

interface Segment {
  readonly line: Line;
  readonly from: Point;
  readonly to: Point;
}

/** Every fault of a picture, in words. */
export function faultsOf(picture: Picture): string[] {
  const segments = segmentsOf(picture);
  return [...overlappingCards(picture), ...linesThroughCards(picture, segments), ...linesOnLines(segments), ...overlappingLabels(picture), ...outside(picture)];
}

function segmentsOf(picture: Picture): Segment[] {
  return picture.lines.flatMap((line) =>
    line.points.slice(1).flatMap((to, at): Segment[] => {
      const from = line.points[at];
      return from ? [{ line, from, to }] : [];
    }),
  );
}

function meet(one: Box, other: Box, margin = 0): boolean {
  return one.x < other.x + other.w - margin && other.x < one.x + one.w - margin && one.y < other.y + other.h - margin && other.y < one.y + one.h - margin;
}

function isWithin(inner: Card, outer: Card): boolean {
  return inner.id.startsWith(`${outer.id}/`);
}

function overlappingCards({ cards }: Picture): string[] {
  const sorted = [...cards].sort((one, other) => one.x - other.x);
  const faults: string[] = [];
  sorted.forEach((one, at) => {
    for (const other of sorted.slice(at + 1)) {
      if (other.x > one.x + one.w) break;
      if (isWithin(one, other) || isWithin(other, one)) continue;
      if (meet(one, other)) faults.push(`${one.id} and ${other.id} overlap`);
    }
  });
  return faults;
}

function boxOf({ from, to }: Segment): Box {
  return { x: Math.min(from[0], to[0]), y: Math.min(from[1], to[1]), w: Math.abs(from[0] - to[0]), h: Math.abs(from[1] - to[1]) };
}

function linesThroughCards({ cards }: Picture, segments: readonly Segment[]): string[] {
  const faults: string[] = [];
  for (const segment of segments) {
    const box = boxOf(segment);
    for (const card of cards) {
      const isOwn = segment.line.from.startsWith(`${card.id}/`) || segment.line.to.startsWith(`${card.id}/`);
      if (isOwn) continue;
      const body = { x: card.x + 1, y: card.y + 1, w: card.w - 2, h: card.h - 2 };
      if (box.x < body.x + body.w && body.x < box.x + box.w + 0.01 && box.y < body.y + body.h && body.y < box.y + box.h + 0.01) {
        faults.push(`the line ${segment.line.id} runs through ${card.id}`);
      }
    }
  }
  return faults;
}

/** Lines into one state may run together; others may not. */
function linesOnLines(segments: readonly Segment[]): string[] {
  const faults: string[] = [];
  for (const isUpright of [true, false]) {
    const across = isUpright ? 0 : 1;
    const along = isUpright ? 1 : 0;
    const kind = segments
      .filter(({ from, to }) => Math.abs(from[across] - to[across]) < 0.01 && Math.abs(from[along] - to[along]) > 0.01)
      .sort((one, other) => one.from[across] - other.from[across]);
    kind.forEach((one, at) => {
      for (const other of kind.slice(at + 1)) {
        if (other.from[across] - one.from[across] > 2) break;
        if (one.line === other.line || one.line.to === other.line.to) continue;
        const low = Math.max(Math.min(one.from[along], one.to[along]), Math.min(other.from[along], other.to[along]));
        const high = Math.min(Math.max(one.from[along], one.to[along]), Math.max(other.from[along], other.to[along]));
        if (high - low > 3) faults.push(`the lines ${one.line.id} and ${other.line.id} lie on one another for ${Math.round(high - low)}`);
      }
    });
  }
  return faults;
}

function overlappingLabels({ lines, cards }: Picture): string[] {
  const labels = lines.flatMap(({ label, id }) => (label ? [{ ...label, id }] : []));
  const faults: string[] = [];
  labels.forEach((one, at) => {
    for (const other of labels.slice(at + 1)) if (meet(one, other)) faults.push(`the labels of ${one.id} and ${other.id} overlap`);
    for (const card of cards) {
      const isInside = one.x >= card.x && one.x + one.w <= card.x + card.w && card.isFrame && one.y > card.y + SIZE.head - 20;
      if (!isInside && meet(one, card, 1)) faults.push(`the label of ${one.id} lies on ${card.id}`);
    }
  });
  return faults;
}

function outside({ cards, strips, lines, w, h }: Picture): string[] {
  const isOut = ({ x, y, w: width, h: height }: Box): boolean => x < -0.5 || y < -0.5 || x + width > w + 0.5 || y + height > h + 0.5;
  const faults = [...cards, ...strips].filter(isOut).map(({ id }) => `${id} lies outside`);
  for (const line of lines) if (line.points.some(([x, y]) => x < -0.5 || x > w + 0.5 || y > h + 0.5)) faults.push(`the line ${line.id} lies outside`);
  return faults;
}

/** How often lines cross that have no end in common. */
export function crossingsOf(picture: Picture): number {
  const segments = segmentsOf(picture);
  const upright = segments.filter(({ from, to }) => Math.abs(from[0] - to[0]) < 0.01).sort((one, other) => one.from[0] - other.from[0]);
  const places = upright.map(({ from }) => from[0]);
  let count = 0;
  for (const level of segments) {
    if (Math.abs(level.from[1] - level.to[1]) >= 0.01) continue;
    const left = Math.min(level.from[0], level.to[0]) + 1;
    const right = Math.max(level.from[0], level.to[0]) - 1;
    const y = level.from[1];
    let at = places.findIndex((x) => x > left);
    if (at < 0) continue;
    for (; at < upright.length; at++) {
      const segment = upright[at];
      if (!segment || segment.from[0] >= right) break;
      if (segment.line === level.line || segment.line.to === level.line.to) continue;
      const low = Math.min(segment.from[1], segment.to[1]) + 1;
      const high = Math.max(segment.from[1], segment.to[1]) - 1;
      if (y > low && y < high) count++;
    }
  }
  return count;
}
