// What the server's validator finds, each with the way to it and, where that is safe, with a fix.

import { Icon, Square } from "../forms/icon";
import { fixesFor } from "./fixes";
import type { Store } from "./store";

export function Problems({ store, onClose, onShow }: { readonly store: Store; readonly onClose: () => void; readonly onShow: (id: string) => void }) {
  const { machine } = store.document;
  return (
    <section class="problems-drawer" aria-label="Problems">
      <header class="row-head">
        <h2>{store.problems.length === 0 ? "No problems" : `${store.problems.length} ${store.problems.length === 1 ? "problem" : "problems"}`}</h2>
        <Square icon="x" label="Close problems" onClick={onClose} />
      </header>
      <ul>
        {store.broken ? (
          <li class="tone-failed">
            <Icon name="circle-alert" />
            <p>{`Line ${store.broken.line}: ${store.broken.message}.`}</p>
          </li>
        ) : null}
        {store.problems.map((problem, at) => {
          const state = store.stateOf(problem);
          const fixes = store.broken ? [] : fixesFor(machine, problem.pointer, state);
          return (
            <li key={at} class={problem.isError ? "tone-failed" : "tone-waiting"}>
              <Icon name={problem.isError ? "circle-alert" : "triangle-alert"} />
              <div>
                <p>
                  <span class="hidden-text">{problem.isError ? "Error: " : "Warning: "}</span>
                  {problem.message}
                </p>
                <p class="hint">{[state?.name, problem.line === null ? "" : `line ${problem.line}`, problem.code].filter(Boolean).join(" · ")}</p>
              </div>
              <div class="problem-actions">
                {fixes.slice(0, 2).map((fix) => (
                  <button key={fix.words} type="button" class="button" onClick={() => store.apply(fix.edit())}>
                    {fix.words}
                  </button>
                ))}
                {state ? (
                  <button type="button" class="quiet" onClick={() => onShow(state.id)}>
                    Show<span class="hidden-text">{` ${state.name}`}</span>
                  </button>
                ) : null}
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
