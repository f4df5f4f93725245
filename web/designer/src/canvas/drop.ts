// Where a state can be dropped, by the distance from a point: on lines, at ends, in empty branches.

import { placeAfter, type Place } from "../asl/edit/place";
import type { Card, Line, Picture, Point } from "../layout/types";

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
  const taken = new Taken(targets.map(({ at }) => at));
  for (const card of picture.cards) if (placeAfter(card.state)?.kind === "end") taken.add(markUnder(card));
  for (const line of picture.lines) {
    targets.push({
      place: { kind: "link", state: line.from, path: line.path },
      at: taken.first(spotsOn(line)),
      line: line.id,
      points: line.points,
      words: `after ${names.get(line.from) ?? ""}`,
      room: null,
    });
  }
  for (const card of picture.cards) {
    const place = placeAfter(card.state);
    if (place?.kind !== "end") continue;
    targets.push({ place, at: markUnder(card), line: null, points: [], words: `after ${card.state.name}`, room: null });
  }
  return targets;
}

function markUnder({ x, y, w, h, state }: Card): Point {
  return [x + w / 2, y + h + (state.ends ? 13 : 14)];
}

/** Half a mark's width. */
const MARK = 10;
/** Marks are no nearer to one another than this. */
const APART = 25;

/** Where marks are already: by squares, since a long definition has thousands. */
class Taken {
  private readonly squares = new Map<string, Point[]>();

  constructor(points: readonly Point[]) {
    for (const point of points) this.add(point);
  }

  add(point: Point): void {
    const key = squareOf(point, 0, 0);
    const there = this.squares.get(key);
    if (there) there.push(point);
    else this.squares.set(key, [point]);
  }

  /** The first of these spots at which no mark is yet, or the first; it is then taken. */
  first(spots: readonly Point[]): Point {
    const spot = spots.find((each) => this.isFree(each)) ?? spots[0] ?? [0, 0];
    this.add(spot);
    return spot;
  }

  private isFree(point: Point): boolean {
    for (const dx of [-1, 0, 1]) {
      for (const dy of [-1, 0, 1]) {
        for (const [x, y] of this.squares.get(squareOf(point, dx, dy)) ?? []) {
          if (Math.hypot(x - point[0], y - point[1]) < APART) return false;
        }
      }
    }
    return true;
  }
}

function squareOf([x, y]: Point, dx: number, dy: number): string {
  return `${Math.floor(x / APART) + dx} ${Math.floor(y / APART) + dy}`;
}

/** Where the mark of a line can be, best first: by its head, then on its other pieces, beside its label. */
function spotsOn({ points, label }: Line): Point[] {
  const spots: Point[] = [];
  for (let at = points.length - 1; at > 0; at--) {
    const [to, from] = [points[at], points[at - 1]];
    if (!to || !from) continue;
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const length = Math.abs(dx) + Math.abs(dy);
    if (length < 20) continue;
    const isLast = at === points.length - 1;
    // By the head of a line, but not on it.
    const shares = isLast ? [1 - Math.min(length / 2 + 3, 24) / length, 0.5, 0.25] : [0.5, 0.75, 0.25];
    spots.push(...shares.map((share): Point => [from[0] + dx * share, from[1] + dy * share]));
  }
  const [first, second] = [points[0], points[1]];
  if (first && second) spots.push([(first[0] + second[0]) / 2, (first[1] + second[1]) / 2]);
  const isClear = ([x, y]: Point): boolean => !label || x < label.x - 10 || x > label.x + label.w + 10 || y < label.y - 8 || y > label.y + label.h + 8;
  const clear = spots.filter(isClear);
  return clear.length > 0 ? clear : spots;
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
  // Who is on a mark means it, whichever line runs by.
  if (least <= MARK) return least / MARK - 1;
  points.forEach((to, index) => {
    const from = points[index - 1];
    if (!from) return;
    const nearX = Math.min(Math.max(x, Math.min(from[0], to[0])), Math.max(from[0], to[0]));
    const nearY = Math.min(Math.max(y, Math.min(from[1], to[1])), Math.max(from[1], to[1]));
    least = Math.min(least, Math.hypot(nearX - x, nearY - y) + 0.5);
  });
  return least;
}
