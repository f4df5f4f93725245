// The designer: palette, canvas, form, problems, code; and the keys that hold in all of them.

import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { deleteStates, lossesOf } from "../asl/edit/delete";
import { moveStates } from "../asl/edit/move";
import { placeAfter, placeBefore, type Place } from "../asl/edit/place";
import { isTyping } from "../canvas/keys";
import type { Canvas } from "../canvas/canvas";
import { Inspector } from "../forms/inspector";
import { Bar } from "./bar";
import { Empty } from "./empty";
import { Graph, type Opening } from "./graph";
import type { MenuAt } from "./menu";
import { Palette } from "./palette";
import { QuickAdd } from "./quick-add";
import { lazy } from "./lazy";
import type { Store } from "./store";
import { itemsFor, type Item } from "./templates";

const CodePane = lazy(() => import("../code/pane").then((part) => part.CodePane));
const LinesDialog = lazy(() => import("./parts").then((parts) => parts.LinesDialog));
const Menu = lazy(() => import("./parts").then((parts) => parts.Menu));
const Problems = lazy(() => import("./parts").then((parts) => parts.Problems));
const Outline = lazy(() => import("./parts").then((parts) => parts.Outline));
const ConflictDialog = lazy(() => import("./parts").then((parts) => parts.ConflictDialog));
const SaveDialog = lazy(() => import("./parts").then((parts) => parts.SaveDialog));
const ConfirmDelete = lazy(() => import("./parts").then((parts) => parts.ConfirmDelete));
const CreateDialog = lazy(() => import("./parts").then((parts) => parts.CreateDialog));
const Help = lazy(() => import("./parts").then((parts) => parts.Help));
const StartDialog = lazy(() => import("./parts").then((parts) => parts.StartDialog));
const Ways = lazy(() => import("./parts").then((parts) => parts.Ways));
const Tester = lazy(() => import("./parts").then((parts) => parts.Tester));

type Open =
  | { readonly kind: "add"; readonly place: Place }
  | { readonly kind: "ways"; readonly choices: readonly { readonly word: string; readonly place: Place }[] }
  | { readonly kind: "delete"; readonly losses: readonly string[] }
  | { readonly kind: "create"; readonly isStarting: boolean }
  | { readonly kind: "start" }
  | { readonly kind: "save" }
  | { readonly kind: "test"; readonly id: string }
  | { readonly kind: "lines"; readonly id: string }
  | { readonly kind: "help" };

export function App({ store }: { readonly store: Store }) {
  const [, redraw] = useReducer((count: number, _: void) => count + 1, 0);
  const [open, setOpen] = useState<Open | null>(null);
  const [menu, setMenu] = useState<MenuAt | null>(null);
  const [hasProblems, showProblems] = useState(false);
  const [pane, setPane] = useState<"palette" | "graph" | "inspector">("graph");
  const [hasOutline, showOutline] = useState(false);
  const canvas = useRef<Canvas | null>(null);
  const inspector = useRef<HTMLElement>(null);
  const items = useRef(itemsFor(store.start.patterns)).current;
  useEffect(() => store.subscribe(() => redraw()), []);

  const remove = (): void => {
    if (store.selection.length === 0) return;
    const losses = lossesOf(store.document.machine, store.selection);
    if (losses.length > 0) setOpen({ kind: "delete", losses });
    else store.apply(deleteStates(store.document.machine, store.selection));
  };
  const add = (item: Item, place: Place | null): void => {
    const last = store.selected.at(-1);
    const scope = store.document.machine.scope;
    const end = scope.states.findLast((state) => placeAfter(state)?.kind === "end" && state.ends);
    const where = place ?? (last ? (placeAfter(last) ?? placeBefore(last)) : end ? placeAfter(end) : null) ?? { kind: "start" as const, scope: "" };
    if (!store.apply(item.add(store.document.machine, where))) return;
    store.naming++;
    setPane("graph");
    redraw();
  };
  const inspect = (): void => {
    setPane("inspector");
    inspector.current?.querySelector<HTMLElement>("input, textarea, select")?.focus();
  };
  const opening: Opening = {
    quickAdd: (place) => setOpen({ kind: "add", place }),
    menu: (at) => setMenu(at),
    ways: (choices) => setOpen({ kind: "ways", choices }),
    rename: () => {
      store.naming++;
      setPane("inspector");
      redraw();
    },
    inspect,
    remove,
    help: () => setOpen({ kind: "help" }),
    lines: (id) => setOpen({ kind: "lines", id }),
  };
  const show = (id: string): void => {
    if (store.mode === "code") store.setMode("both");
    store.select([id]);
    setPane("graph");
    requestAnimationFrame(() => canvas.current?.focus(id));
  };
  const tested = open?.kind === "test" ? store.document.machine.states.get(open.id) : undefined;
  const led = open?.kind === "lines" ? store.document.machine.states.get(open.id) : undefined;
  const test = (): void => {
    const first = canvas.current?.hasFocus() ? canvas.current.focusStop : store.selection[0];
    if (first === undefined || first === null) store.apply({ refused: "Select a state to test it." });
    else setOpen({ kind: "test", id: first });
  };
  const save = (): void => {
    setOpen(store.machine ? { kind: "save" } : { kind: "create", isStarting: false });
  };
  const keepDraft = (): void => {
    if (store.machine) void store.drafts.send();
    else save();
  };
  const start = (): void => setOpen(store.machine ? { kind: "start" } : { kind: "create", isStarting: true });
  useShortcuts(store, { save, keepDraft, show, test });

  const isEmpty = store.document.machine.states.size === 0 && store.mode === "design" && !store.broken;
  const close = (): void => setOpen(null);
  return (
    <div class={`designer-frame mode-${store.mode} pane-${pane}`}>
      <Bar store={store} onTest={test} hasOutline={hasOutline} onOutline={() => showOutline(!hasOutline)} onSave={save} onStart={start} onHelp={() => setOpen({ kind: "help" })} onProblems={() => showProblems(!hasProblems)} hasProblems={hasProblems} />
      {store.notice ? (
        <div class={`designer-notice ${store.notice.isBad ? "tone-failed" : "tone-running"}`} role="status">
          <p>{store.notice.words}</p>
          <button type="button" class="quiet" onClick={() => store.dismiss()}>Dismiss</button>
        </div>
      ) : null}
      <div class="pane-tabs" role="group" aria-label="Part of the designer">
        {([["palette", "Add"], ["graph", "Graph"], ["inspector", "Fields"]] as const).map(([each, words]) => (
          <button key={each} type="button" aria-pressed={pane === each} onClick={() => setPane(each)}>{words}</button>
        ))}
      </div>
      <div class="designer-body">
        {store.mode === "code" ? null : hasOutline ? <Outline store={store} onShow={show} /> : <Palette items={items} canvas={() => canvas.current} add={add} />}
        {store.mode === "code" ? null : (
          <div class="stage">
            <Graph store={store} opening={opening} onReady={(made) => (canvas.current = made)} />
            {isEmpty ? <Empty store={store} onAdd={() => setOpen({ kind: "add", place: { kind: "start", scope: "" } })} /> : null}
          </div>
        )}
        {store.mode === "design" ? null : <CodePane store={store} />}
        {store.mode === "code" ? null : (
          <aside class="inspector" aria-label="Fields" ref={inspector}>
            <Inspector store={store} onDelete={remove} />
          </aside>
        )}
      </div>
      {hasProblems ? <Problems store={store} onClose={() => showProblems(false)} onShow={show} /> : null}
      {menu ? <Menu store={store} at={menu} opening={opening} onClose={() => setMenu(null)} /> : null}
      {open?.kind === "add" ? (
        <QuickAdd
          items={items}
          onClose={close}
          onAdd={(item) => {
            close();
            add(item, open.place);
          }}
        />
      ) : null}
      {open?.kind === "ways" ? (
        <Ways
          choices={open.choices}
          onClose={close}
          onChoose={(place) => {
            close();
            store.apply(moveStates(store.document.machine, store.selection, place));
          }}
        />
      ) : null}
      {open?.kind === "delete" ? (
        <ConfirmDelete
          losses={open.losses}
          onClose={close}
          onYes={() => {
            close();
            store.apply(deleteStates(store.document.machine, store.selection));
          }}
        />
      ) : null}
      {open?.kind === "create" ? <CreateDialog store={store} onClose={close} onDone={() => setOpen(open.isStarting ? { kind: "start" } : null)} /> : null}
      {open?.kind === "start" ? <StartDialog store={store} onClose={close} /> : null}
      {open?.kind === "help" ? <Help onClose={close} /> : null}
      {led ? <LinesDialog store={store} state={led} onClose={close} /> : null}
      {tested ? (
        <Tester
          key={tested.id}
          store={store}
          state={tested}
          onClose={close}
          onShow={(id) => {
            close();
            show(id);
          }}
        />
      ) : null}
      {open?.kind === "save" ? <SaveDialog store={store} onClose={close} /> : null}
      {store.conflict ? <ConflictDialog store={store} conflict={store.conflict} /> : null}
    </div>
  );
}

/** Keys that hold wherever focus is. */
function useShortcuts(store: Store, actions: { readonly save: () => void; readonly keepDraft: () => void; readonly show: (id: string) => void; readonly test: () => void }): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    let isGoing = false;
    let at = -1;
    const onKey = (event: KeyboardEvent): void => {
      const key = event.key.toLowerCase();
      if (document.querySelector("dialog[open]")) return;
      if ((event.ctrlKey || event.metaKey) && !event.altKey) {
        // A field undoes its own typing first.
        if (key === "z" && !isTyping(event.target)) {
          event.preventDefault();
          if (event.shiftKey) store.redo();
          else store.undo();
        } else if (key === "y" && !isTyping(event.target)) {
          event.preventDefault();
          store.redo();
        } else if (key === "s") {
          event.preventDefault();
          if (document.activeElement instanceof HTMLElement) document.activeElement.dispatchEvent(new Event("blur"));
          if (event.shiftKey) latest.current.save();
          else latest.current.keepDraft();
        }
        return;
      }
      if (isTyping(event.target) || event.altKey) return;
      if (isGoing) {
        isGoing = false;
        const mode = ({ d: "design", c: "code", b: "both" } as const)[key];
        if (mode) {
          event.preventDefault();
          store.setMode(mode);
        }
        return;
      }
      if (key === "g") isGoing = true;
      if (key === "t") {
        event.preventDefault();
        latest.current.test();
      }
      if (key === "n") {
        const places = store.problems.flatMap((problem) => store.stateOf(problem)?.id ?? []);
        if (places.length === 0) return;
        at = (at + (event.shiftKey ? -1 : 1) + places.length) % places.length;
        const id = places[at];
        if (id !== undefined) latest.current.show(id);
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
