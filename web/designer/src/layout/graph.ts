// A scope as the graph that is laid out: nodes with sizes, edges with kinds; which edges lead back, and
// on which rank each node stands.

import { labelOf } from "../asl/words";
import type { LinkKind, State } from "../asl/machine";
import type { Path } from "../asl/json/node";
import { SIZE, type Picture } from "./types";
import { widthOf } from "./text";

export interface Node {
  readonly state: State;
  readonly width: number;
  /** With the mark below it where the flow ends. */
  readonly height: number;
  readonly inside: readonly Picture[];
  readonly out: number[];
  isUnreachable: boolean;
}

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly kind: LinkKind;
  readonly label: string;
  readonly path: Path;
  isBack: boolean;
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  /** The index of the first state; -1 where there is none. */
  readonly start: number;
}

export function labelWidth(text: string): number {
  return Math.max(26, widthOf(text, SIZE.label) + 16);
}

/** Adds the edges to nodes of one scope. */
export function graphOf(nodes: readonly Node[], start: string | null): Graph {
  const index = new Map(nodes.map((node, at) => [node.state.name, at]));
  const edges: Edge[] = [];
  nodes.forEach((node, from) => {
    for (const link of node.state.links) {
      const to = index.get(link.target);
      if (to === undefined) continue;
      node.out.push(edges.length);
      edges.push({ from, to, kind: link.kind, label: labelOf(node.state, link), path: link.path, isBack: false });
    }
  });
  return { nodes, edges, start: start === null ? -1 : (index.get(start) ?? -1) };
}

/** Marks edges that lead back and nodes that are not reached; gives the nodes in the order of the flow. */
export function followFlow({ nodes, edges, start }: Graph): number[] {
  const UNSEEN = 0;
  const OPEN = 1;
  const DONE = 2;
  const mark = new Uint8Array(nodes.length);
  const finished: number[] = [];
  const visit = (root: number, isUnreachable: boolean): void => {
    if (root < 0 || mark[root] !== UNSEEN) return;
    const order: number[] = [];
    const stack: { node: number; next: number }[] = [{ node: root, next: 0 }];
    mark[root] = OPEN;
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const out = nodes[top.node]?.out ?? [];
      const edge = edges[out[top.next++] ?? -1];
      if (!edge) {
        if (top.next <= out.length) continue;
        mark[top.node] = DONE;
        order.push(top.node);
        stack.pop();
      } else if (mark[edge.to] === OPEN) {
        edge.isBack = true;
      } else if (mark[edge.to] === UNSEEN) {
        mark[edge.to] = OPEN;
        stack.push({ node: edge.to, next: 0 });
      } else if (isUnreachable && !nodes[edge.to]?.isUnreachable) {
        // What is not reached stands below everything, so its way into the flow leads up.
        edge.isBack = true;
      }
    }
    finished.unshift(...order.reverse());
  };
  visit(start, false);
  nodes.forEach((node, at) => {
    if (mark[at] === UNSEEN) node.isUnreachable = true;
  });
  const reached = finished.splice(0);
  nodes.forEach((_, at) => visit(at, true));
  return [...reached, ...finished];
}

/** The rank of each node: two more than the lowest before it, so that labels have one between. */
export function rank({ nodes, edges }: Graph, order: readonly number[]): number[] {
  const ranks = new Array<number>(nodes.length).fill(0);
  let lowest = 0;
  for (const at of order) {
    const node = nodes[at];
    if (node && !node.isUnreachable) lowest = Math.max(lowest, ranks[at] ?? 0);
  }
  const settle = (isUnreachable: boolean): void => {
    for (const at of order) {
      const node = nodes[at];
      if (!node || node.isUnreachable !== isUnreachable) continue;
      for (const id of node.out) {
        const edge = edges[id];
        if (edge && !edge.isBack) ranks[edge.to] = Math.max(ranks[edge.to] ?? 0, (ranks[at] ?? 0) + 2);
      }
    }
  };
  settle(false);
  lowest = Math.max(-2, ...nodes.map((node, at) => (node.isUnreachable ? -2 : (ranks[at] ?? 0))));
  nodes.forEach((node, at) => {
    if (node.isUnreachable) ranks[at] = lowest + 2;
  });
  settle(true);
  return ranks;
}
