// A machine as a picture: every scope by itself, from the innermost out, and the same text always the
// same picture. What a scope looked like is kept, so that an edit lays out only the scopes it changed.

import { flowOf, type Machine, type Scope, type State } from "../asl/machine";
import { noteOf } from "../asl/words";
import { followFlow, graphOf, rank, type Node } from "./graph";
import { columns } from "./columns";
import { layersOf, order } from "./layers";
import { route } from "./route";
import { cut, twoLines } from "./text";
import { SIZE, type Card, type Line, type Picture, type Point, type Strip } from "./types";

export interface Options {
  /** The ids of Parallels and Maps of which the inside is not shown. */
  readonly collapsed: ReadonlySet<string>;
}

/** Lays machines out and remembers the scopes of the last one. */
export class Layouter {
  private known = new Map<string, Picture>();
  private next = new Map<string, Picture>();

  picture(machine: Machine, options: Options): Picture {
    this.next = new Map();
    const picture = this.scope(machine.scope, options);
    this.known = this.next;
    return picture;
  }

  private scope(scope: Scope, options: Options): Picture {
    const key = this.keyOf(scope, options);
    const found = key === null ? undefined : this.known.get(key);
    // Drawing needs the states of now; places are the same where texts are.
    const picture = found ? refreshed(found, scope) : layOut(scope, options, (inner) => this.scope(inner, options));
    if (key !== null) this.next.set(key, picture);
    return picture;
  }

  /** What a scope's picture depends on: its text, where it is, and what is collapsed in it. */
  private keyOf({ id, node, parent }: Scope, { collapsed }: Options): string | null {
    if (!node.origin || !parent) return null;
    const folded = [...collapsed].filter((each) => each.startsWith(id)).join(" ");
    return `${id}\n${folded}\n${node.origin.text.slice(node.origin.start, node.origin.end)}`;
  }
}

/** A picture of before with the states of now. */
function refreshed(picture: Picture, scope: Scope): Picture {
  const states = new Map<string, State>();
  const scopes = new Map<string, Scope>();
  const collect = (each: Scope): void => {
    scopes.set(each.id, each);
    for (const state of each.states) {
      states.set(state.id, state);
      state.branches.forEach(collect);
    }
  };
  collect(scope);
  return {
    ...picture,
    cards: picture.cards.map((card) => ({ ...card, state: states.get(card.id) ?? card.state })),
    strips: picture.strips.map((strip) => ({ ...strip, scope: scopes.get(strip.id) ?? strip.scope })),
  };
}

/** The picture of one scope with its own strip last, at 0, 0. */
function layOut(scope: Scope, options: Options, inside: (scope: Scope) => Picture): Picture {
  if (scope.states.length === 0) return empty(scope);
  const nodes = flowOf(scope).map((state): Node => nodeOf(state, options, inside));
  const graph = graphOf(nodes, scope.start);
  const flow = followFlow(graph);
  const layered = layersOf(graph, flow, rank(graph, flow));
  order(layered);
  const width = columns(graph, layered);
  const { lines, tops, height } = route(graph, layered);

  const cards: Card[] = [];
  const strips: Strip[] = [];
  const all: Line[] = [];
  nodes.forEach((node, at) => {
    const vertex = layered.ofNode[at];
    if (!vertex) return;
    const x = vertex.x - node.width / 2;
    const y = tops[vertex.layer] ?? 0;
    cards.push(cardOf(node, x, y, options));
    let left = x + (node.width - stripsWidth(node.inside)) / 2;
    const bottom = y + node.height - (node.state.ends ? SIZE.end : 0) - SIZE.pad + 6;
    for (const picture of node.inside) {
      place(picture, left, y + SIZE.head, bottom, cards, strips, all);
      left += picture.w + SIZE.stripGap;
    }
  });
  all.push(...lines);
  const first = graph.start >= 0 ? layered.ofNode[graph.start] : layered.ofNode[0];
  const entryX = first?.x ?? width / 2;
  strips.push({ id: scope.id, scope, x: 0, y: 0, w: width, h: height, entry: [entryX, 8], entryEnd: [entryX, tops[first?.layer ?? 0] ?? 0] });
  return bounded({ w: width, h: height, cards, strips, lines: all });
}

function empty(scope: Scope): Picture {
  const w = SIZE.cardWidth;
  const h = SIZE.entry + SIZE.emptyHeight;
  const strip = { id: scope.id, scope, x: 0, y: 0, w, h, entry: [w / 2, 8] as const, entryEnd: [w / 2, SIZE.entry] as const };
  return { w, h, cards: [], strips: [strip], lines: [] };
}

function nodeOf(state: State, options: Options, inside: (scope: Scope) => Picture): Node {
  const isOpen = state.branches.length > 0 && !options.collapsed.has(state.id);
  const end = state.ends ? SIZE.end : 0;
  if (!isOpen) {
    const isTall = nameLines(state).length > 1;
    const height = (isTall ? SIZE.cardHeightTall : SIZE.cardHeight) + end;
    const width = Math.max(SIZE.cardWidth, state.links.length * SIZE.portGap + 2 * SIZE.portMargin);
    return { state, width, height, inside: [], out: [], isUnreachable: false };
  }
  const pictures = state.branches.map(inside);
  const width = Math.max(SIZE.cardWidth + 40, stripsWidth(pictures) + 2 * SIZE.pad);
  const height = SIZE.head + Math.max(...pictures.map(({ h }) => h)) + SIZE.pad + end;
  return { state, width, height, inside: pictures, out: [], isUnreachable: false };
}

function stripsWidth(pictures: readonly Picture[]): number {
  return pictures.reduce((sum, { w }) => sum + w, 0) + SIZE.stripGap * Math.max(0, pictures.length - 1);
}

/** How many badges a card has: retry, catch, timeout, note. */
export function badgesOf(state: State): readonly string[] {
  const names = new Set(state.node.members.map(({ key }) => key));
  const badges: string[] = [];
  if (names.has("Retry")) badges.push("retry");
  if (names.has("TimeoutSeconds") || names.has("TimeoutSecondsPath")) badges.push("timeout");
  if (names.has("Comment")) badges.push("note");
  return badges;
}

function nameLines(state: State): readonly string[] {
  const room = SIZE.cardWidth - SIZE.cardTextLeft - SIZE.cardTextRight - badgesOf(state).length * SIZE.badge;
  return twoLines(state.name, room, SIZE.name, 600);
}

function cardOf(node: Node, x: number, y: number, { collapsed }: Options): Card {
  const { state } = node;
  const isFrame = node.inside.length > 0;
  const h = node.height - (state.ends ? SIZE.end : 0);
  const type = state.spelledType === "" ? "no type" : state.spelledType;
  const note = [type, noteOf(state)].filter(Boolean).join(" · ");
  const room = node.width - SIZE.cardTextLeft - SIZE.cardTextRight - (isFrame ? 2 * SIZE.badge + 20 : 0);
  return {
    id: state.id, state, x, y, w: node.width, h, isFrame,
    isCollapsed: state.branches.length > 0 && collapsed.has(state.id),
    depth: state.scope.depth,
    isUnreachable: node.isUnreachable,
    name: isFrame ? [cut(state.name, room - badgesOf(state).length * SIZE.badge, SIZE.name, 600)] : nameLines(state),
    note: cut(note, room, SIZE.note),
  };
}

/** Puts a scope's picture at its place in the one around it; its own strip reaches down to `bottom`. */
function place(picture: Picture, x: number, y: number, bottom: number, cards: Card[], strips: Strip[], lines: Line[]): void {
  const moved = shifted(picture, x, y);
  const own = moved.strips.at(-1);
  cards.push(...moved.cards);
  strips.push(...moved.strips.slice(0, -1));
  if (own) strips.push({ ...own, x: own.x - STRIP_MARGIN, w: own.w + 2 * STRIP_MARGIN, h: bottom - y });
  lines.push(...moved.lines);
}

/** A strip stands out a little beyond what it holds. */
const STRIP_MARGIN = 6;

function shifted(picture: Picture, dx: number, dy: number): Picture {
  const point = ([x, y]: Point): Point => [x + dx, y + dy];
  return {
    ...picture,
    cards: picture.cards.map((card) => ({ ...card, x: card.x + dx, y: card.y + dy })),
    strips: picture.strips.map((strip) => ({ ...strip, x: strip.x + dx, y: strip.y + dy, entry: point(strip.entry), entryEnd: point(strip.entryEnd) })),
    lines: picture.lines.map((line) => ({
      ...line,
      points: line.points.map(point),
      label: line.label && { ...line.label, x: line.label.x + dx, y: line.label.y + dy },
    })),
  };
}

/** The picture moved so that nothing lies left of 0, and as wide as what lies furthest right. */
function bounded(picture: Picture): Picture {
  let left = 0;
  let right = picture.w;
  for (const line of picture.lines) {
    for (const [x] of line.points) {
      left = Math.min(left, x - 4);
      right = Math.max(right, x + 4);
    }
  }
  if (left >= 0 && right <= picture.w) return picture;
  const w = right - left;
  const { cards, strips, lines, h } = shifted(picture, -left, 0);
  const own = strips.at(-1);
  return { w, h, cards, strips: own ? [...strips.slice(0, -1), { ...own, x: 0, w }] : strips, lines };
}
