// The heads of lines, which can be dragged to another state: where they can be taken, and what is drawn
// meanwhile. With one state selected its own lines have grips; else a head is taken where only one line ends.

import type { Card, Line, Picture, Point } from "../layout/types";
import { svg } from "./svg";

export interface Grip {
  readonly line: Line;
  readonly at: Point;
}

const REACH = 9;
/** Between the grips of two lines that end in one place. */
const BESIDE = 13;

/** The grips that are shown: of the lines that leave what is selected. */
export function gripsOf({ lines }: Picture, selection: readonly string[]): readonly Grip[] {
  const [only] = selection;
  if (only === undefined || selection.length > 1) return [];
  const taken = new Map<string, number>();
  return lines.flatMap((line): Grip[] => {
    const end = line.points.at(-1);
    if (line.from !== only || !end) return [];
    const place = end.join();
    const before = taken.get(place) ?? 0;
    taken.set(place, before + 1);
    return [{ line, at: [end[0] + before * BESIDE, end[1] - 5] }];
  });
}

/** The line whose head is under a point. */
export function headAt({ lines }: Picture, grips: readonly Grip[], [x, y]: Point, k: number): Line | null {
  const reach = Math.max(REACH, REACH / k);
  const isNear = (at: Point): boolean => Math.hypot(at[0] - x, at[1] - y) <= reach;
  const grip = grips.find(({ at }) => isNear(at));
  if (grip) return grip.line;
  const ending = lines.filter(({ points }) => {
    const end = points.at(-1);
    return end !== undefined && isNear([end[0], end[1] - 5]);
  });
  return ending.length === 1 ? (ending[0] ?? null) : null;
}

/** The card that a head is over. */
export function cardUnder({ cards }: Picture, [x, y]: Point): Card | null {
  const under = cards.filter((card) => x >= card.x - 6 && x <= card.x + card.w + 6 && y >= card.y - 10 && y <= card.y + card.h + 6);
  return under.sort((one, other) => other.depth - one.depth)[0] ?? null;
}

export function drawGrip({ line, at: [cx, cy] }: Grip): SVGElement {
  return svg("circle", { class: "head-grip", "data-grip": line.id, cx, cy, r: 5 }, svg("title", {}, "Drag to lead this line to another state"));
}

/** The line as it would run, and the card that it would lead to. */
export function drawPulled(line: Line, [x, y]: Point, over: Card | null): readonly SVGElement[] {
  const from = line.points[0] ?? [x, y];
  const bend = Math.max(24, Math.abs(y - from[1]) / 2);
  return [
    svg("path", { class: "pulled", d: `M${from[0]} ${from[1]}C${from[0]} ${from[1] + bend} ${x} ${y - bend} ${x} ${y}` }),
    svg("circle", { class: "pulled-end", cx: x, cy: y, r: 6 }),
    ...(over ? [svg("rect", { class: "pulled-over", x: over.x - 3, y: over.y - 3, width: over.w + 6, height: (over.isFrame ? 50 : over.h) + 6, rx: 12 })] : []),
  ];
}
