// Definitions to test with: the public ones of the conformance folder, and made-up ones of any size.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plain, PlainObject } from "../asl/json/node";
import { random, type Random } from "./random";

export interface Named {
  readonly name: string;
  readonly text: string;
}

/** The public definitions; none where the folder is not there, which the run says. */
export function publicDefinitions(): Named[] {
  const root = process.env["STEPWRIGHT_ROOT"] ?? ".";
  const folder = join(process.env["STEPWRIGHT_CONFORMANCE"] ?? join(root, "../shared/conformance"), "definitions");
  const found: Named[] = [];
  for (const file of ["deployed.jsonl", "fixtures.jsonl"]) {
    const path = join(folder, file);
    if (!existsSync(path)) {
      console.log(`left out: there is no ${file}; STEPWRIGHT_CONFORMANCE names the folder of public definitions`);
      continue;
    }
    for (const line of readFileSync(path, "utf8").split("\n").filter(Boolean)) {
      const read: unknown = JSON.parse(line);
      if (isNamed(read)) found.push({ name: read.name, text: read.definition });
    }
  }
  return found;
}

function isNamed(value: unknown): value is { name: string; definition: string } {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string" && "definition" in value && typeof value.definition === "string";
}

export interface Shape {
  readonly states: number;
  /** How deep scopes nest. */
  readonly depth?: number;
  /** The share of states that lead back. */
  readonly loops?: number;
  readonly catches?: number;
  readonly choices?: number;
  /** Rules of a Choice, at most. */
  readonly rules?: number;
}

/** A valid definition of that shape. */
export function madeUp(seed: number, shape: Shape): PlainObject {
  const source = random(seed);
  const counter = { next: 1 };
  return { Comment: `made of seed ${seed}`, ...scope(source, shape, shape.states, shape.depth ?? 2, counter) };
}

/** The definition as people lay it out, or on one line. */
export function madeUpText(seed: number, shape: Shape): string {
  const layout = random(seed + 7).pick([2, 4, 2, 0, "\t"] as const);
  return JSON.stringify(madeUp(seed, shape), null, layout) + (seed % 2 === 0 ? "\n" : "");
}

function scope(source: Random, shape: Shape, count: number, depth: number, counter: { next: number }): PlainObject {
  const names: string[] = [];
  const weights: number[] = [];
  for (let left = count; left > 0; ) {
    // A container takes some of the states for its inside.
    const inner = depth > 0 && left > 4 && source.chance(0.18) ? Math.min(left - 1, 2 + source.int(Math.max(1, Math.floor(left / 2)))) : 0;
    names.push(`${source.pick(["Check", "Load", "Send order", "Überweisung", "Approve/deny", "Save ~ all"])} ${counter.next++}`);
    weights.push(inner);
    left -= 1 + inner;
  }
  const states: Record<string, Plain> = {};
  names.forEach((name, index) => {
    states[name] = state(source, shape, names, index, weights[index] ?? 0, depth, counter);
  });
  return { StartAt: names[0] ?? "", States: states };
}

function state(source: Random, shape: Shape, names: readonly string[], index: number, inner: number, depth: number, counter: { next: number }): PlainObject {
  const next = names[index + 1];
  const way: PlainObject = next === undefined ? { End: true } : { Next: next };
  const back = (): string => names[source.int(index + 1)] ?? "";
  const forward = (): string => names[Math.min(names.length - 1, index + 1 + source.int(6))] ?? "";
  const catching: PlainObject = source.chance(shape.catches ?? 0.15) && next !== undefined ? { Catch: [{ ErrorEquals: ["States.ALL"], Next: forward() }] } : {};
  if (inner > 0) {
    const split = Math.max(1, Math.floor(inner / 2));
    if (source.chance(0.5) || inner < 2) {
      const processor = { ProcessorConfig: { Mode: "INLINE" }, ...scope(source, shape, inner, depth - 1, counter) };
      return { Type: "Map", ItemProcessor: processor, MaxConcurrency: 3, ...catching, ...way };
    }
    const branches = [split, inner - split].filter((count) => count > 0).map((count) => scope(source, shape, count, depth - 1, counter));
    return { Type: "Parallel", Branches: branches, ...catching, ...way };
  }
  if (next !== undefined && source.chance(shape.choices ?? 0.2)) {
    const count = 1 + source.int(shape.rules ?? 3);
    const rules = Array.from({ length: count }, (_, rule): PlainObject => ({
      Variable: `$.field${rule}`,
      NumericGreaterThan: rule * 10,
      Next: source.chance(shape.loops ?? 0.15) ? back() : forward(),
    }));
    return { Type: "Choice", Choices: rules, Default: next };
  }
  if (source.chance(0.15)) return { Type: "Wait", Seconds: source.int(100), ...way };
  if (source.chance(0.2)) return { Type: "Pass", Result: { note: "x", list: [1, 2.50, true, null] }, ...way };
  if (next === undefined && source.chance(0.3)) return source.chance(0.5) ? { Type: "Succeed" } : { Type: "Fail", Error: "Bad", Cause: "it went wrong" };
  return { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", Parameters: { FunctionName: "work", "Payload.$": "$" }, ...catching, ...way };
}
