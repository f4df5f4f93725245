// The places where a state can be added, as + on the canvas: all of them are two shapes, and the one that is
// meant is drawn by itself. Which one a pointer is on is reckoned, not asked of the page.

import type { Box, Point } from "../layout/types";
import type { Target } from "./drop";
import { svg } from "./svg";
import { touches } from "./view";

const RADIUS = 10;
/** How far from its middle a + takes a click, on the screen, and over a card. */
const REACH = 14;
const REACH_ON_CARD = 8;

export class Marks {
  readonly element = svg("g", { class: "marks", "aria-hidden": "true" });
  private readonly all = svg("g", { class: "marks-all" });
  private readonly meant = svg("g", { class: "mark-meant" });
  private shown: readonly Target[] = [];
  private drawn: Target | null = null;

  constructor() {
    this.element.append(this.all, this.meant);
  }

  /** Shows the places that lie in a box; none is shown without one. */
  show(targets: readonly Target[], box: Box | null): void {
    this.shown = box ? targets.filter(({ at: [x, y], room }) => touches({ x: x - RADIUS, y: y - RADIUS, w: 2 * RADIUS, h: 2 * RADIUS }, box) || (room !== null && touches(room, box))) : [];
    if (this.shown.length === 0) {
      this.all.replaceChildren();
      return this.mean(null);
    }
    const rooms = this.shown.flatMap(({ room }) => (room ? [svg("rect", { class: "room", ...inner(room), rx: 10 })] : []));
    this.all.replaceChildren(
      ...rooms,
      svg("path", { class: "plus-ground", d: this.shown.map(({ at }) => disc(at)).join("") }),
      svg("path", { class: "plus", d: this.shown.map(({ at }) => plus(at)).join("") }),
    );
  }

  /** The place under a point of the picture; what is drawn of cards goes before all but the very +. */
  under(point: Point, k: number, isOnCard: boolean): Target | null {
    let least = isOnCard ? REACH_ON_CARD : Math.max(REACH, REACH / k);
    let best: Target | null = null;
    for (const target of this.shown) {
      const { at, room } = target;
      const distance = Math.hypot(at[0] - point[0], at[1] - point[1]);
      if (distance < least) {
        least = distance;
        best = target;
      } else if (!best && room && !isOnCard && holds(inner(room), point)) best = target;
    }
    return best;
  }

  /** Draws the one that is meant over the others. */
  mean(target: Target | null, isDropping = false): void {
    if (target === this.drawn) return;
    this.drawn = target;
    if (!target) return this.meant.replaceChildren();
    const { at, room, words } = target;
    this.meant.replaceChildren(
      ...(room ? [svg("rect", { class: "room", ...inner(room), rx: 10 })] : []),
      svg("path", { class: "plus-ground", d: disc(at) }),
      svg("path", { class: "plus", d: plus(at) }),
      ...(isDropping ? [] : [svg("title", {}, `Add a state ${words}`)]),
    );
  }
}

function disc([x, y]: Point): string {
  return `M${x - RADIUS} ${y}a${RADIUS} ${RADIUS} 0 1 0 ${2 * RADIUS} 0a${RADIUS} ${RADIUS} 0 1 0 ${-2 * RADIUS} 0z`;
}

function plus([x, y]: Point): string {
  return `M${x - 4.5} ${y}h9M${x} ${y - 4.5}v9`;
}

/** The part of an empty branch that is drawn as its room. */
function inner({ x, y, w, h }: Box): { x: number; y: number; width: number; height: number } {
  return { x: x + 16, y: y + 40, width: w - 32, height: Math.max(40, h - 56) };
}

function holds({ x, y, width, height }: { x: number; y: number; width: number; height: number }, [px, py]: Point): boolean {
  return px > x && px < x + width && py > y && py < y + height;
}
