// Lines between placed vertices: where they leave a card, on which tracks they run between layers, and
// so how far apart the layers stand.

import { Channel } from "./channels";
import { labelWidth, type Edge, type Graph } from "./graph";
import type { Layers, Vertex } from "./layers";
import { SIZE, type Label, type Line, type Point } from "./types";

const TRACK = 10;
const LABEL: number = SIZE.labelHeight;
/** Above a layer of states, of labels, and of states below labels. */
const ROOM = { states: 26, labels: 12, below: 16 } as const;
const PORT_GAP = 20;
/** How far an end is moved that would lie on another line, and how often that is looked for. */
const NUDGE = 5;
const UNTANGLE_MAX = 8;

export interface Routed {
  readonly lines: readonly Line[];
  /** The top of every layer. */
  readonly tops: readonly number[];
  readonly height: number;
}

export function route(graph: Graph, layered: Layers): Routed {
  const { layers, ofNode, chains, isLabels } = layered;
  const ports = portsOf(graph, layered);
  let channels = channelsOf(graph, layered, ports);
  let tracks = channels.map((channel) => channel.assign());
  for (let round = 0; round < UNTANGLE_MAX && channels.map((channel) => channel.untangle()).includes(true); round++) {
    channels = channelsOf(graph, layered, ports);
    tracks = channels.map((channel) => channel.assign());
  }

  const tops: number[] = [];
  const channelTops: number[] = [];
  let y: number = SIZE.entry;
  layers.forEach((layer, at) => {
    const count = tracks[at] ?? 0;
    const isBelowLabels = at > 0 && isLabels[at - 1] === true;
    const base = at === 0 ? 0 : isLabels[at] ? ROOM.labels : isBelowLabels ? ROOM.below : ROOM.states;
    channelTops.push(at === 0 ? y : y + (isBelowLabels ? 6 : 10));
    y += base + (count > 0 ? (count - 1) * TRACK + (at === 0 ? 22 : isLabels[at] ? 8 : 12) : 0);
    tops.push(y);
    y += layer.reduce((height, vertex) => Math.max(height, vertex.height), isLabels[at] ? LABEL : 0);
  });
  channelTops.push(y + 10);
  const last = tracks[layers.length] ?? 0;
  if (last > 0) y += 14 + last * TRACK;

  const levelY = (channel: number, key: string): number => (channelTops[channel] ?? 0) + (channels[channel]?.trackOf(key) ?? 0) * TRACK;
  const lines = graph.edges.flatMap((edge, id): Line[] => {
    const from = ofNode[edge.from];
    const to = ofNode[edge.to];
    const chain = chains[id];
    if (!from?.node || !to?.node || !chain) return [];
    const points: Point[] = [[ports[id] ?? from.x, (tops[from.layer] ?? 0) + cardHeight(from)]];
    for (const { channel, key, from: start, to: end } of levelsOf(edge, id, chain, ofNode, ports[id] ?? 0)) {
      if (Math.abs(start - end) <= 0.5) continue;
      const level = levelY(channel, key);
      points.push([start, level], [end, level]);
    }
    points.push([to.x, tops[to.layer] ?? 0]);
    return [{
      id: `${from.node.state.id} ${edge.path.join("/")}`, kind: edge.kind, isBack: edge.isBack, points: tidied(points),
      label: labelOf(edge, chain, tops, layers), from: from.node.state.id, to: to.node.state.id, path: edge.path,
    }];
  });
  return { lines, tops, height: y };
}

/** What each channel between layers holds; the last is below everything. */
function channelsOf(graph: Graph, { layers, ofNode, chains }: Layers, ports: number[]): Channel[] {
  const channels = Array.from({ length: layers.length + 1 }, () => new Channel());
  graph.edges.forEach((edge, id) => {
    for (const { channel, key, from, to, isFromAbove, isToAbove, movable } of levelsOf(edge, id, chains[id] ?? [], ofNode, ports[id] ?? 0)) {
      if (Math.abs(from - to) <= 0.5) continue;
      const ends = [[from, isFromAbove], [to, isToAbove]] as const;
      const side = (isAbove: boolean): number[] => ends.filter((end) => end[1] === isAbove).map(([x]) => x);
      channels[channel]?.add(key, side(true), side(false), () => {
        if (movable === null) return false;
        // Not all by the same, or two that were nudged meet again.
        const step = (from < to ? 1 : -1) * (NUDGE + (id % 4) * 1.5);
        if (movable === "port") ports[id] = (ports[id] ?? 0) + step;
        else movable.x += (movable.x === from ? 1 : -1) * step;
        return true;
      });
    }
  });
  return channels;
}

/** A card's height without the mark of an end below it. */
function cardHeight(vertex: Vertex): number {
  return vertex.height - (vertex.node?.state.ends ? SIZE.end : 0);
}

function labelOf(edge: Edge, chain: readonly Vertex[], tops: readonly number[], layers: readonly (readonly Vertex[])[]): Label | null {
  const vertex = chain.find((each) => each.hasLabel);
  if (edge.label === "" || !vertex) return null;
  const w = labelWidth(edge.label);
  const height = layers[vertex.layer]?.reduce((most, each) => Math.max(most, each.height), LABEL) ?? LABEL;
  const top = (tops[vertex.layer] ?? 0) + (edge.isBack ? height / 2 - SIZE.labelHeight / 2 : (height - SIZE.labelHeight) / 2);
  return { text: edge.label, isItalic: edge.kind === "default", x: vertex.x - w / 2, y: top, w, h: SIZE.labelHeight };
}

/** Where each edge leaves its card: along the bottom, in the order of where they go. */
function portsOf({ nodes, edges }: Graph, { ofNode, chains }: Layers): number[] {
  const ports = new Array<number>(edges.length).fill(0);
  nodes.forEach((node, at) => {
    const from = ofNode[at];
    if (!from || node.out.length === 0) return;
    const leaving = node.out
      .map((id) => {
        const chain = chains[id] ?? [];
        const towards = edges[id]?.isBack ? chain.at(-1) : chain[1];
        return { id, x: towards?.x ?? from.x };
      })
      .sort((one, other) => one.x - other.x);
    const half = Math.max(10, from.width / 2 - SIZE.portMargin);
    const gap = leaving.length > 1 ? Math.min(PORT_GAP, (2 * half) / (leaving.length - 1)) : 0;
    const reach = Math.min(half, from.width > SIZE.cardWidth ? 60 : 38);
    const wished = leaving.map(({ x }) => (Math.abs(x - from.x) <= half ? x : from.x + Math.sign(x - from.x) * reach));
    for (let index = 1; index < wished.length; index++) wished[index] = Math.max(wished[index] ?? 0, (wished[index - 1] ?? 0) + gap);
    for (let index = wished.length - 1; index >= 0; index--) {
      wished[index] = Math.min(wished[index] ?? 0, from.x + half - (wished.length - 1 - index) * gap);
    }
    for (let index = 1; index < wished.length; index++) wished[index] = Math.max(wished[index] ?? 0, (wished[index - 1] ?? 0) + gap);
    leaving.forEach(({ id }, index) => (ports[id] = wished[index] ?? from.x));
  });
  return ports;
}

interface Level {
  readonly channel: number;
  readonly key: string;
  /** From where to where it runs, in the order of the line. */
  readonly from: number;
  readonly to: number;
  /** On which side of the level these are. */
  readonly isFromAbove: boolean;
  readonly isToAbove: boolean;
  /** Which of its ends may be moved a little aside. */
  readonly movable: Vertex | "port" | null;
}

/** The level pieces of an edge in the order of its way; those into one state have one key. */
function levelsOf(edge: Edge, id: number, chain: readonly Vertex[], ofNode: readonly Vertex[], port: number): Level[] {
  const from = ofNode[edge.from];
  const to = ofNode[edge.to];
  if (!from || !to) return [];
  const levels: Level[] = [];
  if (!edge.isBack) {
    chain.forEach((vertex, at) => {
      const lower = chain[at + 1];
      if (!lower) return;
      const key = lower === to ? `to ${to.id}` : `edge ${id}`;
      const movable = !lower.node ? lower : at === 0 ? "port" : vertex;
      levels.push({ channel: lower.layer, key, from: at === 0 ? port : vertex.x, to: lower.x, isFromAbove: true, isToAbove: false, movable });
    });
    return levels;
  }
  const top = chain[0];
  const bottom = chain.at(-1);
  if (!top || !bottom) return [];
  // Down out of the card, over to the lane; along the lane upwards; over it, and down into the target.
  levels.push({ channel: from.layer + 1, key: `out ${id}`, from: port, to: bottom.x, isFromAbove: true, isToAbove: true, movable: "port" });
  for (let at = chain.length - 1; at > 0; at--) {
    const lower = chain[at];
    const upper = chain[at - 1];
    if (lower && upper) levels.push({ channel: lower.layer, key: `edge ${id}`, from: lower.x, to: upper.x, isFromAbove: false, isToAbove: true, movable: upper });
  }
  levels.push({ channel: to.layer, key: `to ${to.id}`, from: top.x, to: to.x, isFromAbove: false, isToAbove: false, movable: top });
  return levels;
}

/** Without points that lie on the straight between their neighbours. */
function tidied(points: readonly Point[]): Point[] {
  return points.filter((point, at) => {
    const before = points[at - 1];
    const after = points[at + 1];
    if (!before || !after) return true;
    const isUpright = Math.abs(before[0] - point[0]) < 0.5 && Math.abs(after[0] - point[0]) < 0.5;
    const isLevel = Math.abs(before[1] - point[1]) < 0.5 && Math.abs(after[1] - point[1]) < 0.5;
    const turnsBack = isUpright && (point[1] - before[1]) * (after[1] - point[1]) < 0;
    return !(isUpright || isLevel) || turnsBack;
  });
}
