// The designer's dialogs that are loaded when one is opened: naming a new machine, starting, deleting, keys.

import { useState } from "preact/hooks";
import type { Place } from "../asl/edit/place";
import { Select } from "../forms/controls";
import { Icon } from "../forms/icon";
import { Dialog } from "./dialog";
import type { Store } from "./store";

export function Ways({ choices, onChoose, onClose }: { readonly choices: readonly { readonly word: string; readonly place: Place }[]; readonly onChoose: (place: Place) => void; readonly onClose: () => void }) {
  return (
    <Dialog title="The flow divides: move it where?" onClose={onClose}>
      <div class="stack">
        {choices.map(({ word, place }) => (
          <button key={word} type="button" class="button" onClick={() => onChoose(place)}>
            {word}
          </button>
        ))}
      </div>
    </Dialog>
  );
}

export function ConfirmDelete({ losses, onYes, onClose }: { readonly losses: readonly string[]; readonly onYes: () => void; readonly onClose: () => void }) {
  return (
    <Dialog title="Delete it all the same?" onClose={onClose}>
      <ul class="losses">
        {losses.map((loss) => (
          <li key={loss}>{loss}</li>
        ))}
      </ul>
      <div class="actions">
        <button type="button" class="button danger large" onClick={onYes}>Delete</button>
        <button type="button" class="button large" data-first onClick={onClose}>Cancel</button>
      </div>
    </Dialog>
  );
}

/** The name of a machine that is made of the draft. */
export function CreateDialog({ store, onDone, onClose }: { readonly store: Store; readonly onDone: () => void; readonly onClose: () => void }) {
  const [name, setName] = useState("");
  const [type, setType] = useState(store.type);
  const [bad, setBad] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const create = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (name.trim() === "") return setBad("A machine needs a name.");
    setBusy(true);
    try {
      await store.create(name.trim(), type);
      onDone();
    } catch (error) {
      setBad(error instanceof Error ? error.message : "The server did not answer.");
      setBusy(false);
    }
  };
  return (
    <Dialog title="Create the machine" onClose={onClose}>
      <form class="stack" onSubmit={(event) => void create(event)}>
        <div class="field">
          <label for="create-name">Name</label>
          <input id="create-name" class="input" data-first value={name} maxLength={80} autocomplete="off" spellcheck={false} aria-invalid={bad ? "true" : undefined} aria-describedby="create-help" onInput={(event) => setName(event.currentTarget.value)} />
          {bad ? <p class="bad" role="alert"><Icon name="triangle-alert" />{bad}</p> : null}
          <p class="hint" id="create-help">1 to 80 characters; letters, digits, - and _ are safe everywhere.</p>
        </div>
        <Select label="Type" value={type} options={[["STANDARD", "Standard: durable, up to a year"], ["EXPRESS", "Express: short, many"]]} onChange={setType} />
        {store.errors > 0 ? <p class="bad"><Icon name="triangle-alert" />{`The definition has ${store.errors} ${store.errors === 1 ? "error" : "errors"}: the server will refuse it.`}</p> : null}
        <div class="actions">
          <button class="button primary large" disabled={isBusy}>Create machine</button>
          <button type="button" class="button large" onClick={onClose}>Cancel</button>
        </div>
      </form>
    </Dialog>
  );
}

/** The input of an execution, saved first where that is needed. */
export function StartDialog({ store, onClose }: { readonly store: Store; readonly onClose: () => void }) {
  const [input, setInput] = useState(store.tried.input);
  const [bad, setBad] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const { machine } = store;
  const start = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!machine) return;
    setBusy(true);
    try {
      JSON.parse(input.trim() === "" ? "{}" : input);
      if (store.saving !== "saved" && !(await store.save())) throw new Error(store.notice?.words ?? "The definition could not be saved.");
      const id = await store.api.start(machine.name, input);
      location.assign(`/executions/${id}`);
    } catch (error) {
      setBad(error instanceof Error ? error.message : "The server did not answer.");
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Start ${machine?.name ?? ""}`} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void start(event)}>
        <div class="field">
          <label for="start-input">Input</label>
          <textarea id="start-input" class="input is-code" data-first rows={8} spellcheck={false} value={input} aria-invalid={bad ? "true" : undefined} onInput={(event) => setInput(event.currentTarget.value)} />
          {bad ? <p class="bad" role="alert"><Icon name="triangle-alert" />{bad}</p> : null}
        </div>
        <div class="actions">
          <button class="button primary large" disabled={isBusy}>
            <Icon name="play" /> {store.saving === "saved" ? "Start execution" : "Save and start"}
          </button>
          <button type="button" class="button large" onClick={onClose}>Cancel</button>
        </div>
      </form>
    </Dialog>
  );
}

const KEYS: readonly (readonly [string, string])[] = [
  ["↓ ↑", "next, previous along the flow"],
  ["← →", "beside"],
  ["Shift ↓, Esc", "into a container, out of it"],
  ["Home, End", "first, last state of the branch"],
  ["A, Shift A", "add after, before"],
  ["Enter", "its fields"],
  ["F2", "rename"],
  ["Alt ↓ ↑", "move along the flow"],
  ["D, Ctrl D", "duplicate"],
  ["Delete", "delete; the flow closes"],
  ["Ctrl C X V", "copy, cut, paste as text"],
  ["Ctrl Z, Ctrl Shift Z", "undo, redo"],
  ["Ctrl S, Ctrl Shift S", "keep the draft, save a version"],
  ["T", "test the state"],
  ["Space", "collapse, expand"],
  ["+ - 0 1 2", "larger, smaller, 100 %, all, selection"],
  ["Ctrl A, Shift click, Shift drag", "select many"],
  ["N, Shift N", "next, previous problem"],
  ["G then D, C, B", "design, code, both"],
  ["Shift F10", "menu"],
];

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose} className="wide">
      <dl class="keys">
        {KEYS.map(([keys, words]) => (
          <div key={keys}>
            <dt><kbd>{keys}</kbd></dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
