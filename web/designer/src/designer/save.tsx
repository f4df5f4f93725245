// Saving: what differs from what is saved, what is wrong with it, who is affected, a note, and an alias that
// is led to the new version.

import { useEffect, useState } from "preact/hooks";
import { Select } from "../forms/controls";
import { Icon } from "../forms/icon";
import type { Alias } from "./api";
import { Dialog } from "./dialog";
import { Difference } from "./difference";
import type { Store } from "./store";

export function SaveDialog({ store, onClose }: { readonly store: Store; readonly onClose: () => void }) {
  const [note, setNote] = useState("");
  const [alias, setAlias] = useState("");
  const [aliases, setAliases] = useState<readonly Alias[]>([]);
  const [bad, setBad] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [from] = useState(store.savedDefinition);
  const name = store.machine?.name ?? "";
  useEffect(() => {
    store.api.aliases(name).then(setAliases, () => setAliases([]));
  }, [name]);
  const { errors } = store;
  const isStopped = errors > 0 || store.broken !== null;
  const done = async (work: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    try {
      await work();
      onClose();
    } catch (error) {
      if (store.conflict) return onClose();
      setBad(error instanceof Error ? error.message : "The server did not answer.");
      setBusy(false);
    }
  };
  const plainly = async (): Promise<void> => {
    if (!(await store.save())) throw new Error(store.notice?.words ?? "The definition was not saved.");
  };
  return (
    <Dialog title={`Save ${name}`} onClose={onClose} className="wide">
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void done(() => store.publish(note.trim(), alias));
        }}
      >
        <Difference from={from} to={store.document.text} />
        {isStopped ? (
          <p class="bad">
            <Icon name="triangle-alert" />
            {store.broken ? "The text cannot be read. Mend it first; the draft is kept." : `${errors} ${errors === 1 ? "error stops" : "errors stop"} the save. The draft is kept all the same.`}
          </p>
        ) : null}
        <p class="hint">
          {aliases.length === 0
            ? "Executions that are started by the machine’s name use it at once. Those that run keep what they began with."
            : `Executions that are started by the machine’s name use it at once; by an alias when it is moved: ${aliases.map((each) => `${each.name} leads to ${each.leads}`).join("; ")}.`}
        </p>
        <div class="save-fields">
          <div class="field">
            <label for="save-note">Note</label>
            <input id="save-note" class="input" data-first value={note} maxLength={256} autocomplete="off" placeholder="What is new in it" onInput={(event) => setNote(event.currentTarget.value)} />
          </div>
          {aliases.length > 0 ? <Select label="Move an alias to it" value={alias} options={[["", "None"], ...aliases.map((each) => [each.name, `${each.name} (${each.leads})`] as const)]} onChange={setAlias} /> : null}
        </div>
        {bad ? <p class="bad" role="alert"><Icon name="triangle-alert" />{bad}</p> : null}
        <div class="actions">
          <button class="button primary large" disabled={isBusy || isStopped}>Save version</button>
          <button type="button" class="button large" disabled={isBusy || isStopped || store.saving === "saved"} onClick={() => void done(plainly)}>Save without a version</button>
          <button type="button" class="button large" onClick={onClose}>Cancel</button>
          {store.saving === "saved" ? null : (
            <button type="button" class="quiet" onClick={() => (store.discard(), onClose())}>Discard the draft</button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
