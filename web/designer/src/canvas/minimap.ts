// The whole picture in small, when it is larger than the view; dragging or arrow keys move the view.

import type { Box, Picture } from "../layout/types";
import { assign, boxPath, svg } from "./svg";

const WIDTH = 168;
const HEIGHT = 116;
const STEP = 0.2;

export class Minimap {
  readonly element: SVGSVGElement;
  private readonly frames = svg("path", { class: "mini-frames" });
  private readonly cards = svg("path", { class: "mini-cards" });
  private readonly sight = svg("rect", { class: "mini-sight" });
  private drawn: Picture | null = null;
  private shown: Box = { x: 0, y: 0, w: 1, h: 1 };
  private scale = 1;

  constructor(private readonly go: (x: number, y: number) => void) {
    this.element = svg("svg", { class: "minimap", width: WIDTH, height: HEIGHT, tabindex: 0, role: "application", "aria-label": "Map of the graph; arrow keys move the view", "aria-roledescription": "map", hidden: "" }, this.frames, this.cards, this.sight);
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId);
      this.goTo(event);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) this.goTo(event);
    });
    this.element.addEventListener("keydown", (event) => {
      const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
      if (dx === undefined || dy === undefined || (dx === 0 && dy === 0)) return;
      event.preventDefault();
      event.stopPropagation();
      const { x, y, w, h } = this.shown;
      this.go(x + w / 2 + dx * w * STEP, y + h / 2 + dy * h * STEP);
    });
  }

  show(picture: Picture, sight: Box): void {
    this.shown = sight;
    const isWhole = sight.x <= 1 && sight.y <= 1 && sight.x + sight.w >= picture.w - 1 && sight.y + sight.h >= picture.h - 1;
    assign(this.element, { hidden: isWhole ? "" : null });
    if (isWhole) return;
    if (picture !== this.drawn) {
      this.drawn = picture;
      this.scale = Math.min((WIDTH - 12) / picture.w, (HEIGHT - 12) / picture.h);
      const place = `translate(${(WIDTH - picture.w * this.scale) / 2} ${(HEIGHT - picture.h * this.scale) / 2}) scale(${this.scale})`;
      for (const part of [this.frames, this.cards, this.sight]) part.setAttribute("transform", place);
      const path = (isFrame: boolean): string => picture.cards.filter((card) => card.isFrame === isFrame).map(({ x, y, w, h }) => boxPath(x, y, w, h)).join("");
      this.frames.setAttribute("d", path(true));
      this.cards.setAttribute("d", path(false));
    }
    const x = Math.max(0, sight.x);
    const y = Math.max(0, sight.y);
    assign(this.sight, { x, y, width: Math.max(8, Math.min(picture.w, sight.x + sight.w) - x), height: Math.max(8, Math.min(picture.h, sight.y + sight.h) - y), "stroke-width": 1.5 / this.scale });
  }

  private goTo(event: PointerEvent): void {
    if (!this.drawn) return;
    const { left, top } = this.element.getBoundingClientRect();
    const { w, h } = this.drawn;
    this.go((event.clientX - left - (WIDTH - w * this.scale) / 2) / this.scale, (event.clientY - top - (HEIGHT - h * this.scale) / 2) / this.scale);
  }
}
