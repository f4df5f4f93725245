// An empty machine: how to begin.

import { useState } from "preact/hooks";
import { isObject } from "../asl/json/node";
import { JsonError, tryParse } from "../asl/json/parse";
import { printAlone } from "../asl/json/print";
import { Icon } from "../forms/icon";
import type { Store } from "./store";

/** A definition's text as JSON, from JSON or YAML. */
export async function readDefinition(text: string): Promise<string> {
  const json = tryParse(text);
  if (!(json instanceof JsonError)) {
    if (!isObject(json)) throw new Error("A definition is an object: it starts with {.");
    return text;
  }
  if (/^\s*[{[]/.test(text)) throw new Error(`Line ${json.line}: ${json.message}.`);
  const { fromYaml } = await import("../code/yaml");
  const read = fromYaml(text);
  if ("message" in read) throw new Error(`Line ${read.line}: ${read.message}.`);
  if (!isObject(read.node)) throw new Error("This is neither JSON nor YAML of a definition.");
  return `${printAlone(read.node)}\n`;
}

export function Empty({ store, onAdd }: { readonly store: Store; readonly onAdd: () => void }) {
  const [bad, setBad] = useState<string>();
  const [isOver, setOver] = useState(false);
  const take = async (text: string): Promise<void> => {
    if (text.trim() === "") return;
    try {
      store.setText(await readDefinition(text), null);
    } catch (error) {
      setBad(error instanceof Error ? error.message : "It cannot be read.");
    }
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    void (file ? file.text() : Promise.resolve(event.dataTransfer?.getData("text/plain") ?? "")).then(take);
  };
  return (
    <div
      class={`start-here${isOver ? " is-over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <h2 class="hidden-text">An empty machine</h2>
      <p class="hint">Drag a state to the mark above, or</p>
      <p>
        <button type="button" class="button primary large" onClick={onAdd}>
          <Icon name="plus" /> Add the first state
        </button>
      </p>
      <h3>Or with a pattern</h3>
      <div class="start-patterns">
        {store.start.patterns.map((pattern) => (
          <button key={pattern.id} type="button" class="button" title={pattern.help} onClick={() => store.setText(pattern.definition, null)}>
            {pattern.title}
          </button>
        ))}
      </div>
      <div class="field">
        <label for="start-paste">Or paste a definition, or drop a file</label>
        <textarea id="start-paste" class="input is-code" rows={3} placeholder="JSON or YAML" spellcheck={false} onInput={(event) => void take(event.currentTarget.value)} aria-invalid={bad ? "true" : undefined} />
        {bad ? <p class="bad" role="alert"><Icon name="triangle-alert" />{bad}</p> : null}
      </div>
    </div>
  );
}
