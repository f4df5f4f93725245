// Every state as a list in the order of the flow, nested as its branches are: what the graph shows, whole and in
// words, with a search.

import { useState } from "preact/hooks";
import { flowOf, type Scope, type State } from "../asl/machine";
import { TYPE_ICON } from "../canvas/icons";
import { Icon } from "../forms/icon";
import type { Store } from "./store";

interface Row {
  readonly state: State;
  readonly depth: number;
}

function rowsOf(scope: Scope, depth: number): Row[] {
  return flowOf(scope).flatMap((state) => [{ state, depth }, ...state.branches.flatMap((branch) => rowsOf(branch, depth + 1))]);
}

/** More than this would make the page slow; the search finds the others. */
const SHOWN_MAX = 300;

export function Outline({ store, onShow }: { readonly store: Store; readonly onShow: (id: string) => void }) {
  const [query, setQuery] = useState("");
  const small = query.trim().toLowerCase();
  const found = rowsOf(store.document.machine.scope, 0).filter(({ state }) => small === "" || state.name.toLowerCase().includes(small));
  const counts = store.problemCounts();
  return (
    <aside class="palette outline-panel" aria-label="Outline">
      <div class="search-field">
        <Icon name="search" />
        <input class="input" type="search" aria-label="Find a state" placeholder="Find" value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
      </div>
      <ol>
        {found.slice(0, SHOWN_MAX).map(({ state, depth }) => {
          const problems = counts.get(state.id);
          return (
            <li key={state.id} class={`depth-${Math.min(depth, 6)}`}>
              <button type="button" class="outline-item" aria-current={store.selection.includes(state.id) ? "true" : undefined} onClick={() => onShow(state.id)}>
                <span class={`tile type-${state.type.toLowerCase()}`}>
                  <Icon name={TYPE_ICON[state.type]} />
                </span>
                <span class="outline-item-name">{state.name}</span>
                <span class="hidden-text">{`, ${state.type}${problems ? `, ${problems.errors + problems.warnings} problems` : ""}`}</span>
                {problems ? <Icon name="triangle-alert" /> : null}
              </button>
            </li>
          );
        })}
      </ol>
      {found.length === 0 ? <p class="hint">{small === "" ? "No states yet." : `No state is called “${query}”.`}</p> : null}
      {found.length > SHOWN_MAX ? <p class="hint">{`The first ${SHOWN_MAX} of ${found.length}; search for the others.`}</p> : null}
    </aside>
  );
}
