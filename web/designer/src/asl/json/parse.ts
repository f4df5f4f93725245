// Reading JSON (RFC 8259) into the tree of `node.ts`, or saying where it breaks.

import type { Json, Member, Origin } from "./node";

/** Definitions nest a few levels a scope; beyond this the text is not meant to be read. */
const DEPTH_MAX = 500;

export class JsonError extends Error {
  constructor(
    message: string,
    /** Offset in the text, from 0. */
    readonly offset: number,
    /** From 1. */
    readonly line: number,
    readonly column: number,
  ) {
    super(message);
  }
}

/** The tree of `text`. Throws a `JsonError`. */
export function parse(text: string): Json {
  return new Parser(text).document();
}

/** The tree of `text`, or the error. */
export function tryParse(text: string): Json | JsonError {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof JsonError) return error;
    throw error;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const PLAIN_STRING = /"[^"\\\u0000-\u001f]*"/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

class Parser {
  private position = 0;

  constructor(private readonly text: string) {}

  document(): Json {
    this.space();
    const node = this.value(0);
    this.space();
    if (this.position < this.text.length) this.fail("nothing may follow the value");
    return node;
  }

  private value(depth: number): Json {
    if (depth > DEPTH_MAX) this.fail(`more than ${DEPTH_MAX} levels deep`);
    const start = this.position;
    switch (this.text[start]) {
      case "{":
        return this.object(depth);
      case "[":
        return this.array(depth);
      case '"':
        return { kind: "string", value: this.string(), origin: this.origin(start) };
      case "t":
        return this.literal("true", true);
      case "f":
        return this.literal("false", false);
      case "n":
        return this.literal("null", null);
      case undefined:
        return this.fail("the text ends where a value should be");
      default:
        return this.number();
    }
  }

  private object(depth: number): Json {
    const start = this.position++;
    const members: Member[] = [];
    this.space();
    if (!this.take("}")) {
      do {
        this.space();
        const at = this.position;
        if (this.text[at] !== '"') this.fail(members.length > 0 ? "a name in quotes should follow the comma" : "a name in quotes should be here");
        const key = this.string();
        const origin = this.origin(at);
        this.space();
        if (!this.take(":")) this.fail("a colon should follow the name");
        this.space();
        members.push({ key, value: this.value(depth + 1), origin });
        this.space();
      } while (this.take(","));
      if (!this.take("}")) this.fail("a comma or } should be here");
    }
    return { kind: "object", members, origin: this.origin(start), base: null };
  }

  private array(depth: number): Json {
    const start = this.position++;
    const items: Json[] = [];
    this.space();
    if (!this.take("]")) {
      do {
        this.space();
        items.push(this.value(depth + 1));
        this.space();
      } while (this.take(","));
      if (!this.take("]")) this.fail("a comma or ] should be here");
    }
    return { kind: "array", items, origin: this.origin(start), base: null };
  }

  private string(): string {
    const start = this.position;
    if (this.match(PLAIN_STRING)) return this.text.slice(start + 1, this.position - 1);
    if (!this.match(STRING)) this.fail("a text that does not end, or holds a sign that must be escaped");
    const value: unknown = JSON.parse(this.text.slice(start, this.position));
    return typeof value === "string" ? value : "";
  }

  private number(): Json {
    const start = this.position;
    if (!this.match(NUMBER)) this.fail("no value starts like this");
    return { kind: "number", text: this.text.slice(start, this.position), origin: this.origin(start) };
  }

  private literal(word: string, value: boolean | null): Json {
    const start = this.position;
    if (!this.text.startsWith(word, start)) this.fail("no value starts like this");
    this.position += word.length;
    return { kind: "literal", value, origin: this.origin(start) };
  }

  private match(pattern: RegExp): boolean {
    pattern.lastIndex = this.position;
    if (!pattern.test(this.text)) return false;
    this.position = pattern.lastIndex;
    return true;
  }

  private take(sign: string): boolean {
    if (this.text[this.position] !== sign) return false;
    this.position++;
    return true;
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.position);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.position++;
    }
  }

  private origin(start: number): Origin {
    return { text: this.text, start, end: this.position };
  }

  private fail(message: string): never {
    const before = this.text.slice(0, this.position);
    const line = before.split("\n").length;
    const column = this.position - before.lastIndexOf("\n");
    throw new JsonError(message, this.position, line, column);
  }
}
