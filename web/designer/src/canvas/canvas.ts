// The graph on the screen: what is drawn of a picture, how it is moved and zoomed, what is selected.
// It knows no edits: it tells what the user wants, and shows what it is given.

import type { Place } from "../asl/edit/place";
import type { Box, Card, Line, Picture, Point } from "../layout/types";
import { cardSignature, drawCard, drawFar, drawFrame, drawLine, drawStrip, markers, updateCard, type CardLook } from "./draw";
import { nearest, targetsOf, type Target } from "./drop";
import { boxAround, boxOfLine, contains, distance } from "./geometry";
import { cardUnder, drawGrip, drawPulled, gripsOf, headAt, type Grip } from "./heads";
import { Marks } from "./marks";
import { Minimap } from "./minimap";
import { listenToPointers, type Gesture, type Spot } from "./pointer";
import type { Shown, Wishes } from "./shown";
import { assign, fill, svg } from "./svg";
import { fitting, NAMES_ONLY, opening, revealing, touches, visibleBox, zoomedAt, type View } from "./view";
import { orderOf, step, type Direction } from "./walk";

/** Cards beyond so many screens are not in the page; where they stand close, beyond fewer. */
const DRAWN_SCREENS = [1.6, 1.4, 1.25, 1.1] as const;
/** Elements for a card, its line and what is on them: with all that it says, and with its name alone. */
const ELEMENTS_FULL = 9;
const ELEMENTS_NAMES = 4;
/** So many elements are drawn in a window of so many square pixels; more would be slow, and too small to read. */
const ELEMENTS_MAX = 700;
const ELEMENTS_PER_PIXEL = ELEMENTS_MAX / (920 * 830);
const DROP_REACH = 40;
const GLIDE_MS = 160;

export class Canvas {
  private shown: Shown | null = null;
  private view: View = { x: 0, y: 0, k: 1 };
  private width = 0;
  private height = 0;
  private isOpened = false;
  private stop: string | null = null;
  private targets: readonly Target[] = [];
  private target: Target | null = null;
  private drawnBox: Box | null = null;
  private drawnMode = "";
  private drawnScale = 1;
  private frame = 0;

  private readonly surface: SVGSVGElement;
  private readonly world = svg("g", { class: "world" });
  private readonly grounds = svg("g", { "aria-hidden": "true" });
  private readonly lines = svg("g", { class: "lines", "aria-hidden": "true" });
  private readonly marks = new Marks();
  /** What is drawn over all: grips, the line that is pulled, the box of a selection. */
  private readonly over = svg("g", { "aria-hidden": "true" });
  private grips: readonly Grip[] = [];
  private readonly tree: SVGGElement;
  private lineElements = new Map<Line, { readonly element: SVGElement; readonly isTaken: boolean | null; readonly hasLabels: boolean }>();
  private readonly cardElements = new Map<string, { element: SVGGElement; signature: string }>();
  private readonly minimap: Minimap;
  private readonly resized: ResizeObserver;

  constructor(
    private readonly host: HTMLElement,
    private readonly wishes: Wishes,
    label: string,
  ) {
    this.tree = svg("g", { class: "cards", role: "tree", "aria-label": label, "aria-multiselectable": wishes.move ? "true" : null });
    this.surface = svg("svg", { class: "graph-surface" }, markers(), this.world);
    this.world.append(this.grounds, this.lines, this.tree, this.marks.element, this.over);
    this.minimap = new Minimap((x, y) => this.centreOn(x, y));
    host.classList.add("graph");
    host.append(this.surface, this.minimap.element);
    this.listen();
    this.resized = new ResizeObserver(() => this.measure());
    this.resized.observe(host);
  }

  destroy(): void {
    this.resized.disconnect();
    cancelAnimationFrame(this.frame);
    this.surface.remove();
    this.minimap.element.remove();
  }

  /** Shows a picture. `keep` is a state that stays where it is on the screen. */
  show(shown: Shown, keep: string | null = null): void {
    const before = keep === null ? undefined : this.cardOf(keep);
    const isEdit = this.shown !== null && this.shown.picture !== shown.picture;
    if (this.shown?.picture !== shown.picture) {
      this.targets = this.wishes.add || this.wishes.move ? targetsOf(shown.picture) : [];
      this.target = null;
    }
    this.shown = shown;
    this.grips = this.wishes.lead ? gripsOf(shown.picture, shown.selection) : [];
    const after = keep === null ? undefined : this.cardOf(keep);
    if (before && after) {
      const { x, y, k } = this.view;
      this.view = { k, x: x + (before.x + before.w / 2 - after.x - after.w / 2) * k, y: y + (before.y - after.y) * k };
    }
    if (!this.isOpened && this.width > 0) this.openView();
    if (isEdit) this.glide();
    this.drawnBox = null;
    this.redraw();
  }

  /** Brings a state into sight, moving as little as that takes. */
  reveal(id: string): void {
    const card = this.cardOf(id);
    if (!card || this.width === 0) return;
    const box = card.isFrame ? { ...card, h: 60 } : card;
    this.setView(revealing(this.view, box, this.width, this.height));
  }

  focus(id: string): void {
    this.stop = id;
    this.reveal(id);
    this.redraw();
    this.cardElements.get(id)?.element.focus({ preventScroll: true });
  }

  hasFocus(): boolean {
    return this.tree.contains(document.activeElement);
  }

  fit(ids: readonly string[] = []): void {
    const picture = this.shown?.picture;
    if (!picture) return;
    const cards = picture.cards.filter(({ id }) => ids.includes(id));
    const box = cards.length > 0 ? boxAround(cards) : { x: 0, y: 0, w: picture.w, h: picture.h };
    this.setView(fitting(box, this.width, this.height, 40, cards.length > 0 ? 1.2 : 1));
  }

  zoom(factor: number): void {
    this.setView(zoomedAt(this.view, this.view.k * factor, this.width / 2, this.height / 2));
  }

  zoomTo(k: number): void {
    this.setView(zoomedAt(this.view, k, this.width / 2, this.height / 2));
  }

  get scale(): number {
    return this.view.k;
  }

  /** Something is dragged over the canvas: lights the place where it would go, and gives it. */
  dragOver(clientX: number, clientY: number): Place | null {
    const picture = this.shown?.picture;
    const area = this.surface.getBoundingClientRect();
    const isInside = clientX >= area.left && clientX <= area.right && clientY >= area.top && clientY <= area.bottom;
    const point = this.pointAt(clientX, clientY);
    this.host.classList.add("is-dragging");
    this.mean(picture && isInside ? nearest(this.targets, point, DROP_REACH / this.view.k) : null);
    return this.target?.place ?? null;
  }

  dragEnd(): void {
    this.host.classList.remove("is-dragging");
    this.mean(null);
  }

  /** What would be under the words "drop it …". */
  get targetWords(): string {
    return this.target?.words ?? "";
  }

  /** Where a state is on the screen, for what opens beside it. */
  placeOf(id: string): { x: number; y: number } | null {
    const card = this.cardOf(id);
    if (!card) return null;
    const area = this.surface.getBoundingClientRect();
    return { x: area.left + this.view.x + (card.x + card.w / 2) * this.view.k, y: area.top + this.view.y + (card.y + card.h) * this.view.k };
  }

  // Drawing

  private cardOf(id: string): Card | undefined {
    return this.shown?.picture.cards.find((card) => card.id === id);
  }

  private measure(): void {
    const { width, height } = this.host.getBoundingClientRect();
    if (width === this.width && height === this.height) return;
    // What was in the middle stays in the middle.
    if (this.isOpened && this.width > 0 && width > 0) this.view = { ...this.view, x: this.view.x + (width - this.width) / 2 };
    this.width = width;
    this.height = height;
    if (!this.isOpened && this.shown && width > 0) this.openView();
    this.drawnBox = null;
    this.redraw();
  }

  private openView(): void {
    const picture = this.shown?.picture;
    if (!picture) return;
    this.isOpened = true;
    const root = picture.strips.at(-1);
    this.view = opening({ x: 0, y: 0, w: picture.w, h: picture.h }, root?.entry[0] ?? picture.w / 2, this.width, this.height);
  }

  private setView(view: View): void {
    this.view = view;
    // Once a frame, however many events there are in it.
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.redraw());
  }

  private glide(): void {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.host.classList.add("is-gliding");
    setTimeout(() => this.host.classList.remove("is-gliding"), GLIDE_MS + 20);
  }

  private redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { x, y, k } = this.view;
    this.world.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);
    // Not by a property of our own: every card would inherit it, and be styled anew.
    this.host.style.backgroundPosition = `${x}px ${y}px`;
    if (!this.shown || this.width === 0) return;
    const sight = visibleBox(this.view, this.width, this.height, 1);
    const isCovered = this.drawnBox && contains(this.drawnBox, sight);
    // What is far from the size that it was drawn for is drawn anew, though it covers the window.
    const isOtherSize = k < this.drawnScale / 1.3 || k > this.drawnScale * 1.3 || k < NAMES_ONLY !== this.drawnScale < NAMES_ONLY;
    if (!isCovered || isOtherSize) {
      const { box, mode } = this.modeFor(this.shown.picture);
      this.drawnBox = box;
      this.drawnScale = k;
      this.drawnMode = mode;
      this.drawAll(box, mode);
    }
    this.minimap.show(this.shown.picture, sight);
  }

  /** How much of each card is drawn (all, its name, or its colour), and how far around the window. */
  private modeFor({ cards }: Picture): { box: Box; mode: "full" | "names" | "shapes" } {
    const most = Math.max(ELEMENTS_MAX, this.width * this.height * ELEMENTS_PER_PIXEL);
    const modes = this.view.k < NAMES_ONLY ? (["names"] as const) : (["full", "names"] as const);
    for (const mode of modes) {
      for (const screens of DRAWN_SCREENS) {
        const box = visibleBox(this.view, this.width, this.height, screens);
        const count = cards.reduce((sum, card) => sum + (touches(card, box) ? 1 : 0), 0);
        if (count * (mode === "full" ? ELEMENTS_FULL : ELEMENTS_NAMES) <= most) return { box, mode };
      }
    }
    return { box: visibleBox(this.view, this.width, this.height, 1), mode: "shapes" };
  }

  private drawAll(box: Box, mode: string): void {
    const shown = this.shown;
    if (!shown) return;
    const { picture } = shown;
    if (mode === "shapes") return this.drawShapes(shown);
    const strips = picture.strips.filter((strip) => touches(strip, box));
    const root = picture.strips.at(-1);
    const frames = picture.cards.filter((card) => card.isFrame && touches(card, box)).sort((one, other) => one.depth - other.depth);
    const grounds: SVGElement[] = [];
    const depths = Math.max(0, ...frames.map(({ depth }) => depth + 1));
    for (let depth = 0; depth <= depths; depth++) {
      for (const strip of strips) if (strip.scope.depth === depth) grounds.push(drawStrip(strip, strip === root));
      for (const frame of frames) if (frame.depth === depth) grounds.push(drawFrame(frame));
    }
    this.grounds.replaceChildren(...grounds);
    const lines = picture.lines.filter((line) => touches(boxOfLine(line.points), box));
    this.drawLines(shown, lines, mode === "full");
    this.drawCards(shown, picture.cards.filter((card) => touches(card, box) || card.id === this.stop), mode === "names");
    this.light(shown.selection);
    this.drawMarks();
  }

  /** Lines that were drawn for this picture in this way are drawn no second time. */
  private drawLines({ taken }: Shown, lines: readonly Line[], hasLabels: boolean): void {
    const known = this.lineElements;
    this.lineElements = new Map();
    for (const line of lines) {
      const isTaken = taken ? taken.has(line.id) : null;
      const before = known.get(line);
      const isSame = before?.isTaken === isTaken && before.hasLabels === hasLabels;
      this.lineElements.set(line, isSame ? before : { element: drawLine(line, isTaken, hasLabels), isTaken, hasLabels });
    }
    fill(this.lines, [...this.lineElements.values()].map(({ element }) => element));
  }

  /** Lights the lines of some states. */
  private light(ids: readonly string[]): void {
    const lit = new Set(ids);
    for (const element of this.lines.children) {
      element.classList.toggle("is-lit", lit.has(element.getAttribute("data-from") ?? "") || lit.has(element.getAttribute("data-to") ?? ""));
    }
  }

  private drawCards(shown: Shown, cards: readonly Card[], isSmall: boolean): void {
    const stop = this.stopOf(shown);
    const wanted = new Set(cards.map(({ id }) => id));
    for (const [id, { element }] of this.cardElements) {
      if (wanted.has(id)) continue;
      // What has focus stays in the page until focus is elsewhere.
      element.remove();
      this.cardElements.delete(id);
    }
    const elements: SVGGElement[] = [];
    for (const card of [...cards].sort((one, other) => one.depth - other.depth)) {
      const look: CardLook = {
        isSelected: shown.selection.includes(card.id),
        isFocusStop: card.id === stop,
        status: shown.statuses ? (shown.statuses.get(card.id) ?? { status: "not-run", visits: 0 }) : (shown.marks?.get(card.id) ?? null),
        problems: shown.problems?.get(card.id) ?? null,
        isSmall,
        position: { level: card.depth + 1, size: card.state.scope.states.length, index: orderOf(card.state) },
        isEditable: this.wishes.move !== undefined,
      };
      const signature = cardSignature(card, look);
      let known = this.cardElements.get(card.id);
      if (known?.signature !== signature) {
        const hadFocus = known?.element === document.activeElement;
        const element = drawCard(card, look);
        known?.element.replaceWith(element);
        known = { element, signature };
        this.cardElements.set(card.id, known);
        updateCard(element, card, look);
        if (hadFocus) element.focus({ preventScroll: true });
      } else {
        updateCard(known.element, card, look);
      }
      elements.push(known.element);
    }
    fill(this.tree, elements);
  }

  /** So many cards that each is a mark of its colour: one shape for each type. The outline names them. */
  private drawShapes({ picture }: Shown): void {
    const { grounds, lines } = drawFar(picture);
    this.grounds.replaceChildren(...grounds);
    this.lines.replaceChildren(...lines);
    const stop = this.shown ? this.stopOf(this.shown) : null;
    if (this.shown) this.drawCards(this.shown, picture.cards.filter(({ id }) => id === stop), true);
    this.drawMarks();
  }

  private stopOf({ picture, selection }: Shown): string | null {
    const isThere = (id: string | null | undefined): boolean => id !== null && id !== undefined && picture.cards.some((card) => card.id === id);
    if (isThere(this.stop)) return this.stop;
    const first = selection.find(isThere) ?? picture.strips.at(-1)?.scope.states.find(({ name, scope }) => name === scope.start)?.id ?? picture.cards[0]?.id ?? null;
    this.stop = first;
    return first;
  }

  /** The + of places, and the mark where what is dragged would go. */
  private drawMarks(): void {
    const box = this.drawnMode === "full" ? this.drawnBox : null;
    this.marks.show(this.targets, box);
    this.drawMeant();
    this.over.replaceChildren(...(box ? this.grips.filter(({ at: [x, y] }) => touches({ x: x - 6, y: y - 6, w: 12, h: 12 }, box)).map(drawGrip) : []));
  }

  private mean(target: Target | null): void {
    if (target === this.target) return;
    this.target = target;
    this.drawMeant();
  }

  private drawMeant(): void {
    const { target } = this;
    this.marks.mean(target, this.host.classList.contains("is-dragging"));
    this.host.classList.toggle("is-on-mark", target !== null);
    for (const element of this.lines.querySelectorAll(".is-target")) element.classList.remove("is-target");
    if (target?.line) this.lines.querySelector(`[data-line="${CSS.escape(target.line)}"]`)?.classList.add("is-target");
  }

  // Input

  private pointAt(clientX: number, clientY: number): Point {
    const { left, top } = this.surface.getBoundingClientRect();
    return [(clientX - left - this.view.x) / this.view.k, (clientY - top - this.view.y) / this.view.k];
  }

  private centreOn(x: number, y: number): void {
    this.setView({ k: this.view.k, x: this.width / 2 - x * this.view.k, y: this.height / 2 - y * this.view.k });
  }

  panBy(dx: number, dy: number): void {
    this.setView({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
  }

  private listen(): void {
    this.surface.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    listenToPointers(this.surface, { begin: (event) => this.begin(event), pinch: (before, now) => this.pinch(before, now) });
    this.surface.addEventListener("pointermove", (event) => {
      if (event.buttons !== 0 || this.host.classList.contains("is-dragging")) return;
      this.mean(this.markUnder(event));
    });
    this.surface.addEventListener("pointerleave", () => this.host.classList.contains("is-dragging") || this.mean(null));
    this.surface.addEventListener("dblclick", (event) => {
      const id = idOf(event.target);
      if (id !== null && !isToggle(event.target)) this.wishes.open?.(id);
    });
    this.surface.addEventListener("contextmenu", (event) => {
      const id = idOf(event.target);
      if (id === null || !this.wishes.menu) return;
      event.preventDefault();
      this.wishes.menu(id, { x: event.clientX, y: event.clientY });
    });
    this.tree.addEventListener("pointerover", (event) => {
      const id = idOf(event.target);
      const selection = this.shown?.selection ?? [];
      this.light(id === null ? selection : [...selection, id]);
    });
    this.tree.addEventListener("pointerleave", () => this.light(this.shown?.selection ?? []));
    this.tree.addEventListener("focusin", (event) => {
      const id = idOf(event.target);
      if (id === null || id === this.stop) return;
      this.stop = id;
      this.reveal(id);
    });
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      const { left, top } = this.surface.getBoundingClientRect();
      const factor = Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 180);
      this.setView(zoomedAt(this.view, this.view.k * factor, event.clientX - left, event.clientY - top));
      return;
    }
    const unit = event.deltaMode === 1 ? 16 : 1;
    const [dx, dy] = event.shiftKey && event.deltaX === 0 ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
    this.panBy(-dx * unit, -dy * unit);
  }

  /** What a drag from here does, and what a click. */
  private begin(event: PointerEvent): { gesture: Gesture; click: () => void } {
    const point = this.pointAt(event.clientX, event.clientY);
    const id = idOf(event.target);
    const mark = this.markUnder(event);
    const isEditable = event.button === 0 && this.shown !== null;
    const head = isEditable && this.wishes.lead && this.shown && this.drawnMode === "full" ? headAt(this.shown.picture, this.grips, point, this.view.k) : null;
    const isHead = head !== null && (!mark || distance(head.points.at(-1) ?? mark.at, point) < distance(mark.at, point));
    const gesture = isHead
      ? this.pulling(head)
      : id !== null && isEditable && this.wishes.move && event.pointerType !== "touch"
        ? this.carrying(this.shown?.selection.includes(id) ? this.shown.selection : [id])
        : event.shiftKey && id === null && this.wishes.move
          ? this.boxing()
          : { move: (move: PointerEvent, _: Spot, last: Spot) => this.panBy(move.clientX - last.x, move.clientY - last.y) };
    return { gesture, click: () => this.click(event, id, mark) };
  }

  private markUnder(event: PointerEvent): Target | null {
    if (!this.wishes.add) return null;
    return this.marks.under(this.pointAt(event.clientX, event.clientY), this.view.k, idOf(event.target) !== null);
  }

  /** Dragging cards to another place. */
  private carrying(ids: readonly string[]): Gesture {
    return {
      move: (move, start) => this.dragCards(ids, move.clientX - start.x, move.clientY - start.y, move),
      drop: () => this.dropCards(this.target?.place ?? null, ids),
      cancel: () => this.dropCards(null, []),
    };
  }

  /** Dragging the head of a line to another state. */
  private pulling(line: Line): Gesture {
    let over: Card | null = null;
    const end = (): void => {
      this.host.classList.remove("is-pulling");
      this.drawMarks();
    };
    return {
      move: (move) => {
        const point = this.pointAt(move.clientX, move.clientY);
        over = this.shown ? cardUnder(this.shown.picture, point) : null;
        this.host.classList.add("is-pulling");
        this.over.replaceChildren(...drawPulled(line, point, over));
      },
      drop: () => {
        end();
        if (over && over.id !== line.to) this.wishes.lead?.(line.from, line.path, over.id);
      },
      cancel: end,
    };
  }

  /** Drawing a box around what is to be selected. */
  private boxing(): Gesture {
    return {
      move: (move, start) => this.drawBox(start, { x: move.clientX, y: move.clientY }),
      drop: (start, last) => this.selectBox(start, last),
      cancel: () => this.drawMarks(),
    };
  }

  private click(event: PointerEvent, id: string | null, mark: Target | null): void {
    if (mark) return this.wishes.add?.(mark.place, { x: event.clientX, y: event.clientY });
    if (id !== null && isToggle(event.target)) return this.wishes.toggle?.(id);
    const selection = this.shown?.selection ?? [];
    if (id === null) {
      if (selection.length > 0) this.wishes.select?.([]);
      return;
    }
    const isMany = (event.shiftKey || event.ctrlKey || event.metaKey) && this.wishes.move !== undefined;
    this.stop = id;
    this.wishes.select?.(isMany ? (selection.includes(id) ? selection.filter((each) => each !== id) : [...selection, id]) : [id]);
    this.cardElements.get(id)?.element.focus({ preventScroll: true });
  }

  private pinch([one, other]: readonly [Spot, Spot], [first, second]: readonly [Spot, Spot]): void {
    const before = Math.hypot(one.x - other.x, one.y - other.y);
    const now = Math.hypot(first.x - second.x, first.y - second.y);
    const { left, top } = this.surface.getBoundingClientRect();
    const middle = { x: (first.x + second.x) / 2, y: (first.y + second.y) / 2 };
    const was = { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
    const zoomed = zoomedAt(this.view, this.view.k * (before > 0 ? now / before : 1), middle.x - left, middle.y - top);
    this.setView({ ...zoomed, x: zoomed.x + middle.x - was.x, y: zoomed.y + middle.y - was.y });
  }

  private dragCards(ids: readonly string[], dx: number, dy: number, move: PointerEvent): void {
    for (const id of ids) {
      const element = this.cardElements.get(id)?.element;
      const card = this.cardOf(id);
      if (!element || !card) continue;
      element.classList.add("is-dragged");
      element.style.transform = `translate(${card.x + dx / this.view.k}px, ${card.y + dy / this.view.k}px)`;
    }
    this.dragOver(move.clientX, move.clientY);
  }

  private dropCards(place: Place | null, ids: readonly string[]): void {
    this.dragEnd();
    for (const { element } of this.cardElements.values()) element.classList.remove("is-dragged");
    this.drawnBox = null;
    this.redraw();
    if (place && ids.length > 0) this.wishes.move?.(ids, place);
  }

  private drawBox(from: { x: number; y: number }, to: { x: number; y: number }): void {
    const [one, other] = [this.pointAt(from.x, from.y), this.pointAt(to.x, to.y)];
    let box = this.over.querySelector(".box");
    if (!box) {
      box = svg("rect", { class: "box" });
      this.over.append(box);
    }
    assign(box, { x: Math.min(one[0], other[0]), y: Math.min(one[1], other[1]), width: Math.abs(one[0] - other[0]), height: Math.abs(one[1] - other[1]) });
  }

  private selectBox(from: { x: number; y: number }, to: { x: number; y: number }): void {
    this.over.querySelector(".box")?.remove();
    const [one, other] = [this.pointAt(from.x, from.y), this.pointAt(to.x, to.y)];
    const box = { x: Math.min(one[0], other[0]), y: Math.min(one[1], other[1]), w: Math.abs(one[0] - other[0]), h: Math.abs(one[1] - other[1]) };
    const inside = (this.shown?.picture.cards ?? []).filter((card) => touches(card, box) && !(card.isFrame && contains(card, box)));
    this.wishes.select?.(inside.map(({ id }) => id));
  }

  /** Goes to another state by key; whether there was one. */
  walk(direction: Direction, isExtending = false): boolean {
    const shown = this.shown;
    const from = shown ? this.stopOf(shown) : null;
    const to = shown && from !== null ? step(shown.picture, from, direction) : null;
    if (!shown || from === null || to === null || to === from) return false;
    this.stop = to;
    this.wishes.select?.(isExtending ? [...new Set([...shown.selection, from, to])] : [to]);
    this.focus(to);
    return true;
  }

  /** The state that keys go out from. */
  get focusStop(): string | null {
    return this.shown ? this.stopOf(this.shown) : null;
  }
}

function idOf(target: EventTarget | null): string | null {
  return target instanceof Element ? (target.closest("[data-id]")?.getAttribute("data-id") ?? null) : null;
}

function isToggle(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("[data-toggle]") !== null;
}
