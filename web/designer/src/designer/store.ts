// What the designer knows: the document and its undo list, what is selected, what the server says of
// it. Everything on the screen is drawn from this, and every change goes through it.

import { isBroken, open, withRoot, type Broken, type Document } from "../asl/document";
import { isRefused, type Edit } from "../asl/edit/edit";
import { duplicateBranch } from "../asl/edit/paste";
import { EMPTY, record, redo, undo, type History, type Stepped } from "../asl/history";
import type { State } from "../asl/machine";
import { Layouter } from "../layout/layout";
import type { Picture } from "../layout/types";
import { ApiError, type Api, type Problem, type Start } from "./api";
import { dropDraft, keepDraft, readDraft } from "./draft";

export type Mode = "design" | "code" | "both";
export type Saving = "saved" | "unsaved" | "saving" | "failed";

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
  conflict: { readonly definition: string; readonly revision: string } | null = null;
  functions: readonly string[] = [];
  machines: readonly string[] = [];
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
    const opened = open(start.definition);
    const empty = open("");
    if (isBroken(empty)) throw new Error("an empty text is a document");
    this.document = isBroken(opened) ? empty : opened;
    this.broken = isBroken(opened) ? opened : null;
    if (isBroken(opened)) this.mode = "code";
    this.restore();
    if (!this.machine && start.definition !== "") this.saving = "unsaved";
    addEventListener("pagehide", () => this.keepNow());
    this.checkSoon();
    void this.loadChoices();
  }

  private get draftName(): string {
    return this.machine?.name ?? "";
  }

  /** Takes up unsaved work of before. */
  private restore(): void {
    const draft = readDraft(this.draftName);
    if (!draft || draft.text === this.start.definition || (!this.machine && this.start.definition !== "")) return;
    const opened = open(draft.text);
    if (isBroken(opened)) return;
    this.document = opened;
    this.broken = null;
    this.history = draft.history;
    this.selection = draft.selection.filter((id) => opened.machine.states.has(id));
    this.saving = "unsaved";
    const isOld = this.machine !== null && draft.revision !== this.machine.revision;
    this.notice = {
      words: isOld
        ? "Your unsaved changes are back. Somebody has saved another definition since: saving will show you both."
        : "Your unsaved changes are back.",
      isBad: isOld,
    };
    if (isOld && this.machine) this.machine = { ...this.machine, revision: draft.revision };
  }

  private async loadChoices(): Promise<void> {
    const [functions, machines] = await Promise.allSettled([this.api.functions(), this.api.machines()]);
    if (functions.status === "fulfilled") this.functions = functions.value;
    if (machines.status === "fulfilled") this.machines = machines.value;
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
    this.checkSoon();
    this.changed();
  }

  private keepNow(): void {
    if (this.saving === "saved") return dropDraft(this.draftName);
    keepDraft(this.draftName, {
      text: this.document.text,
      revision: this.machine?.revision ?? "",
      history: this.history,
      selection: this.selection,
      time: Date.now(),
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
    const text = this.document.text;
    this.saving = "saving";
    this.changed();
    try {
      const revision = await this.api.save(machine.name, text, machine.revision);
      this.machine = { ...machine, revision };
      this.savedText = text;
      this.saving = this.text === text ? "saved" : "unsaved";
      this.notice = null;
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
      this.conflict = await this.api.machine(name);
      this.notice = null;
    } catch {
      // The notice says that it was not saved.
    }
  }

  /** Ends a conflict: with the other's definition, or with this one saved over it. */
  async settle(how: "theirs" | "mine" | "later"): Promise<void> {
    const { conflict, machine } = this;
    if (!conflict || !machine) return;
    this.conflict = null;
    if (how === "later") return this.changed();
    this.machine = { ...machine, revision: conflict.revision };
    if (how === "mine") {
      await this.save();
      return;
    }
    this.savedText = conflict.definition;
    this.setText(conflict.definition, null);
    this.touched();
  }

  /** Makes the machine; an error says why not. */
  async create(name: string, type: string): Promise<void> {
    if (await this.api.exists(name)) throw new Error(`There is a machine called “${name}” already.`);
    const text = this.document.text;
    const revision = await this.api.create(name, text, type);
    dropDraft("");
    this.machine = { name, type, revision };
    this.type = type;
    this.savedText = text;
    this.saving = "saved";
    this.notice = null;
    history.replaceState(null, "", `/machines/${encodeURIComponent(name)}/design`);
    document.title = `Design · ${name} · Machines`;
    this.say("Created");
    this.changed();
  }
}
