// What cards and lines say: the short forms of resources, rules and errors.

import { get, itemsOf, membersOf, textOf, type Json } from "./json/node";
import type { Link, State } from "./machine";
import { at } from "./json/node";

/** The second line of a card: what the state does. */
export function noteOf(state: State): string {
  const { node } = state;
  switch (state.type) {
    case "Task":
      return resourceOf(state);
    case "Choice":
      return plural(itemsOf(node, "Choices").length, "rule");
    case "Parallel":
      return plural(state.branches.length, "branch");
    case "Map":
      return [isDistributed(state) ? "distributed" : "each item", atOnce(node)].filter(Boolean).join(", ");
    case "Wait":
      return waitOf(node);
    case "Fail":
      return textOf(node, "Error") ?? textOf(node, "ErrorPath") ?? "";
    case "Pass":
    case "Succeed":
      return "";
  }
}

export function isDistributed(state: State): boolean {
  const [inner] = state.branches;
  return inner !== undefined && textOf(get(inner.node, "ProcessorConfig"), "Mode") === "DISTRIBUTED";
}

function atOnce(node: Json): string {
  const limit = get(node, "MaxConcurrency");
  if (limit?.kind === "number" && limit.text !== "0") return `up to ${limit.text} at once`;
  return "";
}

function waitOf(node: Json): string {
  const seconds = get(node, "Seconds");
  if (seconds?.kind === "number") return durationOf(Number(seconds.text));
  if (seconds?.kind === "string") return inner(seconds.value);
  const timestamp = textOf(node, "Timestamp");
  if (timestamp !== null) return `until ${inner(timestamp)}`;
  const path = textOf(node, "SecondsPath");
  if (path !== null) return `${path} s`;
  return `until ${textOf(node, "TimestampPath") ?? "…"}`;
}

/** `90` as `1 m 30 s`. */
export function durationOf(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return `${seconds} s`;
  const parts: string[] = [];
  let left = seconds;
  for (const [size, unit] of [[86_400, "d"], [3_600, "h"], [60, "m"]] as const) {
    if (left >= size) parts.push(`${Math.floor(left / size)} ${unit}`);
    left %= size;
  }
  if (left > 0 || parts.length === 0) parts.push(`${left} s`);
  return parts.slice(0, 2).join(" ");
}

/** The function's name where one is called, else service and action. */
export function resourceOf(state: State): string {
  const resource = textOf(state.node, "Resource");
  if (resource === null) return "";
  const called = ["Parameters", "Arguments"].map((key) => textOf(get(state.node, key), "FunctionName")).find((name) => name !== null);
  const shown = called && resource.includes(":lambda:invoke") ? called : resource;
  if (shown.startsWith("{%")) return inner(shown);
  const parts = shown.split(":");
  const last = parts.at(-1) ?? "";
  if (shown.startsWith("arn:aws:states:::")) return parts.slice(5).join(":");
  if (/^\d+$|^\$LATEST$/.test(last) && parts.length > 2) return parts.at(-2) ?? last;
  return last;
}

function plural(count: number, word: string): string {
  if (count === 1) return `1 ${word}`;
  return `${count} ${word}${/[sh]$/.test(word) ? "es" : "s"}`;
}

/** An expression without its marks. */
export function inner(text: string): string {
  return /^\{%\s*([\s\S]*?)\s*%\}$/.exec(text)?.[1] ?? text;
}

/** What stands on a line, where anything does. */
export function labelOf(state: State, link: Link): string {
  switch (link.kind) {
    case "next":
      return "";
    case "default":
      return "otherwise";
    case "choice":
      return shorten(ruleOf(at(state.node, link.path.slice(0, -1))));
    case "catch": {
      const errors = itemsOf(at(state.node, link.path.slice(0, -1)), "ErrorEquals");
      const names = errors.flatMap((error) => (error.kind === "string" ? [error.value] : []));
      const [first = "error"] = names;
      return shorten(names.length > 1 ? `${first} +${names.length - 1}` : first);
    }
  }
}

const LABEL_MAX = 30;

function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= LABEL_MAX ? line : `${line.slice(0, LABEL_MAX - 1).trimEnd()}…`;
}

/** A rule of a Choice in short form. */
export function ruleOf(rule: Json | null): string {
  const condition = get(rule, "Condition");
  if (condition) return condition.kind === "string" ? inner(condition.value) : printed(condition);
  const all = get(rule, "And");
  if (all) return itemsOf(rule, "And").map(ruleOf).join(" and ");
  if (get(rule, "Or")) return itemsOf(rule, "Or").map(ruleOf).join(" or ");
  const not = get(rule, "Not");
  if (not) return `not ${ruleOf(not)}`;
  const variable = plainPath(textOf(rule, "Variable") ?? "?");
  const test = membersOf(rule).find(({ key }) => COMPARISON.test(key));
  if (!test) return variable === "?" ? "new rule" : variable;
  return `${variable} ${comparison(test.key, test.value)}`;
}

const COMPARISON = /^(String|Numeric|Boolean|Timestamp)(Equals|LessThan|GreaterThan|LessThanEquals|GreaterThanEquals|Matches)(Path)?$|^Is(Null|Present|Numeric|String|Boolean|Timestamp)$/;

const SIGNS: Readonly<Record<string, string>> = {
  Equals: "=", LessThan: "<", GreaterThan: ">", LessThanEquals: "≤", GreaterThanEquals: "≥", Matches: "like",
};

function comparison(operator: string, value: Json): string {
  if (operator.startsWith("Is")) {
    const negative = value.kind === "literal" && value.value === false ? "not " : "";
    return `is ${negative}${operator.slice(2).toLowerCase()}`;
  }
  const [, , sign = "Equals"] = COMPARISON.exec(operator) ?? [];
  const against = operator.endsWith("Path") && value.kind === "string" ? plainPath(value.value) : printed(value);
  return `${SIGNS[sign] ?? sign} ${against}`;
}

function printed(value: Json): string {
  if (value.kind === "string") return JSON.stringify(value.value);
  if (value.kind === "number") return value.text;
  if (value.kind === "literal") return String(value.value);
  return value.kind === "array" ? "[…]" : "{…}";
}

/** `$.order.total` as `order.total`. */
function plainPath(path: string): string {
  return path.startsWith("$.") ? path.slice(2) : path;
}

/** The sentence about a state's ways out that readers of the screen hear. */
export function waysOut(state: State): string {
  const told = state.links.map((link) => {
    const label = labelOf(state, link);
    if (link.kind === "next") return `then ${link.target}`;
    if (link.kind === "default") return `otherwise ${link.target}`;
    if (link.kind === "choice") return `if ${label} then ${link.target}`;
    return `on ${label} ${link.target}`;
  });
  if (state.ends) told.unshift("ends here");
  return told.length === 0 ? "leads nowhere" : told.join("; ");
}
