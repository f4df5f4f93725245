// Where the lines of a state lead, each as a field with search: what dragging a line's head does, by keys.

import { labelOf } from "../asl/words";
import type { Link, State } from "../asl/machine";
import { NextField } from "../forms/field";
import { formOf } from "../forms/inspector";
import { Dialog } from "./dialog";
import type { Store } from "./store";

function wordsOf(state: State, link: Link): string {
  switch (link.kind) {
    case "next":
      return "Next state";
    case "default":
      return "Otherwise";
    case "choice":
      return `When ${labelOf(state, link)}`;
    case "catch":
      return `On ${labelOf(state, link)}`;
  }
}

export function LinesDialog({ store, state, onClose }: { readonly store: Store; readonly state: State; readonly onClose: () => void }) {
  const form = formOf(store, state);
  const hasNext = state.links.some(({ kind }) => kind === "next");
  return (
    <Dialog title={`Where ${state.name} leads`} onClose={onClose} className="has-picks">
      {hasNext || !state.ends ? null : <NextField label="Next state" form={form} path={["Next"]} value={null} isFirst />}
      {state.links.map((link, at) => (
        <NextField key={link.path.join()} label={wordsOf(state, link)} form={form} path={link.path} value={link.target} isFirst={at === 0 && (hasNext || !state.ends)} />
      ))}
      <div class="actions">
        <button type="button" class="button primary" onClick={onClose}>Done</button>
      </div>
    </Dialog>
  );
}
