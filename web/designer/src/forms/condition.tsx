// When a rule of a Choice holds: built of fields, comparisons and "and", "or", "not"; in JSONata an
// expression.

import { ALL_OPERATORS, operatorWords, OPERATORS } from "../asl/fields";
import { put, remove, set, withItems, withMembers } from "../asl/json/change";
import { array, get, isArray, isObject, literal, number, objectOf, string, textOf, type Json, type JsonObject, type Path } from "../asl/json/node";
import { Select, Text } from "./controls";
import type { Form } from "./field";
import { Icon, Square } from "./icon";
import { shown } from "./value";

const KINDS = [["one", "One comparison"], ["And", "All of these"], ["Or", "Any of these"], ["Not", "Not this"]] as const;
const DEPTH_MAX = 6;

interface Props {
  readonly form: Form;
  /** From the state to the rule. */
  readonly path: Path;
  readonly label: string;
}

export function Condition({ form, path, label }: Props) {
  if (form.language === "JSONata") {
    return (
      <Text
        label="Condition"
        help="An expression that is true or false."
        problem={form.problemAt([...path, "Condition"])}
        value={shown("text", get(form.node, "Condition"))}
        onChange={(typed) => (form.set([...path, "Condition"], string(typed.trim())), undefined)}
        isLong
        isCode
        expressions={form.expressions}
        placeholder="{% $states.input.total > 100 %}"
      />
    );
  }
  const keep = ["Next", "Comment", "Assign", "Output"];
  const setTest = (test: JsonObject): void => {
    const rest = form.node.members.filter(({ key }) => keep.includes(key));
    form.set(path, withMembers(form.node, [...test.members.filter(({ key }) => !keep.includes(key)), ...rest]));
  };
  return <Test node={form.node} onChange={setTest} label={label} depth={0} problem={form.problemAt(path)} />;
}

interface TestProps {
  readonly node: JsonObject;
  readonly onChange: (node: JsonObject) => void;
  readonly label: string;
  readonly depth: number;
  readonly problem?: string | undefined;
}

const blank = (): JsonObject => objectOf({ Variable: "$.value", BooleanEquals: true });

function kindOf(node: JsonObject): string {
  return ["And", "Or", "Not"].find((key) => get(node, key) !== null) ?? "one";
}

/** What stays of a test that becomes one of another kind. */
function turned(node: JsonObject, kind: string): JsonObject {
  const was = kindOf(node);
  const inside = get(node, was);
  const first = was === "Not" ? inside : isArray(inside) ? inside.items[0] : null;
  const single = was === "one" ? remove(node, "Next", "Comment", "Assign", "Output") : isObject(first) ? first : blank();
  if (kind === "one") return single;
  if (kind === "Not") return withMembers(objectOf({}), [{ key: "Not", value: single, origin: null }]);
  const list = isArray(inside) ? inside : array([single]);
  return withMembers(objectOf({}), [{ key: kind, value: list, origin: null }]);
}

function Test({ node, onChange, label, depth, problem }: TestProps) {
  const kind = kindOf(node);
  const inside = get(node, kind);
  const items = isArray(inside) ? inside.items : [];
  const setItem = (index: number, value: Json | null): void => {
    if (!isArray(inside)) return;
    onChange(set(node, kind, withItems(inside, value ? inside.items.with(index, value) : inside.items.toSpliced(index, 1))));
  };
  return (
    <div class={depth === 0 ? "test" : "test is-inner"} role="group" aria-label={`${label}: when`}>
      <Select label={`${label}: holds when`} problem={problem} value={kind} options={depth < DEPTH_MAX ? KINDS : KINDS.slice(0, 1)} onChange={(chosen) => onChange(turned(node, chosen))} />
      {kind === "one" ? <Comparison node={node} onChange={onChange} label={label} /> : null}
      {kind === "Not" && isObject(inside) ? <Test node={inside} onChange={(next) => onChange(set(node, "Not", next))} label={`${label}, not`} depth={depth + 1} /> : null}
      {kind === "And" || kind === "Or" ? (
        <>
          {items.map((item, index) =>
            isObject(item) ? (
              <div class="test-item" key={index}>
                <Test node={item} onChange={(next) => setItem(index, next)} label={`${label}.${index + 1}`} depth={depth + 1} />
                <Square icon="trash-2" label={`Delete ${label}.${index + 1}`} isDisabled={items.length === 1} onClick={() => setItem(index, null)} />
              </div>
            ) : null,
          )}
          <button type="button" class="quiet" onClick={() => isArray(inside) && onChange(set(node, kind, withItems(inside, [...inside.items, blank()])))}>
            <Icon name="plus" />
            {kind === "And" ? "And another" : "Or another"}
          </button>
        </>
      ) : null}
    </div>
  );
}

function Comparison({ node, onChange, label }: { readonly node: JsonObject; readonly onChange: (node: JsonObject) => void; readonly label: string }) {
  const operator = node.members.find(({ key }) => ALL_OPERATORS.includes(key))?.key ?? "";
  const value = operator === "" ? null : get(node, operator);
  const setOperator = (chosen: string): void => {
    const index = node.members.findIndex(({ key }) => key === operator);
    const member = { key: chosen, value: fitted(chosen, value), origin: null };
    onChange(withMembers(node, index < 0 ? [...node.members, member] : node.members.with(index, member)));
  };
  const setValue = (typed: string): string | undefined => {
    const next = valueFor(operator, typed);
    if (typeof next === "string") return next;
    onChange(put(node, [operator], next));
    return undefined;
  };
  const isYesNo = operator === "BooleanEquals" || operator.startsWith("Is");
  return (
    <>
      <Text label={`${label}: field`} value={textOf(node, "Variable") ?? ""} isCode placeholder="$.order.total" onChange={(typed) => (onChange(set(node, "Variable", string(typed.trim()))), undefined)} />
      <Select
        label={`${label}: comparison`}
        value={operator}
        options={operator === "" ? [["", "Choose one"]] : []}
        groups={OPERATORS.map(([group, names]) => [group, names.map((name) => [name, operatorWords(name)] as const)] as const)}
        onChange={setOperator}
      />
      {isYesNo ? (
        <Select label={`${label}: value`} value={shown("text", value)} options={[["true", "yes"], ["false", "no"]]} onChange={(chosen) => onChange(put(node, [operator], literal(chosen === "true")))} />
      ) : (
        <Text label={`${label}: value`} value={shown("text", value)} onChange={setValue} isCode placeholder={operator.endsWith("Path") ? "$.other" : operator.startsWith("Timestamp") ? "2026-12-24T18:00:00Z" : undefined} />
      )}
    </>
  );
}

/** The value in the kind that an operator compares with. */
function fitted(operator: string, old: Json | null): Json {
  if (operator.endsWith("Path")) return old?.kind === "string" && old.value.startsWith("$") ? old : string("$.other");
  if (operator.startsWith("Numeric")) return old?.kind === "number" ? old : number(0);
  if (operator === "BooleanEquals" || operator.startsWith("Is")) return old?.kind === "literal" && old.value !== null ? old : literal(true);
  if (old?.kind === "string") return old;
  return string(operator.startsWith("Timestamp") ? "2026-01-01T00:00:00Z" : "");
}

/** What was typed as such a value, or what is wrong with it. */
function valueFor(operator: string, typed: string): Json | string {
  if (operator.startsWith("Numeric") && !operator.endsWith("Path")) {
    return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(typed.trim()) ? number(typed.trim()) : "A number such as 30.";
  }
  return string(operator.endsWith("Path") ? typed.trim() : typed);
}

