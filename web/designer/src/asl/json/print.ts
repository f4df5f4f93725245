// Printing a tree. What stands unchanged in a text is copied from it; a changed object or array keeps
// the layout that it had; what is new is laid out like its surroundings.

import type { Json, JsonArray, JsonObject, Member, Origin } from "./node";

/** How a text is laid out. */
export interface Style {
  /** One level of indentation; empty where the text is on one line. */
  readonly unit: string;
  readonly newline: string;
  /** What stands between a name and its value. */
  readonly colon: string;
  /** What separates members on one line. */
  readonly comma: string;
}

export const PRETTY: Style = { unit: "  ", newline: "\n", colon: ": ", comma: ", " };

/** The layout that a text shows. */
export function styleOf(text: string): Style {
  const indented = /(\r?\n)([ \t]+)\S/.exec(text);
  const spaced = /"\s*:\s/.test(text) || !/":/.test(text);
  return {
    unit: indented?.[2] ?? (text.trim().includes("\n") || text.trim().length <= 2 ? "  " : ""),
    newline: indented?.[1] ?? (text.includes("\r\n") ? "\r\n" : "\n"),
    colon: spaced ? ": " : ":",
    comma: spaced ? ", " : ",",
  };
}

/** The text of a tree, where `around` was the text of the tree that it was made from. */
export function print(node: Json, around = ""): string {
  const style = around.trim() === "" ? PRETTY : styleOf(around);
  const lead = /^\s*/.exec(around)?.[0] ?? "";
  const tail = /\s*$/.exec(around)?.[0] ?? "";
  return lead + emit(node, "", style.unit === "", style) + (around.trim() === "" ? "" : tail);
}

/** The text of a tree by itself, laid out afresh or as where it came from. */
export function printAlone(node: Json, style: Style = PRETTY): string {
  return emit(node, "", false, style);
}

/** The text of `node` where lines after the first are indented by `indent` at least. */
function emit(node: Json, indent: string, isInline: boolean, style: Style): string {
  if (node.origin) return moved(node.origin, indent, isInline, node, style);
  switch (node.kind) {
    case "string":
      return JSON.stringify(node.value);
    case "number":
      return node.text;
    case "literal":
      return String(node.value);
    case "array":
    case "object": {
      const base = node.base?.origin;
      const count = node.kind === "array" ? node.items.length : node.members.length;
      if (count === 0) return node.kind === "array" ? "[]" : "{}";
      if (base && node.base && !isEmpty(node.base)) return changed(node, node.base, base, indent, style);
      return fresh(node, indent, isInline, style);
    }
  }
}

function isEmpty(node: JsonArray | JsonObject): boolean {
  return node.kind === "array" ? node.items.length === 0 : node.members.length === 0;
}

/** A stretch of text at another indentation than it had. */
function moved(origin: Origin, indent: string, isInline: boolean, node: Json, style: Style): string {
  const text = origin.text.slice(origin.start, origin.end);
  if (!text.includes("\n")) return text;
  if (isInline) return fresh(unlaid(node), indent, true, style);
  return reindent(text, indentAt(origin), indent);
}

/** The tree without its origins, to be laid out afresh. */
export function unlaid(node: Json): Json {
  if (node.kind === "array") return { kind: "array", items: node.items.map(unlaid), origin: null, base: null };
  if (node.kind !== "object") return node;
  const members = node.members.map(({ key, value }) => ({ key, value: unlaid(value), origin: null }));
  return { kind: "object", members, origin: null, base: null };
}

function reindent(text: string, from: string, to: string): string {
  if (from === to) return text;
  return text.replace(/\n([ \t]*)/g, (whole, spaces: string) =>
    spaces.startsWith(from) ? `\n${to}${spaces.slice(from.length)}` : whole,
  );
}

/** The indentation of the line on which a stretch starts. */
function indentAt({ text, start }: Origin): string {
  const line = text.lastIndexOf("\n", start - 1) + 1;
  return /^[ \t]*/.exec(text.slice(line, start))?.[0] ?? "";
}

function fresh(node: Json, indent: string, isInline: boolean, style: Style): string {
  if (node.kind !== "array" && node.kind !== "object") return emit(node, indent, isInline, style);
  const [open, close] = node.kind === "array" ? "[]" : "{}";
  const count = node.kind === "array" ? node.items.length : node.members.length;
  if (count === 0) return `${open}${close}`;
  const isFlat = isInline || style.unit === "";
  const inner = isFlat ? indent : indent + style.unit;
  const parts =
    node.kind === "array"
      ? node.items.map((item) => emit(item, inner, isFlat, style))
      : node.members.map(({ key, value }) => JSON.stringify(key) + style.colon + emit(value, inner, isFlat, style));
  if (isFlat) return `${open}${parts.join(style.comma)}${close}`;
  const lead = style.newline + inner;
  return `${open}${lead}${parts.join(`,${lead}`)}${style.newline}${indent}${close}`;
}

/** One element with the stretches of the base's text that are its own. */
interface Part {
  /** White space before it. */
  readonly lead: string;
  /** White space between it and the comma. */
  readonly trail: string;
}

/** An object or array that was changed: the layout of `base`, of which the text is `origin`. */
function changed(
  node: JsonArray | JsonObject,
  base: JsonArray | JsonObject,
  origin: Origin,
  indent: string,
  style: Style,
): string {
  const { text } = origin;
  const places = base.kind === "array" ? base.items.map(whereItem) : base.members.map(whereMember);
  const known = places.filter((place) => place !== null);
  const first = known[0];
  const last = known.at(-1);
  if (!first || !last) return fresh(node, indent, false, style);
  const parts = new Map<number, Part>();
  for (const place of known) parts.set(place.start, around(text, place));
  const own = indentAt(origin);
  const firstLead = text.slice(origin.start + 1, first.start);
  const isLined = firstLead.includes("\n");
  const second = known[1];
  const nextLead = second ? (parts.get(second.start)?.lead ?? "") : isLined ? firstLead : style.comma.slice(1);
  const ending = text.slice(last.end, origin.end - 1);
  const inner = isLined ? (firstLead.split("\n").at(-1) ?? own) : own;

  const emitPart = (start: number | null, isFirst: boolean, body: string): string => {
    const part = start === null ? undefined : parts.get(start);
    const was = start !== null && start !== first.start ? part?.lead : undefined;
    return (isFirst ? firstLead : (was ?? nextLead)) + body;
  };
  const pieces =
    node.kind === "array"
      ? node.items.map((item, index) => {
          const start = stillIn(origin, sourceOf(item));
          return emitPart(start, index === 0, emit(item, inner, !isLined, style)) + trailOf(parts, start, index, node.items.length);
        })
      : node.members.map((member, index) => {
          const start = stillIn(origin, member.origin);
          const body = emitKey(member, style) + emit(member.value, inner, !isLined, style);
          return emitPart(start, index === 0, body) + trailOf(parts, start, index, node.members.length);
        });
  const [open, close] = node.kind === "array" ? "[]" : "{}";
  return reindent(`${open}${pieces.join(",")}${ending}${close}`, own, indent);
}

function trailOf(parts: Map<number, Part>, start: number | null, index: number, count: number): string {
  return index === count - 1 || start === null ? "" : (parts.get(start)?.trail ?? "");
}

/** Where something from within `origin` starts; null for what is from elsewhere. */
function stillIn(origin: Origin, source: Origin | null): number | null {
  const isWithin = source?.text === origin.text && source.start >= origin.start && source.end <= origin.end;
  return isWithin ? source.start : null;
}

function sourceOf(item: Json): Origin | null {
  if (item.origin) return item.origin;
  return item.kind === "array" || item.kind === "object" ? (item.base?.origin ?? null) : null;
}

function whereItem(item: Json): Origin | null {
  return item.origin;
}

function whereMember({ origin, value }: Member): Origin | null {
  return origin && value.origin ? { text: origin.text, start: origin.start, end: value.origin.end } : null;
}

function around(text: string, { start, end }: Origin): Part {
  let from = start;
  while (from > 0 && isSpace(text.charCodeAt(from - 1))) from--;
  let to = end;
  while (to < text.length && isSpace(text.charCodeAt(to))) to++;
  return { lead: text.slice(from, start), trail: text[to] === "," ? text.slice(end, to) : "" };
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

/** The name with what stands between it and its value. */
function emitKey({ key, origin }: Member, style: Style): string {
  if (!origin) return JSON.stringify(key) + style.colon;
  const gap = /^\s*:[ \t]*/.exec(origin.text.slice(origin.end, origin.end + 64))?.[0] ?? style.colon;
  const spelled = origin.text.slice(origin.start, origin.end);
  return (JSON.parse(spelled) === key ? spelled : JSON.stringify(key)) + gap;
}
