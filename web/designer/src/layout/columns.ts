// Where vertices stand from left to right: each near the middle of what it is joined to, in the order of
// its layer, with gaps; long lines straight where there is room.

import type { Graph } from "./graph";
import type { Layers, Vertex } from "./layers";

const CARD_GAP = 40;
const CARD_LINE_GAP = 18;
const LINE_GAP = 12;
const ROUNDS = 8;

function gapOf(left: Vertex, right: Vertex): number {
  const between = left.node && right.node ? CARD_GAP : left.node || right.node ? CARD_LINE_GAP : LINE_GAP;
  return (left.width + right.width) / 2 + between;
}

/** Sets every vertex's x; the leftmost edge is at 0. Gives the width of the whole. */
export function columns(graph: Graph, layered: Layers): number {
  const { layers, vertices } = layered;
  for (const layer of layers) {
    let x = 0;
    layer.forEach((vertex, at) => {
      const left = layer[at - 1];
      if (left) x += gapOf(left, vertex);
      vertex.x = x;
    });
  }
  const rounds = vertices.length > 6_000 ? 3 : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    const isUp = round % 2 === 0;
    for (const layer of isUp ? layers.toReversed() : layers) settle(layer, isUp ? "down" : "up");
  }
  for (let round = 0; round < 4; round++) {
    straighten(graph, layered);
    const isUp = round === 1;
    for (const layer of isUp ? layers.toReversed() : layers) settleNodes(layer, isUp ? "down" : "up");
  }
  straighten(graph, layered);
  let left = Infinity;
  let right = -Infinity;
  for (const vertex of vertices) {
    left = Math.min(left, vertex.x - vertex.width / 2);
    right = Math.max(right, vertex.x + vertex.width / 2);
  }
  if (vertices.length === 0) return 0;
  for (const vertex of vertices) vertex.x -= left;
  return right - left;
}

interface Wish {
  readonly at: number;
  readonly weight: number;
}

function wishesOf(vertex: Vertex, side: "up" | "down"): Wish[] {
  const joined = side === "up" ? vertex.up : vertex.down;
  const weights = side === "up" ? vertex.upWeight : vertex.downWeight;
  const wishes = joined.map((each, at) => ({ at: each.x, weight: weights[at] ?? 1 }));
  const { beside } = vertex;
  if (beside && beside.layer === vertex.layer) {
    const direction = beside.position < vertex.position ? 1 : -1;
    wishes.push({ at: beside.x + direction * (beside.width / 2 + 22), weight: 1 });
  }
  return wishes;
}

function median(wishes: readonly Wish[]): number {
  const sorted = wishes.toSorted((one, other) => one.at - other.at);
  let half = 0;
  for (const { weight } of sorted) half += weight;
  half /= 2;
  let sum = 0;
  for (const [index, { at, weight }] of sorted.entries()) {
    sum += weight;
    if (sum > half) return at;
    if (sum === half) return (at + (sorted[index + 1]?.at ?? at)) / 2;
  }
  return sorted.at(-1)?.at ?? 0;
}

function settle(layer: readonly Vertex[], side: "up" | "down"): void {
  const wishes = layer.map((vertex): Wish => {
    const all = wishesOf(vertex, side);
    if (all.length === 0) return { at: vertex.x, weight: 0.05 };
    let weight = 0;
    for (const each of all) weight += each.weight;
    if (all.length > 1 && vertex.node && side === "down") {
      // A fan stands over the middle of what it opens to.
      const places = all.map(({ at }) => at);
      return { at: (Math.min(...places) + Math.max(...places)) / 2, weight };
    }
    return { at: median(all), weight: Math.max(0.5, weight) };
  });
  pool(layer, wishes);
}

/** As `settle`, with the lines kept where they are. */
function settleNodes(layer: readonly Vertex[], side: "up" | "down"): void {
  const wishes = layer.map((vertex): Wish => {
    if (!vertex.node) return { at: vertex.x, weight: 1.5 * (vertex.upWeight[0] ?? vertex.downWeight[0] ?? 0.3) };
    const other = side === "up" ? "down" : "up";
    const near = wishesOf(vertex, side);
    const all = near.length > 0 ? near : wishesOf(vertex, other);
    if (all.length === 0) return { at: vertex.x, weight: 0.5 };
    let weight = 0;
    for (const each of all) weight += each.weight;
    return { at: median(all), weight: Math.max(0.5, weight) };
  });
  pool(layer, wishes);
}

/** Gives each vertex the place nearest to its wish that keeps order and gaps: neighbours that want to
 *  pass one another become a block that has the median of their wishes. */
function pool(layer: readonly Vertex[], wishes: readonly Wish[]): void {
  const offsets: number[] = [];
  layer.forEach((vertex, at) => {
    const left = layer[at - 1];
    offsets.push(left ? (offsets[at - 1] ?? 0) + gapOf(left, vertex) : 0);
  });
  const blocks: { wishes: Wish[]; count: number; at: number }[] = [];
  layer.forEach((_, index) => {
    const wish = wishes[index] ?? { at: 0, weight: 1 };
    const own = { at: wish.at - (offsets[index] ?? 0), weight: wish.weight };
    blocks.push({ wishes: [own], count: 1, at: own.at });
    for (let last = blocks.at(-1), before = blocks.at(-2); last && before && before.at > last.at; last = blocks.at(-1), before = blocks.at(-2)) {
      blocks.pop();
      before.wishes.push(...last.wishes);
      before.count += last.count;
      before.at = median(before.wishes);
    }
  });
  let index = 0;
  for (const block of blocks) {
    for (let taken = 0; taken < block.count; taken++, index++) {
      const vertex = layer[index];
      if (vertex) vertex.x = block.at + (offsets[index] ?? 0);
    }
  }
}

/** Gives long runs of an edge one x where its neighbours leave room. */
function straighten({ edges }: Graph, { chains, layers }: Layers): void {
  const runs = chains
    .map((chain, id) => ({ chain, edge: edges[id], lane: chain.filter((vertex) => !vertex.node) }))
    .filter(({ lane }) => lane.length > 1)
    .sort((one, other) => other.lane.length - one.lane.length);
  for (const { chain, edge, lane } of runs) {
    if (!edge) continue;
    let at = 0;
    while (at < lane.length) {
      let low = -Infinity;
      let high = Infinity;
      let end = at;
      for (; end < lane.length; end++) {
        const room = roomOf(lane[end], layers);
        const nextLow = Math.max(low, room.low);
        const nextHigh = Math.min(high, room.high);
        if (nextLow > nextHigh + 0.01) break;
        low = nextLow;
        high = nextHigh;
      }
      if (end === at) {
        at++;
        continue;
      }
      const run = lane.slice(at, end);
      let x = middleOf(run);
      const last = chain.at(-1)?.x ?? x;
      const first = chain[0]?.x ?? x;
      const isForward = !edge.isBack;
      if (isForward && edge.kind !== "catch" && end === lane.length && last >= low && last <= high && Math.abs(last - x) < 90) x = last;
      else if (isForward && edge.kind === "next" && at === 0 && first >= low && first <= high && Math.abs(first - x) < 60) x = first;
      x = Math.min(high, Math.max(low, x));
      for (const vertex of run) vertex.x = x;
      at = end;
    }
  }
}

function roomOf(vertex: Vertex | undefined, layers: readonly (readonly Vertex[])[]): { low: number; high: number } {
  if (!vertex) return { low: -Infinity, high: Infinity };
  const layer = layers[vertex.layer] ?? [];
  const left = layer[vertex.position - 1];
  const right = layer[vertex.position + 1];
  return {
    low: left ? left.x + gapOf(left, vertex) : -Infinity,
    high: right ? right.x - gapOf(vertex, right) : Infinity,
  };
}

function middleOf(run: readonly Vertex[]): number {
  const places = run.map(({ x }) => x).sort((one, other) => one - other);
  return places[places.length >> 1] ?? 0;
}
