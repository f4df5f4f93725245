// JSON as an immutable tree that remembers the text it came from, so that printing a changed tree
// changes only what had to change. Numbers keep their spelling, objects their order.

/** A stretch of a text: `text.slice(start, end)`. */
export interface Origin {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface JsonString {
  readonly kind: "string";
  readonly value: string;
  readonly origin: Origin | null;
}

export interface JsonNumber {
  readonly kind: "number";
  /** As it is spelled. */
  readonly text: string;
  readonly origin: Origin | null;
}

export interface JsonLiteral {
  readonly kind: "literal";
  readonly value: boolean | null;
  readonly origin: Origin | null;
}

export interface JsonArray {
  readonly kind: "array";
  readonly items: readonly Json[];
  /** Where it stands unchanged. */
  readonly origin: Origin | null;
  /** What it was before it changed: gives the layout of its text. */
  readonly base: JsonArray | null;
}

export interface Member {
  readonly key: string;
  readonly value: Json;
  /** The key with its quotes, perhaps of a former name. */
  readonly origin: Origin | null;
}

export interface JsonObject {
  readonly kind: "object";
  readonly members: readonly Member[];
  readonly origin: Origin | null;
  readonly base: JsonObject | null;
}

export type Json = JsonString | JsonNumber | JsonLiteral | JsonArray | JsonObject;

/** The same as an ordinary value; objects as maps, since keys may be anything and keep their order. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainObject;
export interface PlainObject {
  readonly [key: string]: Plain;
}

export const string = (value: string): JsonString => ({ kind: "string", value, origin: null });
export const literal = (value: boolean | null): JsonLiteral => ({ kind: "literal", value, origin: null });
export const number = (value: number | string): JsonNumber => ({
  kind: "number",
  text: typeof value === "string" ? value : String(value),
  origin: null,
});
export const array = (items: readonly Json[]): JsonArray => ({ kind: "array", items, origin: null, base: null });

export function object(entries: Iterable<readonly [string, Json]>): JsonObject {
  const members = [...entries].map(([key, value]) => ({ key, value, origin: null }));
  return { kind: "object", members, origin: null, base: null };
}

/** The tree of an ordinary value. */
export function of(value: Plain): Json {
  if (typeof value === "string") return string(value);
  if (typeof value === "number") return Number.isFinite(value) ? number(value) : literal(null);
  if (typeof value === "boolean" || value === null) return literal(value);
  if (isList(value)) return array(value.map(of));
  return object(Object.entries(value).map(([key, each]) => [key, of(each)] as const));
}

function isList(value: readonly Plain[] | PlainObject): value is readonly Plain[] {
  return Array.isArray(value);
}

/** Object of an ordinary value: what `of` gives for one. */
export function objectOf(value: PlainObject): JsonObject {
  return object(Object.entries(value).map(([key, each]) => [key, of(each)] as const));
}

export function isObject(node: Json | null | undefined): node is JsonObject {
  return node?.kind === "object";
}

export function isArray(node: Json | null | undefined): node is JsonArray {
  return node?.kind === "array";
}

/** The value under `key`; the last one, should a text hold several. */
export function get(node: Json | null | undefined, key: string): Json | null {
  if (!isObject(node)) return null;
  for (let at = node.members.length - 1; at >= 0; at--) {
    const member = node.members[at];
    if (member?.key === key) return member.value;
  }
  return null;
}

export function has(node: Json | null | undefined, key: string): boolean {
  return get(node, key) !== null;
}

/** The text under `key`, where it is one. */
export function textOf(node: Json | null | undefined, key: string): string | null {
  const value = get(node, key);
  return value?.kind === "string" ? value.value : null;
}

export function isTrue(node: Json | null | undefined, key: string): boolean {
  const value = get(node, key);
  return value?.kind === "literal" && value.value === true;
}

export function itemsOf(node: Json | null | undefined, key: string): readonly Json[] {
  const value = get(node, key);
  return isArray(value) ? value.items : [];
}

export function membersOf(node: Json | null | undefined): readonly Member[] {
  return isObject(node) ? node.members : [];
}

export type Step = string | number;
export type Path = readonly Step[];

/** What stands at a path, if anything. */
export function at(node: Json | null, path: Path): Json | null {
  let here: Json | null = node;
  for (const step of path) {
    if (typeof step === "number") here = isArray(here) ? (here.items[step] ?? null) : null;
    else here = get(here, step);
  }
  return here;
}

/** A path as an RFC 6901 pointer. */
export function pointer(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Whether two trees say the same. Order of members counts, spelling of strings does not. */
export function same(one: Json, other: Json): boolean {
  if (one === other) return true;
  switch (one.kind) {
    case "string":
      return other.kind === "string" && one.value === other.value;
    case "number":
      return other.kind === "number" && (one.text === other.text || Number(one.text) === Number(other.text));
    case "literal":
      return other.kind === "literal" && one.value === other.value;
    case "array":
      return (
        other.kind === "array" &&
        one.items.length === other.items.length &&
        one.items.every((item, index) => same(item, other.items[index] ?? literal(null)))
      );
    case "object":
      return (
        other.kind === "object" &&
        one.members.length === other.members.length &&
        one.members.every((member, index) => {
          const against = other.members[index];
          return against?.key === member.key && same(member.value, against.value);
        })
      );
  }
}
