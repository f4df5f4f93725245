// Keys on the graph that change nothing in it: going from state to state, zooming.

import type { Canvas } from "./canvas";
import type { Direction } from "./walk";

const WALK: Readonly<Record<string, Direction>> = {
  ArrowDown: "down",
  ArrowUp: "up",
  ArrowLeft: "left",
  ArrowRight: "right",
  Home: "first",
  End: "last",
};

export interface KeyWishes {
  /** Space: collapse or expand. */
  toggle?(): void;
  /** Any other key on a state; whether it meant something. */
  other?(event: KeyboardEvent): boolean;
}

/** Whether the key is meant for a field in which somebody types. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function listenToKeys(host: HTMLElement, canvas: Canvas, wishes: KeyWishes): void {
  host.addEventListener("keydown", (event) => {
    if (isTyping(event.target)) return;
    if (wishes.other?.(event)) {
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isOnState = canvas.hasFocus();
    if (isOnState && press(canvas, event)) event.preventDefault();
    else if (zoomKey(canvas, event.key)) event.preventDefault();
    else if (isOnState && event.key === " " && wishes.toggle) {
      event.preventDefault();
      wishes.toggle();
    }
  });
}

function press(canvas: Canvas, event: KeyboardEvent): boolean {
  if (event.key === "ArrowDown" && event.shiftKey) return canvas.walk("in") || canvas.walk("down", true);
  if (event.key === "ArrowUp" && event.shiftKey) return canvas.walk("up", true);
  const direction = WALK[event.key];
  if (direction) {
    canvas.walk(direction, event.shiftKey);
    return true;
  }
  if (event.key === "Enter") return canvas.walk("in");
  if (event.key === "Escape") return canvas.walk("out");
  return false;
}

function zoomKey(canvas: Canvas, key: string): boolean {
  switch (key) {
    case "+":
    case "=":
      canvas.zoom(1.25);
      return true;
    case "-":
      canvas.zoom(1 / 1.25);
      return true;
    case "0":
      canvas.zoomTo(1);
      return true;
    case "1":
      canvas.fit();
      return true;
    case "2":
      canvas.fit(canvas.focusStop === null ? [] : [canvas.focusStop]);
      return true;
    default:
      return false;
  }
}
