// Pressing, dragging and pinching on the canvas: tells a click from a drag, and ends what Escape calls off.
// What a gesture does is the canvas's to say.

export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** What dragging does, from where it was begun. */
export interface Gesture {
  move(at: PointerEvent, start: Spot, last: Spot): void;
  drop?(start: Spot, last: Spot): void;
  /** Escape, or the browser, called it off. */
  cancel?(): void;
}

export interface Hand {
  /** A button or finger goes down: what a drag from here does, and what a click. */
  begin(event: PointerEvent): { readonly gesture: Gesture; click(): void };
  /** Two fingers moved. */
  pinch(before: readonly [Spot, Spot], now: readonly [Spot, Spot]): void;
}

const DRAG_START = 4;

export function listenToPointers(surface: SVGSVGElement, hand: Hand): void {
  const pointers = new Map<number, Spot>();
  const forget = (event: PointerEvent): void => void pointers.delete(event.pointerId);
  surface.addEventListener("pointerup", forget);
  surface.addEventListener("pointercancel", forget);

  surface.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (pointers.size !== 1) return;
    const start = { x: event.clientX, y: event.clientY };
    const { gesture, click } = hand.begin(event);
    let last: Spot = start;
    let isDrag = false;
    let isCancelled = false;

    const onMove = (move: PointerEvent): void => {
      const known = pointers.get(move.pointerId);
      if (!known || isCancelled) return;
      const here = { x: move.clientX, y: move.clientY };
      if (pointers.size === 2) {
        const before = [...pointers.values()];
        pointers.set(move.pointerId, here);
        const now = [...pointers.values()];
        if (before[0] && before[1] && now[0] && now[1]) hand.pinch([before[0], before[1]], [now[0], now[1]]);
        last = here;
        return;
      }
      pointers.set(move.pointerId, here);
      if (!isDrag && Math.hypot(here.x - start.x, here.y - start.y) < DRAG_START) return;
      if (!isDrag) {
        isDrag = true;
        surface.setPointerCapture(event.pointerId);
      }
      gesture.move(move, start, last);
      last = here;
    };
    const onEnd = (end: PointerEvent): void => {
      if (end.pointerId !== event.pointerId) return;
      surface.removeEventListener("pointermove", onMove);
      surface.removeEventListener("pointerup", onEnd);
      surface.removeEventListener("pointercancel", onEnd);
      removeEventListener("keydown", onKey, true);
      if (isCancelled) return;
      if (end.type === "pointercancel") gesture.cancel?.();
      else if (isDrag) gesture.drop?.(start, last);
      else click();
    };
    const onKey = (key: KeyboardEvent): void => {
      if (key.key !== "Escape" || !isDrag || isCancelled) return;
      key.stopPropagation();
      isCancelled = true;
      gesture.cancel?.();
    };
    surface.addEventListener("pointermove", onMove);
    surface.addEventListener("pointerup", onEnd);
    surface.addEventListener("pointercancel", onEnd);
    addEventListener("keydown", onKey, true);
  });
}
