// Two definitions, where somebody else has changed the machine or its draft: both are shown, and one is
// taken, or one made of both, state by state.

import { useMemo, useState } from "preact/hooks";
import { merged, parts, REST } from "../asl/compare";
import { isBroken, open } from "../asl/document";
import { difference } from "../asl/history";
import { Dialog } from "./dialog";
import type { Conflict, Store } from "./store";

export function ConflictDialog({ store, conflict }: { readonly store: Store; readonly conflict: Conflict }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const isDraft = conflict.kind === "draft";
  const theirs = conflict.definition;
  const mine = store.text;
  const read = useMemo(() => {
    const opened = open(theirs);
    return isBroken(opened) || store.broken ? null : opened;
  }, [theirs]);
  const differing = useMemo(() => (read ? parts(store.document, read) : []), [read]);
  const { at, removed, inserted } = difference(theirs, mine);
  const choose = (part: string, isTheirs: boolean): void => {
    const next = new Set(chosen);
    if (isTheirs) next.add(part);
    else next.delete(part);
    setChosen(next);
  };
  return (
    <Dialog title={isDraft ? "Somebody else changes this draft" : "Somebody else has saved this machine"} onClose={() => void store.settle("later")} className="wide">
      <p>{isDraft ? `It was written meanwhile${conflict.author === "" ? "" : ` by ${conflict.author}`}, perhaps in another tab of yours. What differs is marked.` : "It was changed since you opened it. What differs is marked."}</p>
      <div class="sides">
        <Side title="Theirs" text={theirs} at={at} length={removed.length} />
        <Side title="Yours" text={mine} at={at} length={inserted.length} />
      </div>
      {read && differing.length > 0 ? (
        <fieldset class="merge">
          <legend>Or take parts of theirs</legend>
          <ul>
            {differing.map((part) => (
              <li key={part}>
                <label class="check">
                  <input type="checkbox" checked={chosen.has(part)} onChange={(event) => choose(part, event.currentTarget.checked)} />
                  <span>{part === REST ? "What is no state: start, comment, limits" : `${part}${store.document.machine.scope.byName.has(part) ? (read.machine.scope.byName.has(part) ? "" : " (they have removed it)") : " (they have it, you have not)"}`}</span>
                </label>
              </li>
            ))}
          </ul>
          <button type="button" class="button" disabled={chosen.size === 0} onClick={() => void store.settle({ text: merged(store.document, read, chosen) })}>Merge these into yours</button>
        </fieldset>
      ) : null}
      <div class="actions">
        <button type="button" class="button large" data-first onClick={() => void store.settle("later")}>Keep editing</button>
        <button type="button" class="button large" onClick={() => void store.settle("theirs")}>Take theirs</button>
        <button type="button" class="button danger large" onClick={() => void store.settle("mine")}>{isDraft ? "Keep yours" : "Save yours over it"}</button>
      </div>
      <p class="hint">Taking theirs, or parts of it, can be undone with Ctrl+Z.</p>
    </Dialog>
  );
}

const AROUND = 200;

function Side({ title, text, at, length }: { readonly title: string; readonly text: string; readonly at: number; readonly length: number }) {
  const from = Math.max(0, at - AROUND);
  const end = at + length + AROUND;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <pre class="json boxed" tabIndex={0} role="group" aria-label={`${title}, text`}>
        {from > 0 ? "…" : ""}
        {text.slice(from, at)}
        <mark>{text.slice(at, at + length)}</mark>
        {text.slice(at + length, end)}
        {end < text.length ? "…" : ""}
      </pre>
    </section>
  );
}
