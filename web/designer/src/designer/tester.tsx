// A state tried by itself: what goes in, what stands in for its work, and each step of the data on its way
// out. Inputs under a name, and mocks, are kept beside the draft and never in the definition.

import { useState } from "preact/hooks";
import { string, get, isObject, same, textOf, type Json } from "../asl/json/node";
import { JsonError, tryParse } from "../asl/json/parse";
import { printAlone } from "../asl/json/print";
import type { State } from "../asl/machine";
import { Select, Text } from "../forms/controls";
import { Icon } from "../forms/icon";
import type { Mock } from "./api";
import { Dialog } from "./dialog";
import type { Store } from "./store";

const STAGES: readonly (readonly [key: string, words: string])[] = [
  ["input", "Input"], ["after_input_path", "After InputPath"], ["after_parameters", "After Parameters"], ["after_arguments", "After Arguments"],
  ["after_items_path", "Items"], ["after_items_pointer", "Items"], ["after_item_selector", "Input of each item"], ["after_item_batcher", "Batches"],
  ["result", "Result"], ["after_result_selector", "After ResultSelector"], ["after_result_path", "After ResultPath"],
];
const STATUS = {
  SUCCEEDED: ["Succeeded", "tone-succeeded", "circle-check"], FAILED: ["Failed", "tone-failed", "circle-x"],
  RETRIABLE: ["Would be tried again", "tone-waiting", "repeat"], CAUGHT_ERROR: ["Failed and caught", "tone-failed", "shield-check"],
} as const;

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
  const [answer, setAnswer] = useState<Json | null>(null);
  const [bad, setBad] = useState<string>();
  const [isBusy, setBusy] = useState(false);
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
    try {
      const read = await store.api.test({ definition: store.document.text, state: state.name, input, variables, mock, retries: Number(retries) || 0 });
      setAnswer(read);
      store.tried = { input, variables, result: get(get(read, "inspection"), "result") };
    } catch (fault) {
      setAnswer(null);
      setBad(fault instanceof Error ? fault.message : "The server did not answer.");
    }
    setBusy(false);
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
          <div class="actions">
            <button class="button primary large" disabled={isBusy}><Icon name="play" /> Run the test</button>
          </div>
          {bad ? <p class="bad" role="alert"><Icon name="triangle-alert" />{bad}</p> : null}
        </div>
      </form>
      <section class="tester-answer" aria-label="What came of it" aria-live="polite">
        {answer ? <Answer store={store} state={state} answer={answer} onShow={onShow} /> : <p class="muted">Nothing is started and nothing kept in a history. {hasWork && kind === "none" && state.type === "Task" ? "The call is really made." : ""}</p>}
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

function Answer({ store, state, answer, onShow }: { readonly store: Store; readonly state: State; readonly answer: Json; readonly onShow: (id: string) => void }) {
  const status = textOf(answer, "status") ?? "FAILED";
  const [words, tone, icon] = STATUS[Object.keys(STATUS).includes(status) ? (status as keyof typeof STATUS) : "FAILED"];
  const next = textOf(answer, "next_state");
  const inspection = get(answer, "inspection");
  const output = get(answer, "output");
  const variables = get(inspection, "variables");
  const steps = [
    ...STAGES.flatMap(([key, title]) => {
      const value = get(inspection, key);
      return value ? [{ title, value }] : [];
    }),
    ...(output ? [{ title: "Output", value: output }] : []),
  ];
  const target = next === null ? undefined : state.scope.byName.get(next);
  return (
    <>
      <p class={`status ${tone}`}><Icon name={icon} />{words}</p>
      {textOf(answer, "error") !== null ? <p><strong class="mono">{textOf(answer, "error")}</strong> {textOf(answer, "cause") ?? ""}</p> : null}
      <p>
        {next === null ? (status === "SUCCEEDED" ? "The flow ends here." : "") : <>Next: {target ? <button type="button" class="quiet" onClick={() => onShow(target.id)}>{next}</button> : next}</>}
      </p>
      <ol class="data-steps">
        {steps.map(({ title, value }, at) => {
          const before = steps[at - 1]?.value;
          return (
            <li key={title}>
              <h3>{title}{before && same(before, value) ? <span class="muted"> as before</span> : null}</h3>
              {before && same(before, value) ? null : <Shown title={title} value={value} before={before} />}
            </li>
          );
        })}
        {isObject(variables) && variables.members.length > 0 ? <li><h3>Variables</h3><Shown title="Variables" value={variables} before={undefined} /></li> : null}
      </ol>
      {store.samples.length === 0 ? <p class="hint">Keep the input as a sample to have it the next time, and to see values beside expressions.</p> : null}
    </>
  );
}

/** A value, with the members that the step before did not have marked. */
function Shown({ title, value, before }: { readonly title: string; readonly value: Json; readonly before: Json | undefined }) {
  if (!isObject(value) || !before || !isObject(before)) {
    return <pre class="json boxed" tabIndex={0} role="group" aria-label={title}>{printAlone(value)}</pre>;
  }
  return (
    <pre class="json boxed" tabIndex={0} role="group" aria-label={title}>
      {"{\n"}
      {value.members.map(({ key, value: inner }, at) => {
        const old = get(before, key);
        const text = `  ${printAlone(string(key))}: ${printAlone(inner).replace(/\n/g, "\n  ")}${at < value.members.length - 1 ? "," : ""}\n`;
        return old && same(old, inner) ? text : <mark key={key}>{text}</mark>;
      })}
      {"}"}
    </pre>
  );
}
