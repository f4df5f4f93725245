// One field of a state or of the machine set, taken out, or its type changed.

import { put, remove, set, updateObject, withMembers } from "../json/change";
import { array, at, get, has, isArray, isObject, itemsOf, string, textOf, type Json, type JsonObject, type Path } from "../json/node";
import { FIELDS_OF_TYPE } from "../fields";
import type { Machine, Type } from "../machine";
import { refuse, stateAt, type Edit } from "./edit";
import { templateOf } from "./new";
import { ending } from "./place";

/** Sets a field at a path from the state; null takes it out, with what held nothing else. */
export function setField(machine: Machine, id: string, path: Path, value: Json | null): Edit {
  const state = stateAt(machine, id);
  if (!state) return refuse("That state is no longer there.");
  const root = updateObject(machine.root, state.path, (node) => {
    const next = put(node, path, value, before(state.type, path));
    return value === null ? withoutEmpty(next, path) : next;
  });
  return { root, selection: [id], said: "" };
}

/** New fields stand where people write them: behind those before them in the list of fields. */
function before(type: Type, path: Path): readonly string[] {
  const [first] = path;
  if (path.length !== 1 || typeof first !== "string") return [];
  const order = ["Type", "Comment", "QueryLanguage", ...FIELDS_OF_TYPE[type].map(({ key }) => key)];
  const index = order.indexOf(first);
  return index < 0 ? [] : order.slice(0, index);
}

/** Without objects that an edit left empty on the way to a field. */
function withoutEmpty(node: JsonObject, path: Path): JsonObject {
  const parent = path.slice(0, -1);
  if (parent.length === 0) return node;
  const held = at(node, parent);
  const isEmpty = (isObject(held) && held.members.length === 0) || (isArray(held) && held.items.length === 0);
  const isKept = typeof path.at(-1) === "string" && parent.length === 1 && KEPT_EMPTY.includes(String(parent[0]));
  if (!isEmpty || isKept || typeof parent.at(-1) === "number") return node;
  return withoutEmpty(put(node, parent, null), parent);
}

const KEPT_EMPTY = ["Choices", "Branches", "ItemProcessor", "Iterator"];

/** Sets a field of the machine itself. */
export function setTop(machine: Machine, key: string, value: Json | null): Edit {
  const root = value === null ? remove(machine.root, key) : setFirst(machine, key, value);
  return { root, selection: [], said: "" };
}

const TOP = ["Comment", "QueryLanguage", "Version", "TimeoutSeconds"];

function setFirst({ root }: Machine, key: string, value: Json) {
  if (has(root, key)) return set(root, key, value);
  const last = root.members.findLastIndex((member) => TOP.slice(0, TOP.indexOf(key)).includes(member.key));
  return withMembers(root, root.members.toSpliced(last + 1, 0, { key, value, origin: null }));
}

/** Puts a whole state's text in its place. */
export function setState(machine: Machine, id: string, node: Json): Edit {
  const state = stateAt(machine, id);
  if (!state) return refuse("That state is no longer there.");
  if (!isObject(node)) return refuse("A state is an object: it starts with {.");
  return { root: put(machine.root, state.path, node), selection: [id], said: "" };
}

/** Another type for a state; what fits the new one stays. */
export function convert(machine: Machine, id: string, type: Type): Edit {
  const state = stateAt(machine, id);
  if (!state) return refuse("That state is no longer there.");
  if (state.type === type && state.spelledType === type) return { root: machine.root, selection: [id], said: "" };
  const fits = new Set(["Comment", "QueryLanguage", ...FIELDS_OF_TYPE[type].map(({ key }) => key)]);
  const canLead = type !== "Choice" && type !== "Succeed" && type !== "Fail";
  const on = textOf(state.node, "Next") ?? textOf(state.node, "Default") ?? textOf(itemsOf(state.node, "Choices")[0], "Next");
  const template = templateOf(type).node(state.language);
  const root = updateObject(machine.root, state.path, (old) => {
    let node = withMembers(old, old.members.filter(({ key }) => key === "Type" || fits.has(key) || (canLead && (key === "Next" || key === "End"))));
    node = set(node, "Type", string(type));
    const isSettled = type === "Wait" && ["Seconds", "Timestamp", "SecondsPath", "TimestampPath"].some((key) => has(node, key));
    for (const member of template.members) {
      if (!isSettled && !has(node, member.key)) node = set(node, member.key, member.value, ["Type"]);
    }
    if (type === "Choice") {
      const target = on;
      if (target !== null) node = set(put(node, ["Choices", 0, "Next"], string(target)), "Default", string(target), ["Choices"]);
      else if (get(node, "Choices")) node = set(node, "Choices", array([]));
    }
    if (canLead && !has(node, "Next") && !has(node, "End")) node = on === null ? ending(node) : set(node, "Next", string(on));
    return node;
  });
  return { root, selection: [id], said: `${state.name} is now a ${type}` };
}
