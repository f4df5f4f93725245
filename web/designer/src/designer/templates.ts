// What the palette offers: single states, tasks that are filled in half, and patterns of several.

import { number, object, objectOf, string, type JsonObject } from "../asl/json/node";
import { isBroken, open } from "../asl/document";
import type { Language } from "../asl/machine";
import { addFragment, addState, templateOf, type Template } from "../asl/edit/new";
import type { Edit } from "../asl/edit/edit";
import type { Place } from "../asl/edit/place";
import type { Machine, Type } from "../asl/machine";
import type { IconName } from "../canvas/icons";
import { TYPE_ICON } from "../canvas/icons";
import type { Pattern } from "./api";

export interface Item {
  readonly id: string;
  readonly group: "Actions" | "Flow" | "Patterns";
  readonly name: string;
  readonly help: string;
  readonly icon: IconName;
  /** The class that colours its tile. */
  readonly tone: string;
  add(machine: Machine, place: Place): Edit;
}

function task(id: string, name: string, help: string, icon: IconName, resource: string, parameters: JsonObject): Item {
  const template: Template = {
    type: "Task",
    name,
    node: (language) => object([["Type", string("Task")], ["Resource", string(resource)], [language === "JSONata" ? "Arguments" : "Parameters", parameters]]),
  };
  return { id, group: "Actions", name, help, icon, tone: "type-task", add: (machine, place) => addState(machine, place, template) };
}

function flow(type: Type, help: string): Item {
  return { id: type, group: "Flow", name: type, help, icon: TYPE_ICON[type], tone: `type-${type.toLowerCase()}`, add: (machine, place) => addState(machine, place, templateOf(type)) };
}

const token = (language: Language): string => (language === "JSONata" ? "{% $states.context.Task.Token %}" : "$$.Task.Token");

const BASIC: readonly Item[] = [
  task("function", "Call function", "Calls a registered function with the input.", "zap", "arn:aws:states:::lambda:invoke", objectOf({ FunctionName: "" })),
  task("http", "HTTP request", "Calls an HTTP endpoint through a connection.", "globe", "arn:aws:states:::http:invoke", objectOf({ ApiEndpoint: "https://", Method: "GET" })),
  {
    id: "token", group: "Actions", name: "Wait for token", help: "Calls a function and waits until somebody answers with its token.", icon: "hourglass", tone: "type-task",
    add: (machine, place) => addState(machine, place, {
      type: "Task",
      name: "Wait for token",
      node: (language) => object([
        ["Type", string("Task")],
        ["Resource", string("arn:aws:states:::lambda:invoke.waitForTaskToken")],
        [language === "JSONata" ? "Arguments" : "Parameters", objectOf({ FunctionName: "", Payload: { [language === "JSONata" ? "token" : "token.$"]: token(language) } })],
        ["TimeoutSeconds", number(3600)],
      ]),
    }),
  },
  task("machine", "Start machine", "Starts another machine and waits for its end.", "workflow", "arn:aws:states:::states:startExecution.sync:2", objectOf({ StateMachineArn: "" })),
  { id: "task", group: "Actions", name: "Task", help: "Any other action or activity.", icon: "boxes", tone: "type-task", add: (machine, place) => addState(machine, place, templateOf("Task")) },
  flow("Choice", "Goes one way or another by rules."),
  flow("Parallel", "Runs branches at the same time."),
  flow("Map", "Runs a flow for each item of a list."),
  flow("Wait", "Waits for a time or until a moment."),
  flow("Pass", "Passes data on, shaped or fixed."),
  flow("Succeed", "Ends the flow well."),
  flow("Fail", "Ends the flow with an error."),
];

const PATTERN_ICON: Readonly<Record<string, IconName>> = { retry: "rotate-ccw", poll: "timer", parallel: "columns-3", approval: "user-check", batch: "repeat" };

/** Everything that can be added. */
export function itemsFor(patterns: readonly Pattern[]): readonly Item[] {
  const all = [...patterns, saga];
  const made = all.flatMap((pattern): Item[] => {
    const opened = open(pattern.definition);
    if (isBroken(opened) || pattern.id === "hello") return [];
    const { scope } = opened.machine;
    const fragment = { states: scope.states.map(({ name, node }) => ({ name, node })), start: scope.start ?? "" };
    const icon = PATTERN_ICON[pattern.id] ?? "boxes";
    return [{ id: `pattern ${pattern.id}`, group: "Patterns", name: pattern.title, help: pattern.help, icon, tone: "type-parallel", add: (machine, place) => addFragment(machine, place, fragment) }];
  });
  return [...BASIC, ...made];
}

interface Step {
  readonly Next: string;
  readonly undo?: string;
}

const call = (name: string, { Next, undo }: Step) => ({
  Type: "Task",
  Resource: "arn:aws:states:::lambda:invoke",
  Parameters: { FunctionName: name },
  ...(undo === undefined ? {} : { Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: undo }] }),
  Next,
});

/** Steps, each with what takes it back when a later one fails. */
const saga: Pattern = {
  id: "saga",
  title: "Saga",
  help: "Steps that are taken back in turn when a later one fails.",
  definition: JSON.stringify({
    StartAt: "Book hotel",
    States: {
      "Book hotel": call("book-hotel", { undo: "Trip failed", Next: "Book flight" }),
      "Book flight": call("book-flight", { undo: "Cancel hotel", Next: "Trip booked" }),
      "Trip booked": { Type: "Pass", End: true },
      "Cancel hotel": call("cancel-hotel", { Next: "Trip failed" }),
      "Trip failed": { Type: "Fail", Error: "TripFailed", Cause: "What was booked has been cancelled." },
    },
  }),
};

/** The items that a search means, best first. */
export function found(items: readonly Item[], query: string): readonly Item[] {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  const matching = items.filter(({ name, help, group }) => words.every((word) => `${name} ${help} ${group}`.toLowerCase().includes(word)));
  return matching.toSorted((one, other) => Number(other.name.toLowerCase().startsWith(words[0] ?? "")) - Number(one.name.toLowerCase().startsWith(words[0] ?? "")));
}
