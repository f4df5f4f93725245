// Going from state to state by keys: along the flow, to the side, into containers and out.

import { flowOf, sourcesOf, successorOf, targetOf, type Scope, type State } from "../asl/machine";
import type { Card, Picture } from "../layout/types";

export type Direction = "down" | "up" | "left" | "right" | "in" | "out" | "first" | "last";

/** The state that a step leads to; null where there is none. */
export function step(picture: Picture, id: string, direction: Direction): string | null {
  const card = picture.cards.find((each) => each.id === id);
  if (!card) return picture.cards[0]?.id ?? null;
  switch (direction) {
    case "down":
      return nextOf(card.state)?.id ?? below(picture, card)?.id ?? null;
    case "up":
      return previousOf(card.state)?.id ?? null;
    case "left":
    case "right":
      return beside(picture, card, direction === "right" ? 1 : -1)?.id ?? null;
    case "in":
      return card.isCollapsed ? null : (firstOf(card.state.branches[0])?.id ?? null);
    case "out":
      return card.state.scope.parent?.id ?? null;
    case "first":
      return firstOf(card.state.scope)?.id ?? null;
    case "last":
      return flowOf(card.state.scope).at(-1)?.id ?? null;
  }
}

const orders = new WeakMap<Scope, ReadonlyMap<State, number>>();

/** At which place in its flow a state stands, from 1. */
export function orderOf(state: State): number {
  let order = orders.get(state.scope);
  if (!order) {
    order = new Map(flowOf(state.scope).map((each, at) => [each, at + 1]));
    orders.set(state.scope, order);
  }
  return order.get(state) ?? 1;
}

function firstOf(scope: Scope | undefined): State | null {
  if (!scope) return null;
  return (scope.start === null ? undefined : scope.byName.get(scope.start)) ?? scope.states[0] ?? null;
}

function nextOf(state: State): State | null {
  const flow = flowOf(state.scope);
  const place = flow.indexOf(state);
  // Going on never leads back up a loop.
  const onward = state.links.map((link) => targetOf(state, link)).filter((target) => target !== null && flow.indexOf(target) > place);
  const successor = successorOf(state);
  return onward.find((target) => target === successor) ?? onward[0] ?? flow[place + 1] ?? null;
}

function previousOf(state: State): State | null {
  const flow = flowOf(state.scope);
  const place = flow.indexOf(state);
  const sources = sourcesOf(state).filter((source) => flow.indexOf(source) < place);
  return sources[0] ?? (place > 0 ? (flow[place - 1] ?? null) : null);
}

function below(picture: Picture, card: Card): Card | null {
  const under = picture.cards.filter((each) => each.state.scope === card.state.scope && each.y > card.y);
  return under.sort((one, other) => one.y - other.y)[0] ?? null;
}

/** The nearest card to one side: in the same scope, else in the branch beside. */
function beside(picture: Picture, card: Card, side: 1 | -1): Card | null {
  const middle = card.x + card.w / 2;
  const isThere = (each: Card): boolean => Math.sign(each.x + each.w / 2 - middle) === side && each !== card;
  const distance = (each: Card): number => Math.abs(each.x + each.w / 2 - middle) + 3 * Math.abs(each.y - card.y);
  const nearest = (cards: readonly Card[]): Card | null => cards.filter(isThere).sort((one, other) => distance(one) - distance(other))[0] ?? null;
  const own = nearest(picture.cards.filter((each) => each.state.scope === card.state.scope && each.y < card.y + card.h && card.y < each.y + each.h));
  if (own) return own;
  const parent = card.state.scope.parent;
  if (!parent) return nearest(picture.cards.filter((each) => each.state.scope === card.state.scope));
  const branch = parent.branches[parent.branches.indexOf(card.state.scope) + side];
  return branch ? nearest(picture.cards.filter((each) => each.state.scope.id === branch.id)) : null;
}
