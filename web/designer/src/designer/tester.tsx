// A state tried by itself: what goes in, what stands in for its work, and each step of the data on its way
// out. Inputs under a name, and mocks, are kept beside the draft and never in the definition.

import { useState } from "preact/hooks";
import { get } from "../asl/json/node";
import { JsonError, tryParse } from "../asl/json/parse";
import type { State } from "../asl/machine";
import { Select, Text } from "../forms/controls";
import { Icon } from "../forms/icon";
import type { Mock } from "./api";
import { Dialog } from "./dialog";
import type { Store } from "./store";
import { Answers } from "./tester-answer";
import { contextOf, mapAround, tryStates, type Tried } from "./tester-flow";

/** What a text that must be JSON says instead. */
function wrongJson(text: string): string | undefined {
  const read = tryParse(text.trim() === "" ? "{}" : text);
  return read instanceof JsonError ? `Line ${read.line}: ${read.message}.` : undefined;
}

export function Tester({ store, state, onClose, onShow }: { readonly store: Store; readonly state: State; readonly onClose: () => void; readonly onShow: (id: string) => void }) {
  const kept = store.mocks.find((mock) => mock.state === state.id);
  const [input, setInput] = useState(store.tried.input);
  const [variables, setVariables] = useState(store.tried.variables);
  const [sample, setSample] = useState("");
  const [name, setName] = useState("");
  const [kind, setKind] = useState<"none" | "result" | "error">(kept ? (kept.error === undefined ? "result" : "error") : "none");
  const [result, setResult] = useState(kept?.result ?? "{}");
  const [error, setError] = useState(kept?.error ?? "States.TaskFailed");
  const [cause, setCause] = useState(kept?.cause ?? "");
  const [retries, setRetries] = useState("0");
  const [index, setIndex] = useState("");
  const [isFlow, setFlow] = useState(false);
  const [tried, setTried] = useState<readonly Tried[]>([]);
  const [bad, setBad] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const map = mapAround(state);
  const hasWork = state.type === "Task" || state.type === "Map" || state.type === "Parallel";

  const mockNow = (): Mock | null => {
    if (!hasWork || kind === "none") return null;
    return kind === "result" ? { state: state.id, result } : { state: state.id, error, cause };
  };
  const run = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBad(undefined);
    const wrong = [["Input", input], ["Variables", variables], ...(kind === "result" ? [["Result", result]] : [])].flatMap(([word, text]) => {
      const told = wrongJson(text ?? "");
      return told ? [`${word}: ${told}`] : [];
    });
    if (wrong.length > 0) return setBad(wrong.join(" "));
    setBusy(true);
    const mock = mockNow();
    const others = store.mocks.filter((each) => each.state !== state.id);
    const mocks = mock ? [...others, mock] : others;
    if (JSON.stringify(mocks) !== JSON.stringify(store.mocks)) store.keepTests(store.samples, mocks);
    const context = index === "" ? null : contextOf(index, input);
    const [first] = await tryStates(store.api, { definition: store.document.text, state, input, variables, mocks, retries: Number(retries) || 0, context, isFlow }, setTried);
    if (first && "answer" in first) store.tried = { input, variables, result: get(get(first.answer, "inspection"), "result") };
    setBusy(false);
  };
  const takeLast = async (): Promise<void> => {
    setBad(undefined);
    try {
      const last = await store.lastInput(state.name);
      if (!last) return setBad(`The last execution did not come to “${state.name}”.`);
      setInput(last.input);
      setVariables(last.variables);
      setSample("");
    } catch (fault) {
      setBad(fault instanceof Error ? fault.message : "The server did not answer.");
    }
  };
  const keepSample = (): void => {
    const wanted = name.trim();
    if (wanted === "") return setBad("A sample needs a name.");
    store.keepTests([...store.samples.filter((each) => each.name !== wanted), { name: wanted, input }], store.mocks);
    setSample(wanted);
    setName("");
    store.say(`Kept the sample ${wanted}`);
  };
  return (
    <Dialog title={`Test ${state.name}`} onClose={onClose} className="wide tester">
      <form class="tester-form" onSubmit={(event) => void run(event)}>
        <div class="stack">
          {store.samples.length > 0 ? (
            <Select
              label="Sample"
              value={sample}
              options={[["", "Typed below"], ...store.samples.map((each) => [each.name, each.name] as const)]}
              onChange={(chosen) => {
                setSample(chosen);
                const found = store.samples.find((each) => each.name === chosen);
                if (found) setInput(found.input);
              }}
            />
          ) : null}
          <Area label="Input" value={input} onInput={setInput} isFirst rows={7} />
          {store.start.lastExecution === null ? null : (
            <button type="button" class="quiet from-last" onClick={() => void takeLast()}>Take the last execution’s input</button>
          )}
          <div class="sample-row">
            <div class="field">
              <label for="sample-name">Keep this input as</label>
              <input id="sample-name" class="input" value={name} maxLength={80} autocomplete="off" placeholder="large order" onInput={(event) => setName(event.currentTarget.value)} />
            </div>
            <button type="button" class="button" onClick={keepSample}>Keep</button>
            {sample === "" ? null : <button type="button" class="button" onClick={() => (store.keepTests(store.samples.filter((each) => each.name !== sample), store.mocks), setSample(""))}>Forget “{sample}”</button>}
          </div>
          <details open={variables.trim() !== "{}"}>
            <summary>Variables</summary>
            <Area label="Variables by name" value={variables} onInput={setVariables} rows={3} />
          </details>
          {hasWork ? (
            <>
              <Select
                label={state.type === "Task" ? "The call" : "Its work"}
                value={kind}
                options={[["none", state.type === "Task" ? "Is really made" : "Is not mocked"], ["result", "Gives this result"], ["error", "Fails with this error"]]}
                onChange={(chosen) => setKind(chosen === "result" || chosen === "error" ? chosen : "none")}
              />
              {kind === "result" ? <Area label="Result" value={result} onInput={setResult} rows={4} /> : null}
              {kind === "error" ? (
                <>
                  <Text label="Error" value={error} onChange={(typed) => (setError(typed), undefined)} isCode />
                  <Text label="Cause" value={cause} onChange={(typed) => (setCause(typed), undefined)} />
                  <Text label="Tried before" value={retries} inputMode="numeric" help="How often its retrier has tried already." onChange={(typed) => (/^\d*$/.test(typed.trim()) ? (setRetries(typed.trim()), undefined) : "A whole number.")} />
                </>
              ) : null}
            </>
          ) : null}
          {map ? <Text label="Item index" value={index} inputMode="numeric" help={`Of the item in “${map.name}”, from 0: what expressions find in the context object.`} onChange={(typed) => (/^\d{0,8}$/.test(typed.trim()) ? (setIndex(typed.trim()), undefined) : "A whole number.")} /> : null}
          <Select label="What is tested" value={isFlow ? "flow" : "one"} options={[["one", "This state alone"], ["flow", "This state and what follows"]]} onChange={(chosen) => setFlow(chosen === "flow")} />
          <div class="actions">
            <button class="button primary large" disabled={isBusy}><Icon name="play" /> Run the test</button>
          </div>
          {bad ? <p class="bad" role="alert"><Icon name="triangle-alert" />{bad}</p> : null}
        </div>
      </form>
      <section class="tester-answer" aria-label="What came of it" aria-live="polite">
        {tried.length > 0 ? (
          <Answers tried={tried} isFlow={isFlow} hasSamples={store.samples.length > 0} onShow={onShow} />
        ) : (
          <p class="muted">Nothing is started and nothing kept in a history. {isFlow ? "Calls are really made where a state has no mock; each state keeps its own." : hasWork && kind === "none" && state.type === "Task" ? "The call is really made." : ""}</p>
        )}
      </section>
    </Dialog>
  );
}

function Area({ label, value, onInput, rows, isFirst = false }: { readonly label: string; readonly value: string; readonly onInput: (text: string) => void; readonly rows: number; readonly isFirst?: boolean }) {
  const id = `test-${label.replace(/\W/g, "-")}`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea id={id} class="input is-code" rows={rows} spellcheck={false} data-first={isFirst ? "" : undefined} value={value} onInput={(event) => onInput(event.currentTarget.value)} />
    </div>
  );
}
