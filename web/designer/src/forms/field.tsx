// One field of the table in `asl/fields.ts`, as the control that its kind asks for.

import type { Field } from "../asl/fields";
import { at, literal, string, type Json, type JsonObject, type Path } from "../asl/json/node";
import type { Language, State } from "../asl/machine";
import { Assign } from "./assign";
import type { Expressions } from "./expression";
import { Check, Select, Text } from "./controls";
import { Pick, type Choice } from "./pick";
import { read, shown } from "./value";

/** What fields need to know and do; the designer gives it. */
export interface Form {
  readonly state: State;
  readonly language: Language;
  /** The object that the fields belong to, and the path to it from the state. */
  readonly node: JsonObject;
  readonly base: Path;
  readonly functions: readonly string[];
  readonly machines: readonly string[];
  readonly connections: readonly string[];
  readonly expressions: Expressions;
  /** Sets what stands at a path from the state; null takes it out. */
  set(path: Path, value: Json | null): void;
  /** Leads a line elsewhere: to a name, to the end, or to a new state. */
  lead(path: Path, to: { readonly name: string } | "end" | "new"): void;
  problemAt(path: Path): string | undefined;
}

const SERVICES = [
  "arn:aws:states:::lambda:invoke",
  "arn:aws:states:::lambda:invoke.waitForTaskToken",
  "arn:aws:states:::http:invoke",
  "arn:aws:states:::states:startExecution",
  "arn:aws:states:::states:startExecution.sync:2",
  "arn:aws:states:::states:startExecution.waitForTaskToken",
];

export function FieldControl({ field, form }: { readonly field: Field; readonly form: Form }) {
  const { label, help, kind } = field;
  const path = [...form.base, ...field.path];
  const value = at(form.node, field.path);
  const problem = form.problemAt(path);
  const take = (typed: string): string | undefined => {
    const result = read(kind, typed, form.language, value);
    if ("bad" in result) return result.bad;
    form.set(path, result.value);
    return undefined;
  };
  switch (kind) {
    case "select":
      return (
        <Select
          label={label}
          help={help}
          problem={problem}
          value={shown("text", value)}
          options={[["", field.path[0] === "QueryLanguage" ? "As the machine" : "Not set"], ...(field.options ?? []).map((each) => [each, each] as const)]}
          onChange={(chosen) => form.set(path, chosen === "" ? null : string(chosen))}
        />
      );
    case "next":
      return <NextField label={label} help={help} problem={problem} form={form} path={path} value={value?.kind === "string" ? value.value : null} />;
    case "assign":
      return <Assign label={label} help={help} language={form.language} expressions={form.expressions} node={value} onChange={(next) => form.set(path, next)} />;
    case "path":
      return (
        <>
          <Text label={label} help={help} problem={problem} value={shown(kind, value)} onChange={take} isCode isDisabled={isNull(value)} placeholder="$.field" expressions={form.expressions} />
          {field.nullable ? <Check label={`${label}: null, nothing`} value={isNull(value)} onChange={(isOn) => form.set(path, isOn ? literal(null) : null)} /> : null}
        </>
      );
    case "resource":
      return (
        <Text label={label} help={help} problem={problem} value={shown("text", value)} onChange={(typed) => (form.set(path, string(typed.trim())), undefined)} isCode choices={[...form.functions, ...SERVICES]} placeholder="A function or arn:aws:states:::…" />
      );
    case "json":
    case "texts":
      return <Text label={label} help={help} problem={problem} value={shown(kind, value)} onChange={take} isLong isCode={kind === "json"} expressions={kind === "json" ? form.expressions : undefined} placeholder={kind === "json" ? placeholderOf(form.language) : undefined} />;
    default:
      return <Text label={label} help={help} problem={problem} value={shown(kind, value)} onChange={take} inputMode={kind === "number" && form.language === "JSONPath" ? "numeric" : undefined} isCode={form.language === "JSONata"} expressions={form.language === "JSONata" ? form.expressions : undefined} />;
  }
}

function placeholderOf(language: Language): string {
  return language === "JSONata" ? '{ "id": "{% $states.input.id %}" }' : '{ "id.$": "$.id" }';
}

function isNull(value: Json | null): boolean {
  return value?.kind === "literal" && value.value === null;
}

interface NextProps {
  readonly label: string;
  readonly help?: string | undefined;
  readonly problem?: string | undefined;
  readonly form: Form;
  readonly path: Path;
  readonly value: string | null;
  /** Takes focus when its dialog opens. */
  readonly isFirst?: boolean;
}

const END = "\u0000end";
const NEW = "\u0000new";

/** Where a line leads: a state of the scope, a new one, or the end. */
export function NextField({ label, help, problem, form, path, value, isFirst }: NextProps) {
  const isNext = path.length === 1 && path[0] === "Next";
  const names = form.state.scope.states.map(({ name }) => name);
  const isGone = value !== null && value !== "" && !names.includes(value);
  const choices: Choice[] = [
    ...(isNext ? [{ value: END, words: "End here", isSpecial: true }] : !value ? [{ value: "", words: "Nowhere yet", isSpecial: true }] : []),
    { value: NEW, words: "A new state…", isSpecial: true },
    ...(isGone ? [{ value, words: `${value} (is not there)` }] : []),
    ...names.map((name) => ({ value: name, words: name })),
  ];
  return (
    <Pick
      label={label}
      help={help}
      problem={problem}
      value={value ?? (isNext ? END : "")}
      choices={choices}
      isFirst={isFirst}
      onChange={(chosen) => {
        if (chosen === END) form.lead(path, "end");
        else if (chosen === NEW) form.lead(path, "new");
        else if (chosen === "") form.set(path, null);
        else form.lead(path, { name: chosen });
      }}
    />
  );
}
