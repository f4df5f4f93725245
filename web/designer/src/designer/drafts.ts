// The draft on the server: written after a rest, each time going on from the one before. When somebody else
// wrote meanwhile nothing more is sent until that is settled.

import { ApiError, type Api, type Draft, type Mock, type Sample } from "./api";

export type Sent = "nothing" | "waiting" | "sending" | "sent" | "failed" | "other";

const REST_MS = 2_000;
const AGAIN_MS = 10_000;
const OURS_MAX = 4;
/** Browsers send no more than this when a page goes away. */
const LAST_BYTES_MAX = 60_000;

export interface Content {
  readonly base: string;
  readonly definition: string;
  readonly samples: readonly Sample[];
  readonly mocks: readonly Mock[];
}

export class Drafts {
  number: number;
  state: Sent = "nothing";
  sentAt = 0;
  private name: string | null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isChanged = false;
  /** What this tab wrote, or tried to write: a write whose answer was lost is not somebody else's. */
  private ours: string[] = [];

  constructor(
    private readonly api: Api,
    name: string | null,
    number: number,
    private readonly content: () => Content,
    private readonly tell: () => void,
    /** Somebody else's draft, where there is one now. */
    private readonly onOther: (theirs: Draft) => void,
  ) {
    this.name = name;
    this.number = number;
  }

  /** The machine that there is now. */
  made(name: string): void {
    this.name = name;
    this.number = 0;
  }

  /** Takes a text as one that this tab wrote. */
  own(text: string): void {
    if (!this.ours.includes(text)) this.ours = [...this.ours.slice(-(OURS_MAX - 1)), text];
  }

  get isUnsent(): boolean {
    return this.name !== null && this.state !== "nothing" && this.state !== "sent";
  }

  /** Whether leaving the page now would lose something. */
  get isAtRisk(): boolean {
    return this.isUnsent && (this.state !== "waiting" || this.content().definition.length > LAST_BYTES_MAX);
  }

  soon(): void {
    if (this.name === null) return;
    this.isChanged = true;
    if (this.state === "other") return;
    if (this.state !== "sending") this.state = "waiting";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.send(), REST_MS);
  }

  /** Writes what has not been written; whether the server has it all now. */
  async send(): Promise<boolean> {
    clearTimeout(this.timer);
    const { name } = this;
    if (name === null) return false;
    if (this.state === "sending") return false;
    this.state = "sending";
    this.isChanged = false;
    this.tell();
    try {
      const content = this.content();
      this.own(content.definition);
      this.number = await this.api.putDraft(name, this.number, content);
      this.state = "sent";
      this.sentAt = Date.now();
    } catch (error) {
      this.state = "failed";
      if (error instanceof ApiError && error.status === 409) await this.look(name);
      else this.timer = setTimeout(() => void this.send(), AGAIN_MS);
    }
    this.tell();
    if (this.isChanged && this.state === "sent") this.soon();
    return this.state === "sent";
  }

  private async look(name: string): Promise<void> {
    try {
      const theirs = await this.api.draft(name);
      if (!theirs) return;
      if (theirs.definition === this.content().definition) {
        this.number = theirs.number;
        this.state = "sent";
        this.sentAt = Date.now();
        return;
      }
      if (this.ours.includes(theirs.definition)) {
        this.number = theirs.number;
        this.soon();
        return;
      }
      this.state = "other";
      this.onOther(theirs);
    } catch {
      this.timer = setTimeout(() => void this.send(), AGAIN_MS);
    }
  }

  /** Goes on from somebody else's draft. */
  follow(number: number): void {
    this.number = number;
    this.state = "waiting";
    void this.send();
  }

  /** The page goes away: what waits is sent without an answer being heard. */
  last(): void {
    if (this.name === null || this.state !== "waiting") return;
    clearTimeout(this.timer);
    const content = this.content();
    if (content.definition.length > LAST_BYTES_MAX) return;
    void this.api.putDraft(this.name, this.number, content, true).catch(() => undefined);
  }
}
