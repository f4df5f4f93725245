// Which part of the picture is on the screen, and how large.

import type { Box } from "../layout/types";

/** A point of the picture at p is on the screen at p * k + (x, y). */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly k: number;
}

export const ZOOM_MIN = 0.02;
export const ZOOM_MAX = 2;
/** Left free beside a picture when it is opened. */
const OPENING_MARGIN = 32;
/** Below this, cards show their names only. */
export const NAMES_ONLY = 0.4;

export function clampZoom(k: number): number {
  return Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, k));
}

/** The view at another size with the screen's point (px, py) kept. */
export function zoomedAt(view: View, k: number, px: number, py: number): View {
  const next = clampZoom(k);
  return { k: next, x: px - ((px - view.x) * next) / view.k, y: py - ((py - view.y) * next) / view.k };
}

/** The view that shows all of a box, no larger than `most`. */
export function fitting(box: Box, width: number, height: number, margin = 32, most = 1): View {
  if (box.w <= 0 || box.h <= 0 || width <= 0 || height <= 0) return { x: width / 2, y: margin, k: 1 };
  const k = clampZoom(Math.min(most, (width - 2 * margin) / box.w, (height - 2 * margin) / box.h));
  return { k, x: (width - box.w * k) / 2 - box.x * k, y: Math.max(margin, (height - box.h * k) / 2) - box.y * k };
}

/** A first view: all of it where it can be read like that, else its upper part, with the start in sight. */
export function opening(box: Box, startX: number, width: number, height: number): View {
  const whole = fitting(box, width, height);
  if (whole.k >= 0.62) return { ...whole, y: Math.min(whole.y, 48 - box.y * whole.k) };
  const k = width < 600 ? 0.75 : 0.8;
  const [least, most] = [width - OPENING_MARGIN - (box.x + box.w) * k, OPENING_MARGIN - box.x * k];
  // As wide as the window at most, it stands in the middle; wider, nothing is left empty at its sides.
  const x = least >= most ? (least + most) / 2 : Math.min(most, Math.max(least, width / 2 - startX * k));
  return { k, x, y: 28 };
}

/** The view moved as little as it takes to show a box. */
export function revealing(view: View, box: Box, width: number, height: number, margin = 40): View {
  const left = box.x * view.k + view.x;
  const top = box.y * view.k + view.y;
  const right = left + box.w * view.k;
  const bottom = top + Math.min(box.h * view.k, height - 2 * margin);
  let { x, y } = view;
  if (right > width - margin) x -= right - (width - margin);
  if (left < margin) x += Math.max(margin - left, 0);
  if (right > width - margin && left < margin) x = view.x + margin - left;
  if (bottom > height - margin) y -= bottom - (height - margin);
  if (top < margin) y = view.y + margin - top;
  return { ...view, x, y };
}

/** The part of the picture within `factor` screens around the view. */
export function visibleBox(view: View, width: number, height: number, factor: number): Box {
  const w = width / view.k;
  const h = height / view.k;
  const grow = (factor - 1) / 2;
  return { x: -view.x / view.k - w * grow, y: -view.y / view.k - h * grow, w: w * factor, h: h * factor };
}

export function touches(one: Box, other: Box): boolean {
  return one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h;
}
