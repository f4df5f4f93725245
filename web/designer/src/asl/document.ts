// A definition's text with all that is derived from it. Texts are compared by identity, so the same
// document is never parsed twice.

import { isObject, objectOf, type JsonObject } from "./json/node";
import { JsonError, tryParse } from "./json/parse";
import { print } from "./json/print";
import { machineOf, type Machine } from "./machine";

export interface Document {
  readonly text: string;
  readonly machine: Machine;
}

/** Why a text is no document. */
export interface Broken {
  readonly text: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

export function isBroken(opened: Document | Broken): opened is Broken {
  return "message" in opened;
}

/** The document that a text is, or why it is none. */
export function open(text: string): Document | Broken {
  if (text.trim() === "") return { text, machine: machineOf(objectOf({})) };
  const root = tryParse(text);
  if (root instanceof JsonError) {
    return { text, message: root.message, line: root.line, column: root.column, offset: root.offset };
  }
  if (!isObject(root)) return { text, message: "a definition is an object: it starts with {", line: 1, column: 1, offset: 0 };
  return { text, machine: machineOf(root) };
}

/** The document with another tree: its text changes only where the tree does. */
export function withRoot(document: Document, root: JsonObject): Document {
  if (root === document.machine.root) return document;
  const opened = open(print(root, document.text));
  // What we print can be parsed; a test holds that for every edit.
  return isBroken(opened) ? document : opened;
}
