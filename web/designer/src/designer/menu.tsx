// The menu of what is selected.

import { useEffect, useRef } from "preact/hooks";
import { moveAlong } from "../asl/edit/move";
import { duplicate } from "../asl/edit/paste";
import { placeAfter, placeBefore } from "../asl/edit/place";
import { unwrap, wrap } from "../asl/edit/wrap";
import { copy, goAlong, pasteHere, type Opening } from "./graph";
import type { Store } from "./store";

export interface MenuAt {
  readonly x: number;
  readonly y: number;
}

interface Entry {
  readonly words: string;
  readonly keys?: string;
  readonly act: () => void;
}

export function Menu({ store, at, opening, onClose }: { readonly store: Store; readonly at: MenuAt; readonly opening: Opening; readonly onClose: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  const { machine } = store.document;
  const [state] = store.selected;
  const isOne = store.selection.length === 1;
  const after = state ? placeAfter(state) : null;
  const before = state ? placeBefore(state) : null;
  const entries: Entry[] = [
    ...(isOne && after ? [{ words: "Add after…", keys: "A", act: () => opening.quickAdd(after) }] : []),
    ...(isOne && before ? [{ words: "Add before…", keys: "Shift A", act: () => opening.quickAdd(before) }] : []),
    ...(isOne ? [{ words: "Rename", keys: "F2", act: () => opening.rename() }] : []),
    ...(isOne && state ? [{ words: "Move later", keys: "Alt ↓", act: () => goAlong(store, state, 1, opening) }, { words: "Move earlier", keys: "Alt ↑", act: () => void store.apply(moveAlong(machine, state.id, -1)) }] : []),
    ...(isOne && state && (state.links.length > 0 || state.ends) && state.type !== "Succeed" && state.type !== "Fail" ? [{ words: "Lead elsewhere…", act: () => opening.lines(state.id) }] : []),
    { words: "Duplicate", keys: "Ctrl D", act: () => void store.apply(duplicate(machine, store.selection)) },
    { words: "Copy", keys: "Ctrl C", act: () => void copy(store) },
    { words: "Paste after", keys: "Ctrl V", act: () => void pasteHere(store) },
    { words: "Wrap in a Parallel", act: () => void store.apply(wrap(machine, store.selection, "Parallel")) },
    { words: "Wrap in a Map", act: () => void store.apply(wrap(machine, store.selection, "Map")) },
    ...(isOne && state && state.branches.length > 0 ? [{ words: "Unwrap", act: () => void store.apply(unwrap(machine, state.id)) }, { words: "Collapse or expand", keys: "Space", act: () => store.toggle(state.id) }] : []),
    { words: "Delete", keys: "Delete", act: () => opening.remove() },
  ];

  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(8, Math.min(at.x, innerWidth - width - 8))}px`;
    element.style.top = `${Math.max(8, Math.min(at.y, innerHeight - height - 8))}px`;
    const before = document.activeElement;
    element.querySelector<HTMLElement>("button")?.focus();
    const onDown = (event: Event): void => {
      if (event.target instanceof Node && !element.contains(event.target)) onClose();
    };
    addEventListener("pointerdown", onDown, true);
    return () => {
      removeEventListener("pointerdown", onDown, true);
      if ((before instanceof HTMLElement || before instanceof SVGElement) && (document.activeElement === document.body || element.contains(document.activeElement))) before.focus();
    };
  }, []);

  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const buttons = [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const here = buttons.findIndex((button) => button === document.activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      onClose();
    } else if (to !== undefined) {
      event.preventDefault();
      buttons[(to + buttons.length) % buttons.length]?.focus();
    }
  };
  return (
    <div class="menu" role="menu" aria-label={state && isOne ? `What to do with ${state.name}` : "What to do with the selection"} ref={list} onKeyDown={onKeyDown}>
      {entries.map(({ words, keys, act }) => (
        <button
          key={words}
          type="button"
          role="menuitem"
          tabIndex={-1}
          onClick={() => {
            onClose();
            act();
          }}
        >
          <span>{words}</span>
          {keys ? <kbd aria-hidden="true">{keys}</kbd> : null}
        </button>
      ))}
    </div>
  );
}
