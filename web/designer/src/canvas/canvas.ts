// The graph on the screen: what is drawn of a picture, how it is moved and zoomed, what is selected.
// It knows no edits: it tells what the user wants, and shows what it is given.

import type { Place } from "../asl/edit/place";
import { flowOf, type Machine, type Scope } from "../asl/machine";
import type { Box, Card, Picture, Point } from "../layout/types";
import { cardSignature, drawCard, drawFrame, drawLine, drawStrip, lineKind, markers, updateCard, type CardLook } from "./draw";
import { nearest, targetsOf, type Target } from "./drop";
import { Minimap } from "./minimap";
import type { StateStatus } from "./status";
import { assign, boxPath, roundedPath, svg } from "./svg";
import { fitting, NAMES_ONLY, opening, revealing, touches, visibleBox, zoomedAt, type View } from "./view";
import { step, type Direction } from "./walk";

/** What the canvas tells. Each is left out where nothing comes of it. */
export interface Wishes {
  select?(ids: readonly string[]): void;
  /** Enter or a double click on a state. */
  open?(id: string): void;
  /** A state dragged to a place. */
  move?(ids: readonly string[], place: Place): void;
  /** The + of a place. */
  add?(place: Place, at: { x: number; y: number }): void;
  menu?(id: string, at: { x: number; y: number }): void;
  toggle?(id: string): void;
}

export interface Shown {
  readonly picture: Picture;
  readonly machine: Machine;
  readonly selection: readonly string[];
  readonly statuses?: ReadonlyMap<string, StateStatus> | undefined;
  /** What is told of some states where there is no run: what differs from another definition. */
  readonly marks?: ReadonlyMap<string, StateStatus> | undefined;
  /** Lines that a run took. */
  readonly taken?: ReadonlySet<string> | undefined;
  readonly problems?: ReadonlyMap<string, { errors: number; warnings: number }> | undefined;
}

/** Cards beyond so many screens are not in the page. */
const DRAWN_SCREENS = 1.6;
/** With more cards than this in sight they are drawn as one shape for each type. */
const CARDS_MAX = 260;
const DRAG_START = 4;
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
  private frame = 0;

  private readonly surface: SVGSVGElement;
  private readonly world = svg("g", { class: "world" });
  private readonly grounds = svg("g", { "aria-hidden": "true" });
  private readonly lines = svg("g", { class: "lines", "aria-hidden": "true" });
  private readonly marks = svg("g", { class: "marks", "aria-hidden": "true" });
  private readonly tree: SVGGElement;
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
    this.world.append(this.grounds, this.lines, this.tree, this.marks);
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
    this.shown = shown;
    this.targets = this.wishes.add || this.wishes.move ? targetsOf(shown.picture) : [];
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
    this.target = picture && isInside ? nearest(this.targets, picture, point, DROP_REACH / this.view.k) : null;
    this.host.classList.add("is-dragging");
    this.drawMarks();
    return this.target?.place ?? null;
  }

  dragEnd(): void {
    this.target = null;
    this.host.classList.remove("is-dragging");
    this.drawMarks();
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
    this.redraw();
  }

  private glide(): void {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.host.classList.add("is-gliding");
    setTimeout(() => this.host.classList.remove("is-gliding"), GLIDE_MS + 20);
  }

  private redraw(): void {
    const { x, y, k } = this.view;
    this.world.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);
    this.host.style.setProperty("--graph-x", `${x}px`);
    this.host.style.setProperty("--graph-y", `${y}px`);
    this.host.style.setProperty("--graph-k", String(k));
    if (!this.shown || this.width === 0) return;
    const sight = visibleBox(this.view, this.width, this.height, 1);
    const isCovered = this.drawnBox && contains(this.drawnBox, sight);
    const mode = this.modeFor(sight);
    if (!isCovered || mode !== this.drawnMode) {
      this.drawnBox = visibleBox(this.view, this.width, this.height, DRAWN_SCREENS);
      this.drawnMode = mode;
      this.drawAll(this.drawnBox, mode);
    }
    this.minimap.show(this.shown.picture, sight);
  }

  private modeFor(sight: Box): string {
    const inSight = this.shown?.picture.cards.filter((card) => touches(card, sight)).length ?? 0;
    if (inSight > CARDS_MAX) return "shapes";
    return this.view.k < NAMES_ONLY ? "names" : "full";
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
    this.lines.replaceChildren(...lines.map((line) => drawLine(line, shown.taken ? shown.taken.has(line.id) : null)));
    this.drawCards(shown, picture.cards.filter((card) => touches(card, box) || card.id === this.stop), mode === "names");
    this.drawMarks();
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
    const positions = new Map<Scope, Map<string, number>>();
    const orderOf = (card: Card): number => {
      const { scope } = card.state;
      let order = positions.get(scope);
      if (!order) {
        order = new Map(flowOf(scope).map((state, at) => [state.id, at + 1]));
        positions.set(scope, order);
      }
      return order.get(card.id) ?? 1;
    };
    const elements: SVGGElement[] = [];
    for (const card of [...cards].sort((one, other) => one.depth - other.depth)) {
      const look: CardLook = {
        isSelected: shown.selection.includes(card.id),
        isFocusStop: card.id === stop,
        status: shown.statuses ? (shown.statuses.get(card.id) ?? { status: "not-run", visits: 0 }) : (shown.marks?.get(card.id) ?? null),
        problems: shown.problems?.get(card.id) ?? null,
        isSmall,
        position: { level: card.depth + 1, size: card.state.scope.states.length, index: orderOf(card) },
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
    elements.forEach((element, at) => {
      if (this.tree.childNodes[at] !== element) this.tree.insertBefore(element, this.tree.childNodes[at] ?? null);
    });
    while (this.tree.childNodes.length > elements.length) this.tree.lastChild?.remove();
  }

  /** So many cards that each is a mark of its colour: one shape for each type. The outline names them. */
  private drawShapes({ picture }: Shown): void {
    const byType = new Map<string, string>();
    for (const card of picture.cards) {
      const kind = `${card.isFrame ? "frame" : "shape"} type-${card.state.type.toLowerCase()}`;
      byType.set(kind, (byType.get(kind) ?? "") + boxPath(card.x, card.y, card.w, card.h));
    }
    const shapes = [...byType].sort(([one], [other]) => (one.startsWith("frame") ? -1 : 0) - (other.startsWith("frame") ? -1 : 0));
    this.grounds.replaceChildren(...shapes.map(([kind, d]) => svg("path", { class: kind, d })));
    const byKind = new Map<string, string>();
    for (const line of picture.lines) byKind.set(lineKind(line), (byKind.get(lineKind(line)) ?? "") + roundedPath(line.points, 0));
    this.lines.replaceChildren(...[...byKind].map(([kind, d]) => svg("g", { class: `link kind-${kind}` }, svg("path", { class: "line", d }))));
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
    const isDragging = this.host.classList.contains("is-dragging");
    const box = this.drawnBox;
    if (this.targets.length === 0 || !box || this.drawnMode !== "full") {
      this.marks.replaceChildren();
      return;
    }
    const inSight = this.targets.filter(({ at: [x, y], room }) => touches({ x: x - 10, y: y - 10, w: 20, h: 20 }, box) || (room !== null && touches(room, box)));
    this.marks.replaceChildren(...inSight.map((target) => this.drawMark(target, isDragging)));
    for (const element of this.lines.children) element.classList.toggle("is-target", element.getAttribute("data-line") === this.target?.line && this.target !== null);
  }

  private drawMark(target: Target, isDragging: boolean): SVGElement {
    const isMeant = target === this.target;
    const group = svg("g", { class: `mark${isMeant ? " is-meant" : ""}${target.room ? " is-room" : ""}${isDragging ? " is-open" : ""}`, "data-mark": this.targets.indexOf(target) });
    const { room, at: [x, y] } = target;
    if (room) group.append(svg("rect", { class: "room", x: room.x + 16, y: room.y + 40, width: room.w - 32, height: Math.max(40, room.h - 56), rx: 10 }));
    group.append(svg("circle", { class: "reach", cx: x, cy: y, r: 15 }), svg("circle", { class: "plus-ground", cx: x, cy: y, r: 10 }), svg("path", { class: "plus", d: `M${x - 4.5} ${y}h9M${x} ${y - 4.5}v9` }));
    if (!isDragging) group.append(svg("title", {}, `Add a state ${target.words}`));
    return group;
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
    this.surface.addEventListener("pointerdown", (event) => this.pointerDown(event));
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
    this.tree.addEventListener("focusin", (event) => {
      const id = idOf(event.target);
      if (id === null || id === this.stop) return;
      this.stop = id;
      this.reveal(id);
    });
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const { left, top } = this.surface.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) {
      const factor = Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 180);
      this.setView(zoomedAt(this.view, this.view.k * factor, event.clientX - left, event.clientY - top));
      return;
    }
    const unit = event.deltaMode === 1 ? 16 : 1;
    const [dx, dy] = event.shiftKey && event.deltaX === 0 ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
    this.panBy(-dx * unit, -dy * unit);
  }

  private readonly pointers = new Map<number, { x: number; y: number }>();

  private pointerDown(event: PointerEvent): void {
    if (event.button > 1) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pointers.size === 2) return;
    const id = idOf(event.target);
    const mark = event.target instanceof Element ? event.target.closest("[data-mark]") : null;
    const start = { x: event.clientX, y: event.clientY };
    let isDrag = false;
    let last = start;
    const isBox = event.shiftKey && id === null && this.wishes.move !== undefined;
    const canMove = id !== null && this.wishes.move !== undefined && event.button === 0 && event.pointerType !== "touch";
    const moved = (id !== null && this.shown?.selection.includes(id) ? this.shown.selection : id === null ? [] : [id]) as readonly string[];
    const onMove = (move: PointerEvent): void => {
      const known = this.pointers.get(move.pointerId);
      if (!known) return;
      if (this.pointers.size === 2) return this.pinch(move);
      this.pointers.set(move.pointerId, { x: move.clientX, y: move.clientY });
      if (!isDrag && Math.hypot(move.clientX - start.x, move.clientY - start.y) < DRAG_START) return;
      if (!isDrag) {
        isDrag = true;
        this.surface.setPointerCapture(event.pointerId);
      }
      if (isBox) this.drawBox(start, { x: move.clientX, y: move.clientY });
      else if (canMove) this.dragCards(moved, move.clientX - start.x, move.clientY - start.y, move);
      else this.panBy(move.clientX - last.x, move.clientY - last.y);
      last = { x: move.clientX, y: move.clientY };
    };
    const onEnd = (end: PointerEvent): void => {
      this.pointers.delete(end.pointerId);
      if (end.pointerId !== event.pointerId) return;
      this.surface.removeEventListener("pointermove", onMove);
      this.surface.removeEventListener("pointerup", onEnd);
      this.surface.removeEventListener("pointercancel", onEnd);
      removeEventListener("keydown", onKey, true);
      if (end.type === "pointercancel" || isCancelled) return this.dropCards(null, []);
      if (isDrag) {
        if (isBox) this.selectBox(start, last);
        else if (canMove) this.dropCards(this.target?.place ?? null, moved);
        return;
      }
      this.click(event, id, mark);
    };
    let isCancelled = false;
    const onKey = (key: KeyboardEvent): void => {
      if (key.key !== "Escape" || !isDrag) return;
      key.stopPropagation();
      isCancelled = true;
      this.dropCards(null, []);
    };
    this.surface.addEventListener("pointermove", onMove);
    this.surface.addEventListener("pointerup", onEnd);
    this.surface.addEventListener("pointercancel", onEnd);
    addEventListener("keydown", onKey, true);
  }

  private click(event: PointerEvent, id: string | null, mark: Element | null): void {
    const target = mark ? this.targets[Number(mark.getAttribute("data-mark"))] : undefined;
    if (target) return this.wishes.add?.(target.place, { x: event.clientX, y: event.clientY });
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

  private pinch(move: PointerEvent): void {
    const [one, other] = [...this.pointers.values()];
    if (!one || !other) return;
    const before = Math.hypot(one.x - other.x, one.y - other.y);
    this.pointers.set(move.pointerId, { x: move.clientX, y: move.clientY });
    const [first, second] = [...this.pointers.values()];
    if (!first || !second) return;
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
    this.marks.querySelector(".box")?.remove();
    if (place && ids.length > 0) this.wishes.move?.(ids, place);
  }

  private drawBox(from: { x: number; y: number }, to: { x: number; y: number }): void {
    const [one, other] = [this.pointAt(from.x, from.y), this.pointAt(to.x, to.y)];
    let box = this.world.querySelector(".box");
    if (!box) {
      box = svg("rect", { class: "box" });
      this.world.append(box);
    }
    assign(box, { x: Math.min(one[0], other[0]), y: Math.min(one[1], other[1]), width: Math.abs(one[0] - other[0]), height: Math.abs(one[1] - other[1]) });
  }

  private selectBox(from: { x: number; y: number }, to: { x: number; y: number }): void {
    this.world.querySelector(".box")?.remove();
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
    if (!shown || to === null || to === from) return false;
    this.stop = to;
    this.wishes.select?.(isExtending ? [...new Set([...shown.selection, to])] : [to]);
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

function contains(outer: Box, inner: Box): boolean {
  return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.w <= outer.x + outer.w && inner.y + inner.h <= outer.y + outer.h;
}

function boxOfLine(points: readonly Point[]): Box {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [x, y] = [Math.min(...xs) - 90, Math.min(...ys) - 12];
  return { x, y, w: Math.max(...xs) + 90 - x, h: Math.max(...ys) + 12 - y };
}

function boxAround(cards: readonly Box[]): Box {
  const x = Math.min(...cards.map((card) => card.x));
  const y = Math.min(...cards.map((card) => card.y));
  return { x, y, w: Math.max(...cards.map((card) => card.x + card.w)) - x, h: Math.max(...cards.map((card) => card.y + card.h)) - y };
}

