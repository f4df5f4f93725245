// Layers of vertices: nodes, and for every edge that passes a layer a vertex of its own there, so that
// lines have their room like cards do. Then the order within layers, with few crossings.

import type { Edge, Graph, Node } from "./graph";
import { labelWidth } from "./graph";
import { SIZE } from "./types";

export interface Vertex {
  readonly id: number;
  /** Its node; null for a piece of an edge. */
  readonly node: Node | null;
  readonly edge: number;
  readonly hasLabel: boolean;
  readonly width: number;
  readonly height: number;
  readonly layer: number;
  /** Its centre. */
  x: number;
  /** Its place in the layer. */
  position: number;
  readonly up: Vertex[];
  readonly upWeight: number[];
  readonly down: Vertex[];
  readonly downWeight: number[];
  /** The node beside which the end of a loop's lane should stand. */
  beside: Vertex | null;
}

export interface Layers {
  readonly layers: Vertex[][];
  readonly vertices: readonly Vertex[];
  /** The vertex of each node. */
  readonly ofNode: readonly Vertex[];
  /** The vertices of each edge from its upper to its lower end; those of a loop are the lane alone. */
  readonly chains: readonly (readonly Vertex[])[];
  /** Whether a layer holds labels and no states. */
  readonly isLabels: readonly boolean[];
}

const WEIGHT = { next: 8, choice: 3, default: 2, catch: 0.6 } as const;
const LANE_WEIGHT = 0.3;
const LANE_WIDTH = 8;

export function layersOf(graph: Graph, order: readonly number[], ranks: readonly number[]): Layers {
  const { nodes, edges } = graph;
  const used = new Set(ranks);
  for (const edge of edges) if (!edge.isBack && edge.label !== "") used.add((ranks[edge.from] ?? 0) + 1);
  const sorted = [...used].sort((one, other) => one - other);
  const layerOf = new Map(sorted.map((rank, layer) => [rank, layer]));
  const layers: Vertex[][] = sorted.map(() => []);
  const vertices: Vertex[] = [];
  const make = (layer: number, width: number, height: number, node: Node | null, edge: number, hasLabel: boolean): Vertex => {
    const vertex: Vertex = {
      id: vertices.length, node, edge, hasLabel, width, height, layer,
      x: 0, position: 0, up: [], upWeight: [], down: [], downWeight: [], beside: null,
    };
    vertices.push(vertex);
    return vertex;
  };
  const ofNode = nodes.map((node, at) => make(layerOf.get(ranks[at] ?? 0) ?? 0, node.width, node.height, node, -1, false));
  const placed = new Set<Vertex>();
  const place = (vertex: Vertex): void => {
    if (placed.has(vertex)) return;
    placed.add(vertex);
    layers[vertex.layer]?.push(vertex);
  };
  const join = (upper: Vertex, lower: Vertex, weight: number): void => {
    upper.down.push(lower);
    upper.downWeight.push(weight);
    lower.up.push(upper);
    lower.upWeight.push(weight);
  };
  const forward = (edge: Edge, id: number, from: Vertex, to: Vertex): Vertex[] => {
    const chain = [from];
    for (let layer = from.layer + 1; layer < to.layer; layer++) {
      const isLabel = edge.label !== "" && layer === from.layer + 1;
      const vertex = make(layer, isLabel ? labelWidth(edge.label) : LANE_WIDTH, isLabel ? SIZE.labelHeight : 0, null, id, isLabel);
      place(vertex);
      chain.push(vertex);
    }
    chain.push(to);
    place(to);
    chain.forEach((vertex, at) => {
      const lower = chain[at + 1];
      if (lower) join(vertex, lower, WEIGHT[edge.kind]);
    });
    return chain;
  };
  const backward = (edge: Edge, id: number, from: Vertex, to: Vertex): Vertex[] => {
    const chain: Vertex[] = [];
    for (let layer = to.layer; layer <= from.layer; layer++) {
      const isLabel = edge.label !== "" && layer === from.layer;
      const vertex = make(layer, isLabel ? labelWidth(edge.label) : LANE_WIDTH, 0, null, id, isLabel);
      place(vertex);
      const above = chain.at(-1);
      if (above) join(above, vertex, LANE_WEIGHT);
      chain.push(vertex);
    }
    const first = chain[0];
    const last = chain.at(-1);
    if (first) first.beside = to;
    if (last) last.beside = from;
    return chain;
  };
  const chains: Vertex[][] = edges.map(() => []);
  for (const at of order) {
    const from = ofNode[at];
    if (!from) continue;
    place(from);
    for (const id of nodes[at]?.out ?? []) {
      const edge = edges[id];
      const to = edge ? ofNode[edge.to] : undefined;
      if (edge && to) chains[id] = edge.isBack ? backward(edge, id, from, to) : forward(edge, id, from, to);
    }
  }
  return { layers, vertices, ofNode, chains, isLabels: sorted.map((rank) => rank % 2 === 1) };
}

/** Orders every layer. The first order is that of the text; it changes only where that saves crossings. */
export function order({ layers, vertices }: Layers): void {
  number(layers);
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers);
  // Large graphs get fewer rounds: each costs as much as there are vertices.
  const rounds = vertices.length > 6_000 ? 2 : vertices.length > 2_500 ? 6 : 14;
  for (let round = 0; round < rounds && fewest > 0; round++) {
    sweep(layers, round % 2 === 0);
    if (vertices.length <= 6_000) swapNeighbours(layers);
    const count = crossings(layers);
    if (count < fewest) {
      fewest = count;
      best = layers.map((layer) => [...layer]);
    }
  }
  best.forEach((layer, at) => {
    layers[at] = layer;
  });
  number(layers);
}

function number(layers: readonly Vertex[][]): void {
  for (const layer of layers) layer.forEach((vertex, at) => (vertex.position = at));
}

/** Puts vertices below (or above) the middle of what they are joined to; ties keep their order. */
function sweep(layers: Vertex[][], isDown: boolean): void {
  for (let step = 0; step < layers.length; step++) {
    const at = isDown ? step : layers.length - 1 - step;
    const layer = layers[at];
    if (!layer) continue;
    const against = layers[isDown ? at - 1 : at + 1]?.length ?? 1;
    const wish = new Map<Vertex, number>();
    for (const vertex of layer) {
      const joined = isDown ? vertex.up : vertex.down;
      let sum = 0;
      for (const each of joined) sum += each.position;
      wish.set(vertex, joined.length === 0 ? vertex.position : (sum / joined.length) * (layer.length / Math.max(1, against)));
    }
    // The end of a lane has nothing beyond it: it wants to be next to the node that it leaves.
    for (const vertex of layer) {
      if (vertex.beside?.layer === vertex.layer && (isDown ? vertex.up : vertex.down).length === 0) {
        wish.set(vertex, (wish.get(vertex.beside) ?? 0) + 0.01);
      }
    }
    layer.sort((one, other) => (wish.get(one) ?? 0) - (wish.get(other) ?? 0) || one.position - other.position);
    layer.forEach((vertex, place) => (vertex.position = place));
  }
}

/** Swaps neighbours where that saves crossings. */
function swapNeighbours(layers: Vertex[][]): void {
  for (const layer of layers) {
    for (let at = 0; at + 1 < layer.length; at++) {
      const left = layer[at];
      const right = layer[at + 1];
      if (!left || !right) continue;
      const kept = inverted(left.up, right.up) + inverted(left.down, right.down) + apart(left, right);
      const swapped = inverted(right.up, left.up) + inverted(right.down, left.down) + apart(right, left);
      if (swapped >= kept) continue;
      layer[at] = right;
      layer[at + 1] = left;
      right.position = at;
      left.position = at + 1;
    }
  }
}

/** Pairs of joined vertices that cross when those of `left` come first. */
function inverted(left: readonly Vertex[], right: readonly Vertex[]): number {
  let count = 0;
  for (const one of left) for (const other of right) if (one.position > other.position) count++;
  return count;
}

/** A lane's end between its node and another line costs a crossing as well. */
function apart(left: Vertex, right: Vertex): number {
  const isStranded = (lane: Vertex, other: Vertex, side: 1 | -1): boolean =>
    lane.beside !== null && lane.beside !== other && lane.beside.layer === lane.layer && Math.sign(other.position - lane.beside.position) === side && other.node === null;
  return (isStranded(right, left, 1) ? 1 : 0) + (isStranded(left, right, -1) ? 1 : 0);
}

/** How many pairs of edges cross, counted with a tree of sums. */
export function crossings(layers: readonly Vertex[][]): number {
  let total = 0;
  for (let at = 0; at + 1 < layers.length; at++) {
    const pairs: number[] = [];
    const below = layers[at + 1]?.length ?? 0;
    for (const vertex of layers[at] ?? []) {
      const ends = vertex.down.map((each) => each.position).sort((one, other) => one - other);
      pairs.push(...ends);
    }
    const sums = new Int32Array(below + 1);
    pairs.forEach((end, seen) => {
      let before = 0;
      for (let slot = end + 1; slot > 0; slot -= slot & -slot) before += sums[slot] ?? 0;
      total += seen - before;
      for (let slot = end + 1; slot <= below; slot += slot & -slot) sums[slot] = (sums[slot] ?? 0) + 1;
    });
  }
  return total;
}
