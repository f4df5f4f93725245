// A state tried, or the flow from it on, each state with what the one before gave; and what a state was given by
// the last execution.

import { get, textOf, type Json } from "../asl/json/node";
import { printAlone } from "../asl/json/print";
import type { Scope, State } from "../asl/machine";
import type { Api, Mock } from "./api";

/** A state that was tried, with the server's answer or why there is none. */
export type Tried = { readonly state: State } & ({ readonly answer: Json } | { readonly wrong: string });

export interface Wanted {
  readonly definition: string;
  readonly state: State;
  readonly input: string;
  readonly variables: string;
  readonly mocks: readonly Mock[];
  /** How often its retrier has tried the first state already. */
  readonly retries: number;
  /** The context object, as text; null where the server makes one. */
  readonly context: string | null;
  /** Whether the states that follow are tried as well. */
  readonly isFlow: boolean;
}

/** A flow that is longer may be a loop without an end. */
const STATES_MAX = 50;

/** Tries the states; tells each as it comes. */
export async function tryStates(api: Api, wanted: Wanted, tell: (tried: readonly Tried[]) => void): Promise<readonly Tried[]> {
  const tried: Tried[] = [];
  let { input, variables, state } = wanted;
  for (;;) {
    const mock = wanted.mocks.find((each) => each.state === state.id) ?? null;
    let answer: Json;
    try {
      answer = await api.test({ definition: wanted.definition, state: state.name, input, variables, mock, retries: tried.length === 0 ? wanted.retries : 0, context: wanted.context });
    } catch (fault) {
      tried.push({ state, wrong: fault instanceof Error ? fault.message : "The server did not answer." });
      tell(tried);
      return tried;
    }
    tried.push({ state, answer });
    tell([...tried]);
    const next = textOf(answer, "next_state");
    const output = get(answer, "output");
    const target = next === null ? undefined : state.scope.byName.get(next);
    if (!wanted.isFlow || !target || !output || textOf(answer, "status") === "RETRIABLE") return tried;
    if (tried.length === STATES_MAX) {
      tried.push({ state: target, wrong: `Stopped after ${STATES_MAX} states.` });
      return tried;
    }
    const assigned = get(get(answer, "inspection"), "variables");
    input = printAlone(output);
    variables = assigned ? printAlone(assigned) : variables;
    state = target;
  }
}

/** The Map around a state whose items it works on; null for one in none. */
export function mapAround(state: State): State | null {
  for (let scope: Scope = state.scope; scope.parent; scope = scope.parent.scope) {
    if (scope.parent.type === "Map") return scope.parent;
  }
  return null;
}

/** The context object of an item: what an expression in a Map asks for. */
export function contextOf(index: string, item: string): string {
  return `{"Map":{"Item":{"Index":${index},"Value":${item.trim() === "" ? "{}" : item}}}}`;
}
