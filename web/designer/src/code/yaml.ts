// A definition as YAML, and back. The document is the JSON text; YAML is a way to see and write it, in
// which comments live as long as the view does.

import { Document, isMap, isScalar, isSeq, LineCounter, parseDocument, YAMLSeq, type Node, type Pair } from "yaml";
import { array, literal, number, object, string, type Json } from "../asl/json/node";

/** The tree as YAML text. */
export function toYaml(node: Json): string {
  return documentOf(node).toString({ lineWidth: 0 });
}

function documentOf(node: Json): Document {
  const made = new Document();
  made.contents = yamlNode(made, node);
  return made;
}

function yamlNode(holder: Document, node: Json): Node {
  switch (node.kind) {
    case "string":
      return holder.createNode(node.value);
    case "number": {
      const scalar = holder.createNode(Number(node.text));
      if (isScalar(scalar)) scalar.source = node.text;
      return scalar;
    }
    case "literal":
      return holder.createNode(node.value);
    case "array":
      return sequence(holder, node.items.map((item) => yamlNode(holder, item)));
    case "object": {
      const map = holder.createNode({});
      if (isMap(map)) for (const { key, value } of node.members) map.items.push(holder.createPair(holder.createNode(key), yamlNode(holder, value)));
      return map;
    }
  }
}

function sequence(holder: Document, items: readonly Node[]): Node {
  const made = new YAMLSeq(holder.schema);
  made.items.push(...items);
  return made;
}

/** What a YAML text says, or why it says nothing. */
export function fromYaml(text: string): { readonly node: Json } | { readonly message: string; readonly line: number } {
  const lines = new LineCounter();
  const read = parseDocument(text, { lineCounter: lines, version: "1.2" });
  const [error] = read.errors;
  if (error) return { message: error.message.split("\n")[0] ?? "it cannot be read", line: lines.linePos(error.pos[0]).line };
  try {
    return { node: jsonOf(read.contents, 0) };
  } catch (fault) {
    return { message: fault instanceof Error ? fault.message : "it cannot be read", line: 1 };
  }
}

const DEPTH_MAX = 200;

function jsonOf(node: unknown, depth: number): Json {
  if (depth > DEPTH_MAX) throw new Error(`more than ${DEPTH_MAX} levels deep`);
  if (isMap(node)) {
    return object(node.items.map((pair: Pair) => [keyOf(pair.key), jsonOf(pair.value, depth + 1)] as const));
  }
  if (isSeq(node)) return array(node.items.map((item) => jsonOf(item, depth + 1)));
  if (isScalar(node)) {
    const { value, source } = node;
    if (typeof value === "number") return Number.isFinite(value) ? number(/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(source ?? "") ? (source ?? "") : value) : string(String(source));
    if (typeof value === "boolean" || value === null) return literal(value);
    return string(typeof value === "string" ? value : String(source ?? value));
  }
  if (node === null || node === undefined) return literal(null);
  throw new Error("aliases are not read: write the value out");
}

function keyOf(key: unknown): string {
  if (isScalar(key)) return key.source ?? String(key.value);
  throw new Error("a name must be a text");
}
