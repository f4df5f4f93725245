// Changes of a tree: each gives a new tree that shares what it did not touch.

import { at, isArray, isObject, literal, same, type Json, type JsonArray, type JsonObject, type Member, type Path } from "./node";

/** The object with other members; keeps the layout of its text. */
export function withMembers(node: JsonObject, members: readonly Member[]): JsonObject {
  return { kind: "object", members, origin: null, base: node.origin ? node : node.base };
}

export function withItems(node: JsonArray, items: readonly Json[]): JsonArray {
  return { kind: "array", items, origin: null, base: node.origin ? node : node.base };
}

/** Where a new member goes: after the last of these that is there; at the end where none is. */
export type After = readonly string[];

/** The object with `value` under `key`. A new key goes where `after` says. */
export function set(node: JsonObject, key: string, value: Json, after: After = []): JsonObject {
  const found = node.members.findLastIndex((member) => member.key === key);
  if (found >= 0) {
    const old = node.members[found];
    if (old && same(old.value, value)) return node;
    return withMembers(node, node.members.map((member, index) => (index === found ? { ...member, value } : member)));
  }
  const last = node.members.findLastIndex((member) => after.includes(member.key));
  const place = last >= 0 ? last + 1 : node.members.length;
  return withMembers(node, node.members.toSpliced(place, 0, { key, value, origin: null }));
}

/** The object with a member at a place of its own. */
export function insert(node: JsonObject, index: number, key: string, value: Json): JsonObject {
  return withMembers(node, node.members.toSpliced(index, 0, { key, value, origin: null }));
}

export function remove(node: JsonObject, ...keys: readonly string[]): JsonObject {
  const members = node.members.filter((member) => !keys.includes(member.key));
  return members.length === node.members.length ? node : withMembers(node, members);
}

/** The object with a member under another name, in its place. */
export function renameKey(node: JsonObject, from: string, to: string): JsonObject {
  if (from === to) return node;
  return withMembers(node, node.members.map((member) => (member.key === from ? { ...member, key: to } : member)));
}

/** One member in another's place and under its name: `Next` for `End`. */
export function replaceKey(node: JsonObject, from: string, key: string, value: Json): JsonObject {
  const index = node.members.findIndex((member) => member.key === from);
  if (index < 0) return set(node, key, value);
  const cleared = withMembers(node, node.members.filter((member) => member.key !== key || member.key === from));
  return withMembers(cleared, cleared.members.map((member) => (member.key === from ? { ...member, key, value } : member)));
}

/** The tree with what `change` makes of the node at `path`; null takes it out. The tree as it was where there is none. */
export function update(node: Json, path: Path, change: (old: Json) => Json | null): Json {
  return updateHere(node, path, 0, change) ?? literal(null);
}

function updateHere(node: Json, path: Path, depth: number, change: (old: Json) => Json | null): Json | null {
  const step = path[depth];
  if (step === undefined) return change(node);
  if (typeof step === "number") {
    if (!isArray(node)) return node;
    const old = node.items[step];
    if (!old) return node;
    const next = updateHere(old, path, depth + 1, change);
    if (next === old) return node;
    return withItems(node, next ? node.items.with(step, next) : node.items.toSpliced(step, 1));
  }
  if (!isObject(node)) return node;
  const index = node.members.findLastIndex((member) => member.key === step);
  const member = node.members[index];
  if (!member) return node;
  const next = updateHere(member.value, path, depth + 1, change);
  if (next === member.value) return node;
  return withMembers(node, next ? node.members.with(index, { ...member, value: next }) : node.members.toSpliced(index, 1));
}

/** As `update`, for an object; other kinds stay as they are. */
export function updateObject(root: JsonObject, path: Path, change: (old: JsonObject) => JsonObject): JsonObject {
  const next = update(root, path, (old) => (isObject(old) ? change(old) : old));
  return isObject(next) ? next : root;
}

/** The tree with `value` at `path`, making objects on the way; null takes it out. */
export function put(root: JsonObject, path: Path, value: Json | null, after: After = []): JsonObject {
  const key = path.at(-1);
  const parent = path.slice(0, -1);
  if (key === undefined) return isObject(value) ? value : root;
  if (value === null) {
    const next = update(root, path, () => null);
    return isObject(next) ? next : root;
  }
  if (at(root, path) !== null && typeof key === "number") {
    const next = update(root, path, (old) => (same(old, value) ? old : value));
    return isObject(next) ? next : root;
  }
  let ready = root;
  for (let depth = 1; depth <= parent.length; depth++) {
    const upto = parent.slice(0, depth);
    if (at(ready, upto) === null && typeof upto.at(-1) === "string") {
      const made: Json = { kind: "object", members: [], origin: null, base: null };
      const name = String(upto.at(-1));
      ready = updateObject(ready, upto.slice(0, -1), (old) => set(old, name, made, after));
    }
  }
  const next = update(ready, parent, (old) => {
    if (isArray(old) && typeof key === "number") return withItems(old, old.items.toSpliced(key, 0, value));
    if (isObject(old)) return set(old, String(key), value, after);
    return old;
  });
  return isObject(next) ? next : root;
}

/** `next`, built as far as possible from parts of `old`, so that its text changes little. */
export function reconcile(old: Json, next: Json): Json {
  if (same(old, next)) return old;
  if (isObject(old) && isObject(next)) {
    const members = next.members.map((member) => {
      const was = old.members.findLast((each) => each.key === member.key);
      return was ? { ...was, value: reconcile(was.value, member.value) } : member;
    });
    return withMembers(old, members);
  }
  if (isArray(old) && isArray(next)) {
    const items = next.items.map((item, index) => {
      const was = old.items.find((each) => same(each, item)) ?? old.items[index];
      return was ? reconcile(was, item) : item;
    });
    return withItems(old, items);
  }
  return next;
}
