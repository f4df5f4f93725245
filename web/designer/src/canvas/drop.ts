// Where a state can be dropped, by the distance from a point: on lines, at ends, in empty branches.

import { placeAfter, type Place } from "../asl/edit/place";
import type { Picture, Point } from "../layout/types";

/** A place to put a state, and where it is on the picture. */
export interface Target {
  readonly place: Place;
  readonly at: Point;
  /** The line that is meant, to be lit. */
  readonly line: string | null;
  /** How that line runs. */
  readonly points: readonly Point[];
  readonly words: string;
  /** Whether it is the room of an empty branch, which is meant anywhere in it. */
  readonly room: { readonly x: number; readonly y: number; readonly w: number; readonly h: number } | null;
}

/** Every place of a picture at which something can be put. */
export function targetsOf(picture: Picture): Target[] {
  const targets: Target[] = [];
  for (const strip of picture.strips) {
    const [x, y] = strip.entry;
    const isEmpty = strip.scope.states.length === 0;
    const first = strip.scope.start;
    targets.push({
      place: { kind: "start", scope: strip.id },
      at: isEmpty ? [x, strip.entryEnd[1] + 26] : [x, (y + strip.entryEnd[1]) / 2],
      line: null,
      points: [],
      words: isEmpty ? "here" : `before ${first ?? "the first state"}`,
      room: isEmpty ? { x: strip.x, y: strip.y, w: strip.w, h: strip.h } : null,
    });
  }
  const names = new Map(picture.cards.map(({ id, state }) => [id, state.name]));
  for (const line of picture.lines) {
    targets.push({
      place: { kind: "link", state: line.from, path: line.path },
      at: middleOf(line.points, line.label?.y),
      line: line.id,
      points: line.points,
      words: `after ${names.get(line.from) ?? ""}`,
      room: null,
    });
  }
  for (const card of picture.cards) {
    const place = placeAfter(card.state);
    if (place?.kind !== "end") continue;
    targets.push({ place, at: [card.x + card.w / 2, card.y + card.h + (card.state.ends ? 13 : 14)], line: null, points: [], words: `after ${card.state.name}`, room: null });
  }
  return targets;
}

/** The middle of a line's last upright piece that has room for a mark, beside its label. */
function middleOf(points: readonly Point[], labelTop: number | undefined): Point {
  for (let at = points.length - 1; at > 0; at--) {
    const [to, from] = [points[at], points[at - 1]];
    if (!to || !from || Math.abs(to[0] - from[0]) > 0.5) continue;
    const length = Math.abs(to[1] - from[1]);
    if (length < 20) continue;
    const middle: Point = [to[0], at === points.length - 1 ? to[1] - Math.min(length / 2 + 3, 24) : (to[1] + from[1]) / 2];
    if (labelTop === undefined || Math.abs(middle[1] - labelTop - 11) > 18) return middle;
    return [to[0], Math.max(to[1], from[1]) - 15];
  }
  const [first, second] = [points[0], points[1]];
  return first && second ? [(first[0] + second[0]) / 2, (first[1] + second[1]) / 2] : (first ?? [0, 0]);
}

/** The nearest place within reach of a point. */
export function nearest(targets: readonly Target[], point: Point, reach: number): Target | null {
  let best: Target | null = null;
  let least = reach;
  for (const target of targets) {
    const distance = distanceTo(target, point);
    if (distance < least) {
      least = distance;
      best = target;
    }
  }
  return best;
}

function distanceTo({ room, at, points }: Target, [x, y]: Point): number {
  if (room && x > room.x && x < room.x + room.w && y > room.y && y < room.y + room.h) return 0;
  let least = Math.hypot(at[0] - x, at[1] - y);
  points.forEach((to, index) => {
    const from = points[index - 1];
    if (!from) return;
    const nearX = Math.min(Math.max(x, Math.min(from[0], to[0])), Math.max(from[0], to[0]));
    const nearY = Math.min(Math.max(y, Math.min(from[1], to[1])), Math.max(from[1], to[1]));
    least = Math.min(least, Math.hypot(nearX - x, nearY - y) + 0.5);
  });
  return least;
}
