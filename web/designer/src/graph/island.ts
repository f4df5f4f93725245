// The graph on a machine's page, and on an execution's with what happened: drawn where the server left
// room for it. The page says the same in text, so all this is beside it.

import { isBroken, open } from "../asl/document";
import { scopesOf, type Machine } from "../asl/machine";
import { Canvas } from "../canvas/canvas";
import { STATUS_ICON, STATUS_WORD, STATUSES, type StateStatus } from "../canvas/status";
import { ICONS } from "../canvas/icons";
import { svg } from "../canvas/svg";
import { toolbar } from "../canvas/toolbar";
import { listenToKeys } from "../canvas/keys";
import { Layouter } from "../layout/layout";
import { RunReader, type HistoryEvent } from "./statuses";

const PAGE = 1_000;
/** An execution has no more events than this. */
const PAGES_MAX = 30;
const PAUSE_MS = 1_000;

for (const host of document.querySelectorAll<HTMLElement>('[data-island="graph"]')) {
  show(host).catch(() => host.closest("[data-graph-panel]")?.setAttribute("hidden", ""));
}

async function show(host: HTMLElement): Promise<void> {
  const answer = await fetch(host.dataset["definition"] ?? "");
  if (!answer.ok) return;
  const opened = open(await answer.text());
  if (isBroken(opened) || opened.machine.states.size === 0) return;
  const { machine } = opened;
  const layouter = new Layouter();
  let collapsed = new Set<string>();
  let selection: readonly string[] = [];
  let statuses: ReadonlyMap<string, StateStatus> | undefined;
  let taken: ReadonlySet<string> | undefined;
  const marks = failuresOf(host, machine);
  let picture = layouter.picture(machine, { collapsed });
  host.closest("[data-graph-panel]")?.removeAttribute("hidden");
  host.style.height = `${Math.round(Math.min(560, Math.max(260, picture.h + 72)))}px`;
  const draw = (keep: string | null = null): void => canvas.show({ picture, machine, selection, statuses, marks, taken }, keep);
  const toggle = (id: string): void => {
    collapsed = new Set(collapsed.has(id) ? [...collapsed].filter((each) => each !== id) : [...collapsed, id]);
    picture = layouter.picture(machine, { collapsed });
    draw(id);
  };
  const canvas = new Canvas(
    host,
    {
      select: (ids) => {
        selection = ids;
        draw();
        const name = ids.length === 1 ? machine.states.get(ids[0] ?? "")?.name : undefined;
        // The page shows what is looked at: app.js, where it is the page of an execution.
        if (name !== undefined && statuses?.has(ids[0] ?? "") === true) document.dispatchEvent(new CustomEvent("run:select", { detail: name }));
      },
      toggle,
    },
    "States",
  );
  host.append(toolbar(canvas));
  listenToKeys(host, canvas, {
    toggle: () => {
      const id = canvas.focusStop;
      if (id !== null && (machine.states.get(id)?.branches.length ?? 0) > 0) toggle(id);
    },
  });
  draw();
  document.addEventListener("run:selected", (event) => {
    const name: unknown = event instanceof CustomEvent ? event.detail : "";
    const found = [...machine.states.values()].find((state) => state.name === name);
    selection = found ? [found.id] : [];
    draw();
  });
  const history = host.dataset["history"];
  if (history === undefined) return;
  await follow(host, history, (reader) => {
    statuses = reader.statuses(machine);
    taken = reader.taken(machine);
    draw();
    tellLegend(host, machine, statuses);
  });
}

/** How often each state failed lately, where the page tells that. */
function failuresOf(host: HTMLElement, machine: Machine): ReadonlyMap<string, StateStatus> | undefined {
  const told = host.dataset["failures"];
  if (told === undefined) return undefined;
  const counts: unknown = JSON.parse(told);
  if (typeof counts !== "object" || counts === null) return undefined;
  const byName = new Map<string, unknown>(Object.entries(counts));
  return new Map(
    [...machine.states.values()].flatMap((state): [string, StateStatus][] => {
      const count = byName.get(state.name);
      if (typeof count !== "number") return [];
      return [[state.id, { status: "failed", visits: count, words: `${count} ${count === 1 ? "failure" : "failures"} in the last 24 hours` }]];
    }),
  );
}

/** Reads the history to its end, and on while the execution runs. */
async function follow(host: HTMLElement, address: string, tell: (reader: RunReader) => void): Promise<void> {
  const reader = new RunReader();
  const seen = new Set<number>();
  let after: string | null = null;
  for (let isOpen = true; isOpen; ) {
    for (let page = 0; page < PAGES_MAX; page++) {
      const query: string = after === null ? "" : `&after=${encodeURIComponent(after)}`;
      const answer = await fetch(`${address}?limit=${PAGE}${query}`);
      if (!answer.ok) return;
      const read = readPage(await answer.json());
      const fresh = read.events.filter(({ id }) => !seen.has(id));
      for (const { id } of fresh) seen.add(id);
      reader.add(fresh);
      if (read.events.some(({ type }) => /^Execution(?:Succeeded|Failed|Aborted|TimedOut)$/.test(type))) isOpen = false;
      if (read.next === null) break;
      after = read.next;
    }
    tell(reader);
    if (!isOpen || !host.isConnected) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (document.hidden) await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}

function readPage(answer: unknown): { events: HistoryEvent[]; next: string | null } {
  if (typeof answer !== "object" || answer === null || !("events" in answer) || !Array.isArray(answer.events)) return { events: [], next: null };
  const events = answer.events.filter((event): event is HistoryEvent => typeof event === "object" && event !== null && "id" in event && "type" in event);
  return { events, next: "next" in answer && typeof answer.next === "string" ? answer.next : null };
}

/** How many states have which status, beside the heading. */
function tellLegend(host: HTMLElement, machine: Machine, statuses: ReadonlyMap<string, StateStatus>): void {
  const place = host.closest("[data-graph-panel]")?.querySelector("[data-graph-legend]");
  if (!place) return;
  const total = scopesOf(machine).reduce((sum, scope) => sum + scope.states.length, 0);
  const entries = STATUSES.flatMap((status) => {
    const count = status === "not-run" ? total - statuses.size : [...statuses.values()].filter((each) => each.status === status).length;
    if (count === 0) return [];
    const entry = document.createElement("span");
    entry.className = `legend-entry status-${status}`;
    entry.append(svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: ICONS[STATUS_ICON[status]] })), `${STATUS_WORD[status]} ${count}`);
    return [entry];
  });
  place.replaceChildren(...entries);
}
