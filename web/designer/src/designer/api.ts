// What the designer asks of the server: one wrapper, and answers read with care.

import { JsonError, tryParse } from "../asl/json/parse";
import { get, literal, textOf, type Json } from "../asl/json/node";
import { printAlone } from "../asl/json/print";

export interface Problem {
  readonly isError: boolean;
  readonly code: string;
  readonly message: string;
  readonly pointer: string | null;
  readonly line: number | null;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** An input under a name, to try states with. */
export interface Sample {
  readonly name: string;
  readonly input: string;
}

/** What stands in for the work of a state that is tried. */
export interface Mock {
  /** The state's id. */
  readonly state: string;
  readonly result?: string;
  readonly error?: string;
  readonly cause?: string;
}

/** A draft as the server keeps it. */
export interface Draft {
  readonly number: number;
  readonly base: string;
  readonly definition: string;
  readonly samples: readonly Sample[];
  readonly mocks: readonly Mock[];
  readonly author: string;
  readonly updatedAt: string;
}

export interface Alias {
  readonly name: string;
  /** Where it leads, in words. */
  readonly leads: string;
}

function draftIn(read: unknown): Draft | null {
  const number = numberIn(read, "number");
  if (number === null) return null;
  return {
    number,
    base: textIn(read, "base_revision") ?? "",
    definition: textIn(read, "definition") ?? "",
    samples: listIn(read, "samples").map((each) => ({ name: textIn(each, "name") ?? "", input: textIn(each, "input") ?? "" })),
    mocks: listIn(read, "mocks").map((each) => {
      const [result, error, cause] = [textIn(each, "result"), textIn(each, "error"), textIn(each, "cause")];
      return { state: textIn(each, "state") ?? "", ...(result === null ? {} : { result }), ...(error === null ? {} : { error }), ...(cause === null ? {} : { cause }) };
    }),
    author: textIn(read, "author") ?? "",
    updatedAt: textIn(read, "updated_at") ?? "",
  };
}

export class Api {
  constructor(private readonly csrf: string) {}

  /** What the server's validator says of a text. */
  async validate(definition: string, type: string): Promise<Problem[]> {
    const answer = await this.ask("POST", "/api/v1/validate", { definition, type });
    return listIn(answer, "problems").map((each) => ({
      isError: textIn(each, "severity") !== "WARNING",
      code: textIn(each, "code") ?? "",
      message: textIn(each, "message") ?? "",
      pointer: textIn(each, "pointer"),
      line: numberIn(each, "line"),
    }));
  }

  /** The machine's definition and the revision that it is. */
  async machine(name: string): Promise<{ definition: string; revision: string }> {
    const answer = await this.ask("GET", `/api/v1/machines/${encodeURIComponent(name)}`);
    return { definition: textIn(answer, "definition") ?? "", revision: textIn(answer, "revision") ?? "" };
  }

  /** Puts a definition in the place of the revision that it was made from; the new revision. */
  async save(name: string, definition: string, expected: string): Promise<string> {
    const answer = await this.ask("PUT", `/api/v1/machines/${encodeURIComponent(name)}`, { definition, expected_revision: expected });
    return textIn(answer, "revision") ?? expected;
  }

  async create(name: string, definition: string, type: string): Promise<string> {
    const answer = await this.ask("PUT", `/api/v1/machines/${encodeURIComponent(name)}`, { definition, type });
    return textIn(answer, "revision") ?? "";
  }

  async draft(name: string): Promise<Draft | null> {
    return draftIn(await this.ask("GET", `/api/v1/machines/${encodeURIComponent(name)}/draft`));
  }

  /** Writes a draft in the place of number `expected`; its own number. `isLast`: the page goes away. */
  async putDraft(name: string, expected: number, draft: Omit<Draft, "number" | "author" | "updatedAt">, isLast = false): Promise<number> {
    const body = { expected, base_revision: draft.base, definition: draft.definition, samples: draft.samples, mocks: draft.mocks };
    const answer = await this.ask("PUT", `/api/v1/machines/${encodeURIComponent(name)}/draft`, body, isLast);
    return numberIn(answer, "number") ?? expected + 1;
  }

  async aliases(name: string): Promise<Alias[]> {
    const answer = await this.ask("GET", `/api/v1/machines/${encodeURIComponent(name)}/versions`);
    return listIn(answer, "aliases").map((alias) => {
      const routes = listIn(alias, "routes").map((route) => [numberIn(route, "version") ?? 0, numberIn(route, "weight") ?? 100] as const);
      const leads = routes.map(([version, weight]) => (routes.length === 1 ? `version ${version}` : `${weight} % version ${version}`)).join(", ");
      return { name: textIn(alias, "name") ?? "", leads };
    });
  }

  /** Publishes a revision that is current; the version's number. */
  async publish(name: string, revision: string, description: string, alias: string): Promise<number> {
    const body = { revision, description, ...(alias === "" ? {} : { alias }) };
    const answer = await this.ask("POST", `/api/v1/machines/${encodeURIComponent(name)}/versions`, body);
    return numberIn(answer, "number") ?? 0;
  }

  async exists(name: string): Promise<boolean> {
    try {
      await this.machine(name);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
  }

  /** Starts an execution; its id. */
  async start(machine: string, input: string): Promise<string> {
    const parsed: unknown = JSON.parse(input.trim() === "" ? "{}" : input);
    const answer = await this.ask("POST", `/api/v1/machines/${encodeURIComponent(machine)}/executions`, { input: parsed });
    return textIn(answer, "id") ?? "";
  }

  /** The ARNs of registered functions, and of machines, for fields to choose from. */
  async functions(): Promise<string[]> {
    return listIn(await this.ask("GET", "/api/v1/functions?limit=1000"), "functions").flatMap((each) => textIn(each, "arn") ?? []);
  }

  async machines(): Promise<string[]> {
    return listIn(await this.ask("GET", "/api/v1/machines?limit=1000"), "machines").flatMap((each) => textIn(each, "arn") ?? []);
  }

  async connections(): Promise<string[]> {
    return listIn(await this.ask("GET", "/api/v1/connections?limit=1000"), "connections").flatMap((each) => textIn(each, "arn") ?? []);
  }

  /** Tries one state. Values go and come as they are spelled. */
  async test(what: { readonly definition: string; readonly state: string; readonly input: string; readonly variables: string; readonly mock: Mock | null; readonly retries: number; readonly context: string | null }): Promise<Json> {
    const { mock } = what;
    const members = [`"definition":${JSON.stringify(what.definition)}`, `"state":${JSON.stringify(what.state)}`, `"input":${textOr(what.input)}`];
    if (textOr(what.variables) !== "{}") members.push(`"variables":${what.variables}`);
    if (what.context !== null) members.push(`"context":${what.context}`);
    if (mock?.error !== undefined) {
      const cause = mock.cause ? `,"cause":${JSON.stringify(mock.cause)}` : "";
      members.push(`"mock":{"error_output":{"error":${JSON.stringify(mock.error)}${cause}},"validation":"NONE"}`, `"configuration":{"retrier_retry_count":${what.retries}}`);
    } else if (mock) {
      members.push(`"mock":{"result":${textOr(mock.result ?? "")},"validation":"NONE"}`);
    }
    return await this.askJson("/api/v1/test", `{${members.join(",")}}`);
  }

  /** What a state was given when an execution last came to it, and the variables that were assigned before. */
  async inputOf(execution: string, state: string): Promise<{ readonly input: string; readonly variables: string } | null> {
    const answer = await this.ask("GET", `/api/v1/executions/${encodeURIComponent(execution)}/history?limit=1000`);
    let found: { input: string; variables: string } | null = null;
    const variables = new Map<string, string>();
    for (const event of listIn(answer, "events")) {
      const entered = valueIn(event, "stateEnteredEventDetails");
      if (textIn(entered, "name") === state) {
        const told = [...variables].map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(", ");
        found = { input: textIn(entered, "input") ?? "{}", variables: `{${told}}` };
      }
      const assigned = valueIn(valueIn(event, "stateExitedEventDetails"), "assignedVariables");
      if (typeof assigned !== "object" || assigned === null) continue;
      for (const [name, value] of Object.entries(assigned)) if (typeof value === "string") variables.set(name, value);
    }
    return found;
  }

  /** The value of an expression as text, or why it has none. */
  async evaluate(language: string, expression: string, tried: { readonly input: string; readonly variables: string; readonly result: Json | null }): Promise<{ readonly value: string } | { readonly wrong: string }> {
    const members = [`"language":${JSON.stringify(language)}`, `"expression":${JSON.stringify(expression)}`, `"input":${textOr(tried.input)}`, `"variables":${textOr(tried.variables)}`];
    if (tried.result) members.push(`"result":${printAlone(tried.result)}`);
    const answer = await this.askJson("/api/v1/evaluate", `{${members.join(",")}}`);
    const value = get(answer, "value");
    return value ? { value: printAlone(value) } : { wrong: textOf(get(answer, "error"), "cause") ?? "it has no value" };
  }

  private async askJson(path: string, body: string): Promise<Json> {
    let answer: Response;
    try {
      answer = await fetch(path, { method: "POST", body, headers: { "content-type": "application/json", "x-csrf-token": this.csrf } });
    } catch {
      throw new ApiError(0, "The server did not answer. Try again in a moment.");
    }
    const parsed = tryParse(await answer.text());
    const read = parsed instanceof JsonError ? literal(null) : parsed;
    if (!answer.ok) throw new ApiError(answer.status, textOf(read, "message") ?? `The server answered ${answer.status}.`);
    return read;
  }

  private async ask(method: string, path: string, body?: unknown, keepalive = false): Promise<unknown> {
    const init: RequestInit = { method, keepalive, headers: { "content-type": "application/json", "x-csrf-token": this.csrf } };
    if (body !== undefined) init.body = JSON.stringify(body);
    let answer: Response;
    try {
      answer = await fetch(path, init);
    } catch {
      throw new ApiError(0, "The server did not answer. Try again in a moment.");
    }
    const read: unknown = await answer.json().catch(() => null);
    if (!answer.ok) throw new ApiError(answer.status, textIn(read, "message") ?? `The server answered ${answer.status}.`);
    return read;
  }
}

const textOr = (text: string): string => (text.trim() === "" ? "{}" : text);

function valueIn(holder: unknown, key: string): unknown {
  if (typeof holder !== "object" || holder === null) return undefined;
  return Object.entries(holder).find(([name]) => name === key)?.[1];
}

function textIn(holder: unknown, key: string): string | null {
  const value = valueIn(holder, key);
  return typeof value === "string" ? value : null;
}

function numberIn(holder: unknown, key: string): number | null {
  const value = valueIn(holder, key);
  return typeof value === "number" ? value : null;
}

function listIn(holder: unknown, key: string): readonly unknown[] {
  const value = valueIn(holder, key);
  return Array.isArray(value) ? value : [];
}

export interface Pattern {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly definition: string;
}

/** What the page gives the designer to begin with. */
export interface Start {
  readonly csrf: string;
  readonly nonce: string;
  readonly definition: string;
  readonly patterns: readonly Pattern[];
  readonly machine: { readonly name: string; readonly type: string; readonly revision: string } | null;
  readonly draft: Draft | null;
  /** The definition of another version, to begin with instead of the draft. */
  readonly copy: string | null;
  /** The id of the machine's newest execution. */
  readonly lastExecution: string | null;
}

export function readStart(text: string): Start {
  const read: unknown = JSON.parse(text);
  const machine = valueIn(read, "machine");
  const name = textIn(machine, "name");
  return {
    csrf: textIn(read, "csrf") ?? "",
    nonce: textIn(read, "nonce") ?? "",
    definition: textIn(read, "definition") ?? "",
    draft: draftIn(valueIn(read, "draft")),
    copy: textIn(read, "copy"),
    lastExecution: textIn(read, "lastExecution"),
    patterns: listIn(read, "patterns").map((each) => ({
      id: textIn(each, "id") ?? "",
      title: textIn(each, "title") ?? "",
      help: textIn(each, "help") ?? "",
      definition: textIn(each, "definition") ?? "",
    })),
    machine: name === null ? null : { name, type: textIn(machine, "type") ?? "STANDARD", revision: textIn(machine, "revision") ?? "" },
  };
}
