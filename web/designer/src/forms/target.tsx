// What the commonest services need, as fields: the function or machine that is called, chosen from what the
// server has, and an HTTP request. All of it is kept in Parameters or Arguments, where its JSON stands too.

import { at, string, textOf, type Path } from "../asl/json/node";
import { Select, Text } from "./controls";
import type { Form } from "./field";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

export function Target({ form }: { readonly form: Form }) {
  const resource = textOf(form.node, "Resource") ?? "";
  if (resource.startsWith("arn:aws:states:::lambda:invoke")) return <Kept form={form} path={["FunctionName"]} label="Function to call" help="Kept as FunctionName." choices={form.functions} />;
  if (resource.startsWith("arn:aws:states:::states:startExecution")) return <Kept form={form} path={["StateMachineArn"]} label="Machine to start" help="Kept as StateMachineArn." choices={form.machines} />;
  return resource.startsWith("arn:aws:states:::http:invoke") ? <Http form={form} /> : null;
}

function holderOf({ language }: Form): string {
  return language === "JSONata" ? "Arguments" : "Parameters";
}

interface KeptProps {
  readonly form: Form;
  /** Within what is passed on. */
  readonly path: Path;
  readonly label: string;
  readonly help: string;
  readonly choices?: readonly string[];
  readonly placeholder?: string;
}

/** One text of what is passed on. */
function Kept({ form, path, label, help, choices, placeholder }: KeptProps) {
  const whole = [holderOf(form), ...path];
  const value = at(form.node, whole);
  return (
    <Text
      label={label}
      value={value?.kind === "string" ? value.value : ""}
      help={help}
      problem={form.problemAt(whole)}
      choices={choices}
      placeholder={placeholder}
      isCode
      expressions={form.language === "JSONata" ? form.expressions : undefined}
      onChange={(typed) => (form.set(whole, typed.trim() === "" ? null : string(typed.trim())), undefined)}
    />
  );
}

function Http({ form }: { readonly form: Form }) {
  const path = [holderOf(form), "Method"];
  const method = at(form.node, path);
  const chosen = method?.kind === "string" ? method.value : "";
  const known = METHODS.includes(chosen) || chosen === "" ? METHODS : [chosen, ...METHODS];
  return (
    <>
      <Kept form={form} path={["ApiEndpoint"]} label="Address" help="Kept as ApiEndpoint." placeholder="https://example.com/orders" />
      <Select label="Method" value={chosen} problem={form.problemAt(path)} options={[...(chosen === "" ? [["", "Not set"] as const] : []), ...known.map((each) => [each, each] as const)]} onChange={(next) => form.set(path, next === "" ? null : string(next))} />
      <Kept form={form} path={["Authentication", "ConnectionArn"]} label="Connection" help="Proves who is asking; headers, query and body stand in the data." choices={form.connections} />
    </>
  );
}
