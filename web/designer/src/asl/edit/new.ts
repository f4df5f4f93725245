// States as they are when they are new: enough to be valid where that can be, and nothing made up.

import { number, object, array, literal, objectOf, string, type Json, type JsonObject } from "../json/node";
import { freeName, namesOf, type Language, type Machine, type Type } from "../machine";
import { insertAt, resolve, type Fragment, type Place } from "./place";
import { renamed } from "./paste";
import { refuse, type Edit } from "./edit";

/** A kind of state to add, as the palette offers it. */
export interface Template {
  readonly type: Type;
  /** The name to begin with. */
  readonly name: string;
  readonly node: (language: Language) => JsonObject;
}

const emptyScope = (): [string, Json][] => [["States", object([])]];

const NODES: Readonly<Record<Type, (language: Language) => JsonObject>> = {
  Task: () => object([["Type", string("Task")], ["Resource", string("")]]),
  Choice: (language) => object([["Type", string("Choice")], ["Choices", array([newRule(language)])]]),
  Parallel: () => object([["Type", string("Parallel")], ["Branches", array([object(emptyScope()), object(emptyScope())])]]),
  Map: () => object([
    ["Type", string("Map")],
    ["ItemProcessor", object([["ProcessorConfig", objectOf({ Mode: "INLINE" })], ...emptyScope()])],
  ]),
  Wait: () => object([["Type", string("Wait")], ["Seconds", number(5)]]),
  Pass: () => objectOf({ Type: "Pass" }),
  Succeed: () => objectOf({ Type: "Succeed" }),
  Fail: () => objectOf({ Type: "Fail" }),
};

/** A rule that says nothing yet. */
export function newRule(language: Language): JsonObject {
  return language === "JSONata"
    ? objectOf({ Condition: "{% $states.input.value = true %}" })
    : object([["Variable", string("$.value")], ["BooleanEquals", literal(true)]]);
}

export function templateOf(type: Type): Template {
  return { type, name: type, node: NODES[type] };
}

/** Adds a new state at a place. */
export function addState(machine: Machine, place: Place, template: Template): Edit {
  const found = resolve(machine, place);
  if ("refused" in found) return found;
  const name = freeName(namesOf(machine), template.name);
  const language = found.from?.language ?? found.scope.parent?.language ?? machine.language;
  return insertAt(machine, place, { states: [{ name, node: template.node(language) }], start: name });
}

/** Adds states that belong together at a place. */
export function addFragment(machine: Machine, place: Place, fragment: Fragment): Edit {
  return fragment.states.length === 0 ? refuse("There is nothing to add.") : insertAt(machine, place, renamed(fragment, namesOf(machine)));
}
