// What came of a state that was tried: how it ended, and each step of the data with what is new in it marked.

import { get, isObject, same, string, textOf, type Json } from "../asl/json/node";
import { printAlone } from "../asl/json/print";
import type { State } from "../asl/machine";
import { Icon } from "../forms/icon";
import type { Tried } from "./tester-flow";

const STAGES: readonly (readonly [key: string, words: string])[] = [
  ["input", "Input"], ["after_input_path", "After InputPath"], ["after_parameters", "After Parameters"], ["after_arguments", "After Arguments"],
  ["after_items_path", "Items"], ["after_items_pointer", "Items"], ["after_item_selector", "Input of each item"], ["after_item_batcher", "Batches"],
  ["result", "Result"], ["after_result_selector", "After ResultSelector"], ["after_result_path", "After ResultPath"],
];
const STATUS = {
  SUCCEEDED: ["Succeeded", "tone-succeeded", "circle-check"], FAILED: ["Failed", "tone-failed", "circle-x"],
  RETRIABLE: ["Would be tried again", "tone-waiting", "repeat"], CAUGHT_ERROR: ["Failed and caught", "tone-failed", "shield-check"],
} as const;

/** The states that were tried, in their order: one is shown whole, several fold. */
export function Answers({ tried, isFlow, hasSamples, onShow }: { readonly tried: readonly Tried[]; readonly isFlow: boolean; readonly hasSamples: boolean; readonly onShow: (id: string) => void }) {
  const hint = hasSamples ? null : <p class="hint">Keep the input as a sample to have it the next time, and to see values beside expressions.</p>;
  const [only] = tried;
  if (!isFlow) return only ? <>{"answer" in only ? <Answer state={only.state} answer={only.answer} onShow={onShow} /> : <p class="bad"><Icon name="triangle-alert" />{only.wrong}</p>}{hint}</> : null;
  return (
    <>
      <ol class="tried-states" aria-label="States in their order">
        {tried.map((each, at) => {
          const [words, tone, icon] = "answer" in each ? statusOf(each.answer) : (["Not tested", "tone-waiting", "triangle-alert"] as const);
          return (
            <li key={at}>
              <details open={at === tried.length - 1}>
                <summary>
                  <span class={`status ${tone}`}><Icon name={icon} /><span class="hidden-text">{words}</span></span> {each.state.name}
                </summary>
                {"answer" in each ? <Answer state={each.state} answer={each.answer} onShow={onShow} /> : <p class="bad"><Icon name="triangle-alert" />{each.wrong}</p>}
              </details>
            </li>
          );
        })}
      </ol>
      {hint}
    </>
  );
}

function statusOf(answer: Json): (typeof STATUS)[keyof typeof STATUS] {
  const status = textOf(answer, "status") ?? "FAILED";
  return STATUS[Object.keys(STATUS).includes(status) ? (status as keyof typeof STATUS) : "FAILED"];
}

function Answer({ state, answer, onShow }: { readonly state: State; readonly answer: Json; readonly onShow: (id: string) => void }) {
  const status = textOf(answer, "status") ?? "FAILED";
  const [words, tone, icon] = statusOf(answer);
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
