// YAML to JSON for pages that have no designer: loaded by the form of a new machine when YAML is pasted.

import { printAlone } from "../asl/json/print";
import { fromYaml } from "./yaml";

/** A definition's JSON text, laid out, or where and why the YAML cannot be read. */
export function toJson(text: string): { readonly json: string } | { readonly message: string; readonly line: number } {
  const read = fromYaml(text);
  return "node" in read ? { json: printAlone(read.node) } : read;
}
