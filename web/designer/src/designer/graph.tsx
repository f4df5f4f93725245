// The canvas within the designer: what it wants becomes edits, keys become edits.

import { useEffect, useRef } from "preact/hooks";
import type { Place } from "../asl/edit/place";
import { placeAfter, placeBefore } from "../asl/edit/place";
import { moveAlong, moveStates, waysAlong } from "../asl/edit/move";
import { connectStates } from "../asl/edit/next";
import { copyText, duplicate, paste } from "../asl/edit/paste";
import type { State } from "../asl/machine";
import { Canvas } from "../canvas/canvas";
import { listenToKeys } from "../canvas/keys";
import { toolbar } from "../canvas/toolbar";
import type { Store } from "./store";

/** What the graph asks the designer to open. */
export interface Opening {
  quickAdd(place: Place): void;
  menu(at: { x: number; y: number }): void;
  ways(choices: readonly { readonly word: string; readonly place: Place }[]): void;
  rename(): void;
  inspect(): void;
  remove(): void;
  help(): void;
  /** Where the lines of a state lead. */
  lines(id: string): void;
}

interface Props {
  readonly store: Store;
  readonly opening: Opening;
  /** Takes the canvas, for what is dragged onto it. */
  readonly onReady: (canvas: Canvas) => void;
}

export function Graph({ store, opening, onReady }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<Canvas | null>(null);
  const latest = useRef(opening);
  latest.current = opening;

  useEffect(() => {
    if (!host.current) return;
    const made = new Canvas(
      host.current,
      {
        select: (ids) => store.select(ids),
        open: () => latest.current.inspect(),
        move: (ids, place) => store.apply(moveStates(store.document.machine, ids, place)),
        lead: (from, path, to) => store.apply(connectStates(store.document.machine, from, path, to)),
        add: (place) => latest.current.quickAdd(place),
        toggle: (id) => store.toggle(id),
        menu: (id, at) => {
          if (!store.selection.includes(id)) store.select([id]);
          latest.current.menu(at);
        },
      },
      "States",
    );
    canvas.current = made;
    host.current.append(toolbar(made));
    listenToKeys(host.current, made, {
      toggle: () => {
        const id = made.focusStop;
        if (id !== null && (store.document.machine.states.get(id)?.branches.length ?? 0) > 0) store.toggle(id);
      },
      other: (event) => editKey(event, store, made, latest.current),
    });
    onReady(made);
    return () => made.destroy();
  }, []);

  useEffect(() => {
    const { keep } = store;
    const hadFocus = canvas.current?.hasFocus() ?? false;
    store.keep = null;
    canvas.current?.show(
      { picture: store.picture, machine: store.document.machine, selection: store.selection, problems: store.problemCounts() },
      keep,
    );
    const [first] = store.selection;
    if (hadFocus && first !== undefined && canvas.current && !canvas.current.hasFocus()) canvas.current.focus(first);
    else if (keep !== null && first !== undefined && first !== keep) canvas.current?.reveal(first);
  }, [store.document, store.collapsed, store.selection, store.problems]);

  return <div class={`graph-host${store.broken ? " is-stale" : ""}`} ref={host} />;
}

function current(store: Store, canvas: Canvas): State | null {
  const id = store.selection[0] ?? (canvas.hasFocus() ? canvas.focusStop : null);
  return id === null ? null : (store.document.machine.states.get(id) ?? null);
}

/** A key that changes something; whether it did mean that. */
function editKey(event: KeyboardEvent, store: Store, canvas: Canvas, opening: Opening): boolean {
  const isControl = event.ctrlKey || event.metaKey;
  // What has focus is meant, whatever was selected before.
  const stop = canvas.hasFocus() ? canvas.focusStop : null;
  const isEdit = (isControl ? /^[dcxv]$/i : /^(?:[ad]|F2|F10|Enter|Delete|Backspace|ContextMenu)$/i).test(event.key) || (event.altKey && event.key.startsWith("Arrow"));
  if (isEdit && stop !== null && !store.selection.includes(stop)) store.select([stop]);
  const state = current(store, canvas);
  const { machine } = store.document;
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    if (state) goAlong(store, state, event.key === "ArrowDown" ? 1 : -1, opening);
    return true;
  }
  if (isControl && !event.altKey) {
    switch (event.key.toLowerCase()) {
      case "d":
        if (store.selection.length > 0) store.apply(duplicate(machine, store.selection));
        return true;
      case "c":
        void copy(store);
        return true;
      case "x":
        void copy(store).then((isCopied) => isCopied && opening.remove());
        return true;
      case "v":
        void pasteHere(store);
        return true;
      case "a":
        store.select([...machine.states.keys()]);
        return true;
      default:
        return false;
    }
  }
  switch (event.key) {
    case "a":
    case "A": {
      const place = state ? (event.shiftKey ? placeBefore(state) : placeAfter(state)) : ({ kind: "start", scope: "" } as const);
      if (place) opening.quickAdd(place);
      else store.apply({ refused: `Nothing can follow “${state?.name ?? ""}”: it ends the flow.` });
      return true;
    }
    case "Delete":
    case "Backspace":
      opening.remove();
      return true;
    case "F2":
      if (state) {
        if (!store.selection.includes(state.id)) store.select([state.id]);
        opening.rename();
      }
      return true;
    case "d":
      if (store.selection.length > 0) store.apply(duplicate(machine, store.selection));
      return true;
    case "Enter":
      if (state && state.branches.length === 0) {
        store.select([state.id]);
        opening.inspect();
        return true;
      }
      return false;
    case "F10":
    case "ContextMenu": {
      if (event.key === "F10" && !event.shiftKey) return false;
      const at = state ? canvas.placeOf(state.id) : null;
      if (state && at) {
        if (!store.selection.includes(state.id)) store.select([state.id]);
        opening.menu(at);
      }
      return true;
    }
    case "?":
      opening.help();
      return true;
    default:
      return false;
  }
}

/** Moves a state along the flow; where the flow divides, a menu names the places. */
export function goAlong(store: Store, state: State, direction: 1 | -1, opening: Opening): void {
  const next = state.scope.states.find(({ name }) => state.links.some((link) => link.target === name));
  const ways = direction === 1 ? waysAlong(state) : [];
  const isAmbiguous = ways.length > 1 || (direction === 1 && next?.type === "Choice");
  if (isAmbiguous && next?.type === "Choice") return opening.ways(waysAlong(next).length > 0 ? waysOf(next) : ways);
  store.apply(moveAlong(store.document.machine, state.id, direction));
}

/** The lines that leave a Choice, as places. */
function waysOf(state: State): { word: string; place: Place }[] {
  return state.links.map((link) => ({ word: `on the way to ${link.target}`, place: { kind: "link", state: state.id, path: link.path } }));
}

export async function copy(store: Store): Promise<boolean> {
  if (store.selection.length === 0) return false;
  try {
    await navigator.clipboard.writeText(copyText(store.document.machine, store.selection));
    store.say(store.selection.length === 1 ? "Copied" : `Copied ${store.selection.length} states`);
    return true;
  } catch {
    store.apply({ refused: "The browser did not allow copying." });
    return false;
  }
}

export async function pasteHere(store: Store): Promise<void> {
  let text: string;
  try {
    text = await navigator.clipboard.readText();
  } catch {
    store.apply({ refused: "The browser did not allow pasting. Use the code view." });
    return;
  }
  const last = store.selected.at(-1);
  const place = (last ? (placeAfter(last) ?? placeBefore(last)) : null) ?? { kind: "start" as const, scope: "" };
  store.apply(paste(store.document.machine, place, text));
}
