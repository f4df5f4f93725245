// What can be added: found by words, put by dragging onto a line, by a click behind the selection, or
// by its key.

import { useRef, useState } from "preact/hooks";
import type { Place } from "../asl/edit/place";
import type { Canvas } from "../canvas/canvas";
import { Icon } from "../forms/icon";
import { found, type Item } from "./templates";

interface Props {
  readonly items: readonly Item[];
  readonly canvas: () => Canvas | null;
  /** Adds an item at a place, or behind what is selected. */
  readonly add: (item: Item, place: Place | null) => void;
}

const GROUPS = ["Actions", "Flow", "Patterns"] as const;
const DRAG_START = 5;

export function Palette({ items, canvas, add }: Props) {
  const [query, setQuery] = useState("");
  const shown = found(items, query);
  return (
    <aside class="palette" aria-label="States to add">
      <div class="search-field">
        <Icon name="search" />
        <input class="input" type="search" aria-label="Find a state to add" placeholder="Find" value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
      </div>
      {GROUPS.map((group) => {
        const inside = shown.filter((item) => item.group === group);
        if (inside.length === 0) return null;
        return (
          <section key={group} aria-label={group}>
            <h2>{group}</h2>
            <ul>
              {inside.map((item) => (
                <li key={item.id}>
                  <PaletteItem item={item} canvas={canvas} add={add} />
                </li>
              ))}
            </ul>
          </section>
        );
      })}
      {shown.length === 0 ? <p class="hint">{`Nothing is called “${query}”.`}</p> : null}
    </aside>
  );
}

function PaletteItem({ item, canvas, add }: { readonly item: Item } & Pick<Props, "canvas" | "add">) {
  const wasDragged = useRef(false);
  const onPointerDown = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    const button = event.currentTarget;
    const start = { x: event.clientX, y: event.clientY };
    let ghost: HTMLElement | null = null;
    let place: Place | null = null;
    wasDragged.current = false;
    const onMove = (move: PointerEvent): void => {
      if (!ghost) {
        if (Math.hypot(move.clientX - start.x, move.clientY - start.y) < DRAG_START) return;
        wasDragged.current = true;
        ghost = document.createElement("div");
        ghost.className = "ghost";
        ghost.setAttribute("aria-hidden", "true");
        ghost.append(...button.cloneNode(true).childNodes);
        document.body.append(ghost);
      }
      ghost.style.transform = `translate(${move.clientX + 10}px, ${move.clientY + 10}px)`;
      place = canvas()?.dragOver(move.clientX, move.clientY) ?? null;
    };
    const end = (isDropped: boolean): void => {
      removeEventListener("pointermove", onMove);
      removeEventListener("pointerup", onUp);
      removeEventListener("pointercancel", onCancel);
      removeEventListener("keydown", onKey, true);
      ghost?.remove();
      canvas()?.dragEnd();
      if (isDropped && place) add(item, place);
    };
    const onUp = (): void => end(ghost !== null);
    const onCancel = (): void => end(false);
    const onKey = (key: KeyboardEvent): void => {
      if (key.key === "Escape") end(false);
    };
    addEventListener("pointermove", onMove);
    addEventListener("pointerup", onUp);
    addEventListener("pointercancel", onCancel);
    addEventListener("keydown", onKey, true);
  };
  return (
    <button
      type="button"
      class="palette-item"
      title={`${item.help} Drag it to a line, or click to add it after what is selected.`}
      onPointerDown={onPointerDown}
      onClick={() => {
        if (!wasDragged.current) add(item, null);
        wasDragged.current = false;
      }}
    >
      <span class={`tile ${item.tone}`}>
        <Icon name={item.icon} />
      </span>
      <span class="palette-words">{item.name}</span>
    </button>
  );
}
