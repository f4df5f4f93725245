// What is typed into a field as a value of the definition, and the other way round.

import { isArray, literal, number, of, string, type Json } from "../asl/json/node";
import { JsonError, tryParse } from "../asl/json/parse";
import { printAlone } from "../asl/json/print";
import type { Kind } from "../asl/fields";
import type { Language } from "../asl/machine";

/** A value, nothing (the field goes), or why it is neither. */
export type Read = { readonly value: Json | null } | { readonly bad: string };

const EXPRESSION = /^\s*\{%[\s\S]*%\}\s*$/;

export function isExpression(text: string): boolean {
  return EXPRESSION.test(text);
}

/** What a field shows of a value. */
export function shown(kind: Kind, value: Json | null): string {
  if (value === null) return "";
  if (kind === "texts") return isArray(value) ? value.items.map((item) => (item.kind === "string" ? item.value : printAlone(item))).join("\n") : shown("json", value);
  if (value.kind === "string") return kind === "json" && !isExpression(value.value) ? JSON.stringify(value.value) : value.value;
  if (kind === "path" && value.kind === "literal" && value.value === null) return "";
  return printAlone(value);
}

/** What was typed, as a value. An empty field is none. */
export function read(kind: Kind, typed: string, language: Language, old: Json | null): Read {
  const text = typed.trim();
  if (text === "") return { value: null };
  switch (kind) {
    case "number":
      if (/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return { value: number(text) };
      if (language === "JSONata" && isExpression(text)) return { value: string(text) };
      return { bad: language === "JSONata" ? "A number such as 30, or an expression in {% … %}." : "A number such as 30." };
    case "json": {
      if (language === "JSONata" && isExpression(text)) return { value: string(text) };
      const parsed = tryParse(text);
      if (!(parsed instanceof JsonError)) return { value: parsed };
      const hint = language === "JSONata" ? " An expression stands in {% … %}." : "";
      return { bad: `Line ${parsed.line}: ${parsed.message}.${hint}` };
    }
    case "texts":
      return { value: of(text.split("\n").map((line) => line.trim()).filter(Boolean)) };
    case "path":
      if (!/^(?:\$|States\.|\{%)/.test(text)) return { bad: "A path starts with $, such as $.order.id." };
      return { value: string(text) };
    default:
      // Spaces at the ends may be meant.
      return { value: old?.kind === "number" && old.text === text ? old : string(typed) };
  }
}

export const nothing: Json = literal(null);
