// A definition as scopes, states and links between them, derived from its tree. Nothing here judges:
// what does not fit is left out, and the server's validator says why.

import { get, isObject, isTrue, itemsOf, membersOf, pointer, textOf, type Json, type JsonObject, type Path } from "./json/node";

export const TYPES = ["Task", "Choice", "Parallel", "Map", "Wait", "Pass", "Succeed", "Fail"] as const;
export type Type = (typeof TYPES)[number];
export type Language = "JSONPath" | "JSONata";

export type LinkKind = "next" | "choice" | "default" | "catch";

/** One way from a state to another. */
export interface Link {
  readonly kind: LinkKind;
  /** The name of the state that it leads to, whether there is one or not. */
  readonly target: string;
  /** From the state's own node to the text that names the target. */
  readonly path: Path;
}

export interface State {
  /** The pointer to it: unique, and the same as long as no name above it changes. */
  readonly id: string;
  readonly path: Path;
  readonly name: string;
  readonly type: Type;
  /** What its text says where that is no type we know. */
  readonly spelledType: string;
  readonly language: Language;
  readonly node: JsonObject;
  readonly scope: Scope;
  readonly links: readonly Link[];
  readonly branches: readonly Scope[];
  /** Whether the flow of its scope ends here. */
  readonly ends: boolean;
}

/** The machine's own states, a branch's, or a Map's. */
export interface Scope {
  readonly id: string;
  readonly path: Path;
  readonly node: JsonObject;
  readonly start: string | null;
  readonly states: readonly State[];
  readonly byName: ReadonlyMap<string, State>;
  readonly parent: State | null;
  readonly depth: number;
}

export interface Machine {
  readonly root: JsonObject;
  readonly language: Language;
  readonly scope: Scope;
  /** Every state by its id, in the order of the text. */
  readonly states: ReadonlyMap<string, State>;
}

/** Scopes nested deeper are not looked into. */
const DEPTH_MAX = 60;

export function machineOf(root: JsonObject): Machine {
  const states = new Map<string, State>();
  const language = languageOf(root, "JSONPath");
  const scope = scopeOf(root, [], null, language, 0, states);
  return { root, language, scope, states };
}

function languageOf(node: Json, otherwise: Language): Language {
  const spelled = textOf(node, "QueryLanguage");
  return spelled === "JSONata" || spelled === "JSONPath" ? spelled : otherwise;
}

interface Building extends Scope {
  states: State[];
  byName: Map<string, State>;
}

function scopeOf(node: JsonObject, path: Path, parent: State | null, language: Language, depth: number, all: Map<string, State>): Scope {
  const scope: Building = {
    id: pointer(path), path, node, start: textOf(node, "StartAt"), states: [], byName: new Map(), parent, depth,
  };
  for (const member of membersOf(get(node, "States"))) {
    if (!isObject(member.value)) continue;
    const state = stateOf(member.key, member.value, [...path, "States", member.key], scope, language, depth, all);
    scope.states.push(state);
    scope.byName.set(state.name, state);
  }
  return scope;
}

function stateOf(name: string, node: JsonObject, path: Path, scope: Scope, above: Language, depth: number, all: Map<string, State>): State {
  const spelledType = textOf(node, "Type") ?? "";
  const type = TYPES.find((each) => each === spelledType) ?? "Pass";
  const language = languageOf(node, above);
  const branches: Scope[] = [];
  const state: State = {
    id: pointer(path), path, name, type, spelledType, language, node, scope, branches,
    links: linksOf(node, type),
    ends: type === "Succeed" || type === "Fail" || isTrue(node, "End"),
  };
  all.set(state.id, state);
  if (depth < DEPTH_MAX) {
    for (const [inner, step] of scopesWithin(node, type)) {
      branches.push(scopeOf(inner, [...path, ...step], state, above, depth + 1, all));
    }
  }
  return state;
}

/** The scopes that a state holds, each with the path to it. */
function scopesWithin(node: JsonObject, type: Type): [JsonObject, Path][] {
  if (type === "Parallel") {
    return itemsOf(node, "Branches").flatMap((branch, index): [JsonObject, Path][] => (isObject(branch) ? [[branch, ["Branches", index]]] : []));
  }
  if (type !== "Map") return [];
  for (const key of ["ItemProcessor", "Iterator"]) {
    const inner = get(node, key);
    if (isObject(inner)) return [[inner, [key]]];
  }
  return [];
}

function linksOf(node: JsonObject, type: Type): Link[] {
  const links: Link[] = [];
  const add = (kind: LinkKind, holder: Json | null, path: Path) => {
    const key = path.at(-1);
    const target = typeof key === "string" ? textOf(holder, key) : null;
    if (target !== null) links.push({ kind, target, path });
  };
  if (type === "Choice") {
    itemsOf(node, "Choices").forEach((rule, index) => add("choice", rule, ["Choices", index, "Next"]));
    add("default", node, ["Default"]);
  } else if (type !== "Succeed" && type !== "Fail") {
    add("next", node, ["Next"]);
  }
  if (type === "Task" || type === "Parallel" || type === "Map") {
    itemsOf(node, "Catch").forEach((catcher, index) => add("catch", catcher, ["Catch", index, "Next"]));
  }
  return links;
}

/** The state that a link leads to, where there is one. */
export function targetOf(state: State, link: Link): State | null {
  return state.scope.byName.get(link.target) ?? null;
}

/** The states from which the flow comes to `state`, in the order of the text. */
export function sourcesOf(state: State): State[] {
  return state.scope.states.filter((from) => from.links.some((link) => link.target === state.name));
}

/** The one state that comes next in the ordinary course: never a catcher's, and of a Choice its default's or only rule's. */
export function successorOf(state: State): State | null {
  const link = state.links.find(({ kind }) => kind === "next") ?? state.links.find(({ kind }) => kind === "default") ?? state.links.find(({ kind }) => kind === "choice");
  return link ? targetOf(state, link) : null;
}

/** States of a scope in the order of the flow from its start; what is not reached comes last. */
export function flowOf(scope: Scope): State[] {
  const order: State[] = [];
  const seen = new Set<State>();
  const start = scope.start === null ? undefined : scope.byName.get(scope.start);
  for (const first of start ? [start, ...scope.states] : scope.states) {
    const waiting = [first];
    for (let state = waiting.pop(); state; state = waiting.pop()) {
      if (seen.has(state)) continue;
      seen.add(state);
      order.push(state);
      const from = state;
      const targets = state.links.map((link) => targetOf(from, link)).filter((target) => target !== null);
      waiting.push(...targets.reverse());
    }
  }
  return order;
}

/** The states of a scope that its start does not lead to. */
export function unreachable(scope: Scope): Set<State> {
  const left = new Set(scope.states);
  const start = scope.start === null ? undefined : scope.byName.get(scope.start);
  const waiting = start ? [start] : [];
  for (let state = waiting.pop(); state; state = waiting.pop()) {
    if (!left.delete(state)) continue;
    for (const link of state.links) {
      const target = targetOf(state, link);
      if (target) waiting.push(target);
    }
  }
  return left;
}

/** Every scope, outermost first. */
export function scopesOf(machine: Machine): Scope[] {
  const scopes = [machine.scope];
  for (const state of machine.states.values()) scopes.push(...state.branches);
  return scopes;
}

export function scopeAt(machine: Machine, id: string): Scope | null {
  return scopesOf(machine).find((scope) => scope.id === id) ?? null;
}

/** Every name that a state of the machine has. */
export function namesOf(machine: Machine): Set<string> {
  return new Set([...machine.states.values()].map((state) => state.name));
}

/** `wanted`, or with a number behind it where that is taken; 80 characters at most. */
export function freeName(taken: ReadonlySet<string>, wanted: string): string {
  const stem = [...wanted].slice(0, 80).join("");
  if (!taken.has(stem)) return stem;
  const plain = stem.replace(/ \(?\d+\)?$/, "");
  for (let count = 2; ; count++) {
    const ending = ` ${count}`;
    const name = [...plain].slice(0, 80 - ending.length).join("") + ending;
    if (!taken.has(name)) return name;
  }
}

/** The names of variables that states of these scopes outward assign. */
export function variablesVisible(state: State): string[] {
  const names = new Set<string>();
  for (let scope: Scope | null = state.scope; scope; scope = scope.parent?.scope ?? null) {
    for (const each of scope.states) for (const name of assignedBy(each)) names.add(name);
  }
  return [...names].sort();
}

/** The names of variables that a state assigns, on any way out of it. */
export function assignedBy(state: State): string[] {
  const holders: (Json | null)[] = [state.node, ...itemsOf(state.node, "Choices"), ...itemsOf(state.node, "Catch")];
  const keys = holders.flatMap((holder) => membersOf(get(holder, "Assign")).map((member) => member.key));
  return [...new Set(keys.map((key) => (key.endsWith(".$") ? key.slice(0, -2) : key)))];
}

