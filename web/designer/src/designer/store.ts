// What the designer knows: the document and its undo list, what is selected, what the server says of
// it. Everything on the screen is drawn from this, and every change goes through it.

import { isBroken, open, withRoot, type Broken, type Document } from "../asl/document";
import { isRefused, type Edit } from "../asl/edit/edit";
import { duplicateBranch } from "../asl/edit/paste";
import { EMPTY, record, redo, undo, type History, type Stepped } from "../asl/history";
import type { Json } from "../asl/json/node";
import type { State } from "../asl/machine";
import { Layouter } from "../layout/layout";
import type { Picture } from "../layout/types";
import { ApiError, type Api, type Mock, type Problem, type Sample, type Start } from "./api";
import { drop, keep, readKept } from "./draft";
import { Drafts } from "./drafts";

export type Mode = "design" | "code" | "both";
export type Saving = "saved" | "unsaved" | "saving" | "failed";

/** What somebody else has made meanwhile: a definition that is saved, or a draft. */
export interface Conflict {
  readonly kind: "saved" | "draft";
  readonly definition: string;
  /** The revision, where it is saved. */
  readonly revision: string;
  readonly number: number;
  readonly author: string;
}

const CHECK_MS = 400;
const KEEP_MS = 1_000;

export class Store {
  /** The newest text that can be read; what the graph and the forms show. */
  document: Document;
  /** The text as it is typed, where that cannot be read. */
  broken: Broken | null = null;
  history: History = EMPTY;
  selection: readonly string[] = [];
  collapsed: ReadonlySet<string> = new Set();
  mode: Mode = "design";
  problems: readonly Problem[] = [];
  isChecked = false;
  saving: Saving = "saved";
  /** Why the last save failed, or what else is to be said until it is dismissed. */
  notice: { readonly words: string; readonly isBad: boolean } | null = null;
  /** What the server has now, where somebody else saved meanwhile. */
  conflict: Conflict | null = null;
  samples: readonly Sample[];
  mocks: readonly Mock[];
  readonly drafts: Drafts;
  /** What states were tried with last: expressions show their values on it. */
  tried: { readonly input: string; readonly variables: string; readonly result: Json | null } = { input: "{}", variables: "{}", result: null };
  functions: readonly string[] = [];
  machines: readonly string[] = [];
  connections: readonly string[] = [];
  machine: Start["machine"];
  type: string;
  /** The state that stays where it is on the screen at the next drawing. */
  keep: string | null = null;
  /** Bumped to have the name field take focus: a new state is named first. */
  naming = 0;

  private savedText: string;
  private readonly layouter = new Layouter();
  private drawn: { document: Document; collapsed: ReadonlySet<string>; picture: Picture } | null = null;
  private readonly listeners = new Set<() => void>();
  private checkTimer: ReturnType<typeof setTimeout> | undefined;
  private keepTimer: ReturnType<typeof setTimeout> | undefined;
  private checked = 0;

  constructor(
    readonly start: Start,
    readonly api: Api,
  ) {
    this.machine = start.machine;
    this.type = start.machine?.type ?? "STANDARD";
    this.savedText = start.definition;
    const { draft } = start;
    this.samples = draft?.samples ?? [];
    this.mocks = draft?.mocks ?? [];
    const [sample] = this.samples;
    if (sample) this.tried = { ...this.tried, input: sample.input };
    this.drafts = new Drafts(api, start.machine?.name ?? null, draft?.number ?? 0, () => this.draftContent(), () => this.changed(), (theirs) => {
      this.conflict = { kind: "draft", definition: theirs.definition, revision: "", number: theirs.number, author: theirs.author };
    });
    const opened = open(start.copy ?? draft?.definition ?? start.definition);
    const empty = open("");
    if (isBroken(empty)) throw new Error("an empty text is a document");
    this.document = isBroken(opened) ? empty : opened;
    this.broken = isBroken(opened) ? opened : null;
    if (isBroken(opened)) this.mode = "code";
    this.begin();
    addEventListener("pagehide", () => {
      this.keepNow();
      this.drafts.last();
    });
    addEventListener("beforeunload", (event) => {
      if (this.drafts.isAtRisk) event.preventDefault();
    });
    this.checkSoon();
    void this.loadChoices();
  }

  private get draftName(): string {
    return this.machine?.name ?? "";
  }

  private draftContent() {
    return { base: this.machine?.revision ?? "", definition: this.text, samples: this.samples, mocks: this.mocks };
  }

  /** Takes up unsaved work of before: the server's draft, and what this tab has beyond it. */
  private begin(): void {
    const { draft, copy, definition } = this.start;
    if (!this.machine && definition !== "") {
      this.saving = "unsaved";
      return;
    }
    this.saving = this.text === definition ? "saved" : "unsaved";
    if (copy !== null) {
      this.notice = { words: draft && draft.definition !== definition ? "This is a copy of that version. It takes the place of the draft that there was." : "This is a copy of that version.", isBad: false };
      if (this.saving === "unsaved") this.drafts.soon();
      return;
    }
    const kept = readKept(this.draftName);
    if (kept) this.drafts.own(kept.text);
    const isMine = kept !== null && (kept.number === this.drafts.number || kept.text === draft?.definition);
    if (isMine && kept.text !== this.text) this.takeUp(kept.text);
    if (isMine && kept.text === this.text) {
      this.history = kept.history;
      this.selection = kept.selection.filter((id) => this.document.machine.states.has(id));
    }
    if (kept?.isUnsent && !isMine && draft && kept.text !== draft.definition) {
      this.takeUp(kept.text);
      this.conflict = { kind: "draft", definition: draft.definition, revision: "", number: draft.number, author: draft.author };
      this.drafts.state = "other";
    } else if (kept?.isUnsent) {
      this.drafts.soon();
    }
    this.saving = this.text === definition && this.machine ? "saved" : "unsaved";
    if (this.text === definition) return;
    const isOld = this.machine !== null && draft !== null && draft.base !== this.machine.revision;
    if (isOld && this.machine) this.machine = { ...this.machine, revision: draft.base };
    const words = kept || !draft ? "Your unsaved changes are back." : `This is the draft of ${new Date(draft.updatedAt).toLocaleString()}, not saved yet.`;
    this.notice = { words: isOld ? `${words} Somebody has saved another definition since: saving will show you both.` : words, isBad: isOld };
  }

  private takeUp(text: string): void {
    const opened = open(text);
    if (isBroken(opened)) {
      this.broken = opened;
      this.mode = "code";
    } else {
      this.document = opened;
      this.broken = null;
    }
  }

  /** Goes back to the definition that is saved. */
  discard(): void {
    this.setText(this.savedText, null);
    this.notice = { words: "The draft is as the saved definition now. Undo brings it back.", isBad: false };
    this.changed();
  }

  /** What the machine's last execution gave a state; null where it did not come to it. */
  async lastInput(state: string): Promise<{ readonly input: string; readonly variables: string } | null> {
    const { lastExecution } = this.start;
    if (lastExecution === null) return null;
    const found = await this.api.inputOf(lastExecution, state);
    return found ? { ...found, input: laidOut(found.input) } : null;
  }

  /** What states are tried with, kept with the draft. */
  keepTests(samples: readonly Sample[], mocks: readonly Mock[]): void {
    this.samples = samples;
    this.mocks = mocks;
    this.drafts.soon();
    this.changed();
  }

  private async loadChoices(): Promise<void> {
    const [functions, machines, connections] = await Promise.allSettled([this.api.functions(), this.api.machines(), this.api.connections()]);
    if (functions.status === "fulfilled") this.functions = functions.value;
    if (machines.status === "fulfilled") this.machines = machines.value;
    if (connections.status === "fulfilled") this.connections = connections.value;
    this.changed();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  // Looking

  get text(): string {
    return this.broken?.text ?? this.document.text;
  }

  get picture(): Picture {
    if (this.drawn?.document !== this.document || this.drawn.collapsed !== this.collapsed) {
      const picture = this.layouter.picture(this.document.machine, { collapsed: this.collapsed });
      this.drawn = { document: this.document, collapsed: this.collapsed, picture };
    }
    return this.drawn.picture;
  }

  get selected(): State[] {
    return this.selection.flatMap((id) => this.document.machine.states.get(id) ?? []);
  }

  get errors(): number {
    return this.problems.filter(({ isError }) => isError).length;
  }

  /** Whether expressions have something to show their values on. */
  get hasTried(): boolean {
    return this.samples.length > 0 || this.tried.result !== null || this.tried.input.trim() !== "{}";
  }

  /** The state that a problem is about. */
  stateOf(problem: Problem): State | null {
    const { pointer } = problem;
    if (pointer === null) return null;
    let found: State | null = null;
    for (const state of this.document.machine.states.values()) {
      if ((pointer === state.id || pointer.startsWith(`${state.id}/`)) && state.id.length > (found?.id.length ?? -1)) found = state;
    }
    return found;
  }

  /** The problems of each state, by its id. */
  problemCounts(): Map<string, { errors: number; warnings: number }> {
    const counts = new Map<string, { errors: number; warnings: number }>();
    for (const problem of this.problems) {
      const state = this.stateOf(problem);
      if (!state) continue;
      const count = counts.get(state.id) ?? { errors: 0, warnings: 0 };
      if (problem.isError) count.errors++;
      else count.warnings++;
      counts.set(state.id, count);
    }
    return counts;
  }

  // Changing

  select(ids: readonly string[]): void {
    this.selection = ids;
    this.changed();
  }

  setMode(mode: Mode): void {
    this.mode = mode;
    this.changed();
  }

  toggle(id: string): void {
    this.collapsed = new Set(this.collapsed.has(id) ? [...this.collapsed].filter((each) => each !== id) : [...this.collapsed, id]);
    this.keep = id;
    this.changed();
  }

  /** Does an edit; whether it could be done. `group`: edits of one group close together are one step. */
  apply(edit: Edit, group: string | null = null): boolean {
    if (isRefused(edit)) {
      this.say(edit.refused);
      this.notice = { words: edit.refused, isBad: true };
      this.changed();
      return false;
    }
    const next = withRoot(this.document, edit.root);
    this.notice = null;
    if (next === this.document || next.text === this.document.text) {
      if (edit.selection.length > 0) this.selection = edit.selection;
      this.changed();
      return true;
    }
    const before = { text: this.document.text, selection: this.selection };
    const selection = edit.selection.length > 0 || edit.said.startsWith("Deleted") ? edit.selection : this.selection;
    this.keep = this.selection[0] ?? null;
    this.history = record(this.history, before, { text: next.text, selection }, group, Date.now());
    this.document = next;
    this.broken = null;
    this.selection = selection.filter((id) => next.machine.states.has(id));
    if (this.keep !== null && !next.machine.states.has(this.keep)) this.keep = this.selection[0] ?? null;
    if (edit.said !== "") this.say(edit.said);
    this.touched();
    return true;
  }

  /** Takes a whole text: typed, pasted, or somebody else's. */
  setText(text: string, group: string | null): void {
    if (text === this.text) return;
    const opened = open(text);
    if (isBroken(opened)) {
      this.broken = opened;
      this.touched();
      return;
    }
    this.history = record(this.history, { text: this.document.text, selection: this.selection }, { text, selection: this.selection }, group, Date.now());
    this.document = opened;
    this.broken = null;
    this.keep = this.selection[0] ?? null;
    this.selection = this.selection.filter((id) => opened.machine.states.has(id));
    this.touched();
  }

  undo(): void {
    if (this.broken) {
      this.broken = null;
      this.touched();
      return;
    }
    this.stepTo(undo(this.history, this.document.text), "Undone");
  }

  redo(): void {
    this.stepTo(redo(this.history, this.document.text), "Done again");
  }

  private stepTo(stepped: Stepped | null, said: string): void {
    if (!stepped) return;
    const opened = open(stepped.text);
    if (isBroken(opened)) return;
    this.keep = this.selection[0] ?? null;
    this.history = stepped.history;
    this.document = opened;
    this.selection = stepped.selection.filter((id) => opened.machine.states.has(id));
    this.say(said);
    this.touched();
  }

  duplicateBranch(id: string, index: number): void {
    this.apply(duplicateBranch(this.document.machine, id, index));
  }

  dismiss(): void {
    this.notice = null;
    this.changed();
  }

  /** Words for people who listen to the page. */
  say(words: string): void {
    const place = document.querySelector("[data-said]");
    if (!place || words === "") return;
    place.textContent = "";
    requestAnimationFrame(() => (place.textContent = words));
  }

  private touched(): void {
    this.saving = this.text === this.savedText && this.machine ? "saved" : "unsaved";
    clearTimeout(this.keepTimer);
    this.keepTimer = setTimeout(() => this.keepNow(), KEEP_MS);
    this.drafts.soon();
    this.checkSoon();
    this.changed();
  }

  private keepNow(): void {
    if (!this.machine && this.text === "") return drop("");
    keep(this.draftName, {
      text: this.text,
      number: this.drafts.number,
      isUnsent: this.drafts.isUnsent,
      history: this.history,
      selection: this.selection,
    });
  }

  // Asking the server

  private checkSoon(): void {
    clearTimeout(this.checkTimer);
    this.checkTimer = setTimeout(() => void this.check(), CHECK_MS);
  }

  async check(): Promise<void> {
    const mine = ++this.checked;
    const { text } = this;
    if (text.trim() === "") {
      this.problems = [];
      this.isChecked = true;
      return this.changed();
    }
    try {
      const problems = await this.api.validate(text, this.type);
      if (mine !== this.checked) return;
      this.problems = problems;
      this.isChecked = true;
    } catch {
      // The next change asks again; what was known stays.
      if (mine !== this.checked) return;
      this.isChecked = false;
    }
    this.changed();
  }

  /** Saves over the revision that this was made from; whether that went well. */
  async save(): Promise<boolean> {
    const { machine } = this;
    if (!machine || this.broken) return false;
    if (this.drafts.state === "other") await this.drafts.send();
    if (this.conflict) return false;
    const text = this.document.text;
    this.saving = "saving";
    this.changed();
    try {
      const revision = await this.api.save(machine.name, text, machine.revision);
      this.machine = { ...machine, revision };
      this.savedText = text;
      this.saving = this.text === text ? "saved" : "unsaved";
      this.notice = null;
      // The draft goes on from what is saved now; without one there is nothing to tell.
      if (this.drafts.number > 0 || this.drafts.isUnsent) void this.drafts.send().then(() => this.keepNow());
      this.keepNow();
      this.say("Saved");
      this.changed();
      return true;
    } catch (error) {
      this.saving = "failed";
      this.notice = { words: `Not saved: ${error instanceof Error ? error.message : "the server did not answer"}`, isBad: true };
      if (error instanceof ApiError && error.status === 409) await this.loadConflict(machine.name);
      this.changed();
      return false;
    }
  }

  private async loadConflict(name: string): Promise<void> {
    try {
      const theirs = await this.api.machine(name);
      this.conflict = { kind: "saved", ...theirs, number: 0, author: "" };
      this.notice = null;
    } catch {
      // The notice says that it was not saved.
    }
  }

  /** Ends a conflict: with the other's definition, with this one over it, or with one made of both. */
  async settle(how: "theirs" | "mine" | "later" | { readonly text: string }): Promise<void> {
    const { conflict, machine } = this;
    if (!conflict || !machine) return;
    this.conflict = null;
    if (how === "later") {
      if (conflict.kind === "draft") this.notice = { words: "Not kept on the server: somebody else changes this draft too. Save, and you see both again.", isBad: true };
      return this.changed();
    }
    this.notice = null;
    if (conflict.kind === "saved") this.machine = { ...machine, revision: conflict.revision };
    if (conflict.kind === "saved" && how === "theirs") this.savedText = conflict.definition;
    if (how === "theirs") this.setText(conflict.definition, null);
    else if (how !== "mine") this.setText(how.text, null);
    if (conflict.kind === "draft") this.drafts.follow(conflict.number);
    else if (how === "mine") await this.save();
    this.touched();
  }

  /** Saves, publishes a version of it with a note, and leads an alias to it; an error says why not. */
  async publish(note: string, alias: string): Promise<number> {
    if (this.saving !== "saved" && !(await this.save())) throw new Error(this.notice?.words ?? "The definition was not saved.");
    const { machine } = this;
    if (!machine) throw new Error("There is no machine yet.");
    const number = await this.api.publish(machine.name, machine.revision, note, alias);
    this.notice = { words: `Version ${number} is published${alias === "" ? "" : `, and ${alias} leads to it`}.`, isBad: false };
    this.changed();
    return number;
  }

  /** What is saved, to compare with. */
  get savedDefinition(): string {
    return this.savedText;
  }

  /** Makes the machine; an error says why not. */
  async create(name: string, type: string): Promise<void> {
    if (await this.api.exists(name)) throw new Error(`There is a machine called “${name}” already.`);
    const text = this.document.text;
    const revision = await this.api.create(name, text, type);
    drop("");
    this.drafts.made(name);
    this.machine = { name, type, revision };
    this.type = type;
    this.savedText = text;
    this.saving = "saved";
    this.notice = null;
    history.replaceState(null, "", `/machines/${encodeURIComponent(name)}/design`);
    document.title = `Design · ${name} · Machines`;
    if (this.samples.length + this.mocks.length > 0) this.drafts.soon();
    this.say("Created");
    this.changed();
  }
}

/** JSON on lines of its own, where that changes nothing that is written in it. */
function laidOut(text: string): string {
  try {
    const read: unknown = JSON.parse(text);
    return JSON.stringify(read) === text ? JSON.stringify(read, null, 2) : text;
  } catch {
    return text;
  }
}
