// Cards, frames, strips and lines as SVG elements. What they look like in colours is in graph.css.

import { waysOut } from "../asl/words";
import { badgesOf } from "../layout/layout";
import { cut, widthOf } from "../layout/text";
import { SIZE, type Card, type Line, type Picture, type Strip } from "../layout/types";
import { ICONS, TYPE_ICON, type IconName } from "./icons";
import { STATUS_ICON, STATUS_WORD, type StateStatus } from "./status";
import { assign, boxPath, roundedPath, svg } from "./svg";

export interface CardLook {
  readonly isSelected: boolean;
  readonly isFocusStop: boolean;
  readonly status: StateStatus | null;
  readonly problems: { readonly errors: number; readonly warnings: number } | null;
  /** Names only: seen from far away. */
  readonly isSmall: boolean;
  readonly position: { readonly level: number; readonly size: number; readonly index: number };
  readonly isEditable: boolean;
}

const BADGE_ICON: Readonly<Record<string, IconName>> = { retry: "rotate-ccw", timeout: "timer", note: "sticky-note" };
const BADGE_WORD: Readonly<Record<string, string>> = { retry: "retries", timeout: "has a time limit", note: "has a note" };

export function icon(name: IconName, x: number, y: number, size: number, className: string): SVGElement {
  return svg("path", { d: ICONS[name], class: `glyph ${className}`, transform: `translate(${x} ${y}) scale(${size / 24})` });
}

/** What tells whether a card must be drawn anew. */
export function cardSignature(card: Card, look: CardLook): string {
  const { status, problems } = look;
  return [
    card.w, card.h, card.isFrame, card.isCollapsed, card.isUnreachable, card.name.join("\n"), card.note, card.state.type, card.state.ends,
    badgesOf(card.state).join(), status?.status, status?.visits, problems?.errors, problems?.warnings, look.isSmall,
  ].join("|");
}

/** What readers of the screen hear of a card. */
export function cardName(card: Card, { status, problems }: CardLook): string {
  const { state } = card;
  const badges = badgesOf(state).map((badge) => BADGE_WORD[badge] ?? badge);
  return [
    // Begins with what is seen, so that people who speak to the page can say it.
    state.name,
    card.note,
    status && status.words === undefined && status.visits > 1 ? `${status.visits} visits` : "",
    ...badges,
    card.isUnreachable ? "not reached" : "",
    status ? (status.words ?? STATUS_WORD[status.status]) : "",
    problems && problems.errors > 0 ? `${problems.errors} ${problems.errors === 1 ? "error" : "errors"}` : "",
    problems && problems.warnings > 0 ? `${problems.warnings} ${problems.warnings === 1 ? "warning" : "warnings"}` : "",
  ].filter(Boolean).join(", ");
}

/** The parts of a card that change without its being drawn anew. */
export function updateCard(element: SVGGElement, card: Card, look: CardLook): void {
  assign(element, {
    class: cardClass(card, look),
    tabindex: look.isFocusStop ? 0 : -1,
    "aria-selected": look.isSelected ? "true" : "false",
    "aria-level": look.position.level,
    "aria-setsize": look.position.size,
    "aria-posinset": look.position.index,
    "aria-label": cardName(card, look),
    "aria-description": waysOut(card.state),
    "aria-expanded": card.state.branches.length > 0 ? (card.isCollapsed ? "false" : "true") : null,
  });
  element.style.transform = `translate(${card.x}px, ${card.y}px)`;
  // Only what Tab leads to can have the ring of focus.
  const ring = element.firstElementChild?.classList.contains("ring") ? element.firstElementChild : null;
  if (look.isFocusStop && !ring) element.prepend(svg("rect", { class: "ring", x: -4, y: -4, width: card.w + 8, height: card.h + 8, rx: 13 }));
  else if (!look.isFocusStop) ring?.remove();
}

function cardClass(card: Card, { isSelected, status, isSmall }: CardLook): string {
  return [
    "card", `type-${card.state.type.toLowerCase()}`,
    card.isFrame ? "is-frame" : "",
    card.isUnreachable ? "is-unreachable" : "",
    isSelected ? "is-selected" : "",
    status ? `status-${status.status}` : "",
    isSmall ? "is-small" : "",
  ].filter(Boolean).join(" ");
}

/** The element of a card, with what does not change while its signature is the same. */
export function drawCard(card: Card, look: CardLook): SVGGElement {
  const { state } = card;
  const group = svg("g", { role: "treeitem", "data-id": card.id });
  const headHeight = card.isFrame ? SIZE.head - 8 : card.h;
  if (!card.isFrame) group.append(svg("rect", { class: "body", width: card.w, height: card.h, rx: 10 }));
  else group.append(svg("rect", { class: "grip", x: 1, y: 1, width: card.w - 2, height: headHeight, rx: 9 }));
  if (card.isCollapsed) group.append(svg("rect", { class: "behind", x: 5, y: card.h, width: card.w - 10, height: 4, rx: 2 }));
  if (look.status) group.append(svg("rect", { class: "edge", x: 0, y: 8, width: 4, height: headHeight - 16, rx: 2 }));
  if (look.isSmall) {
    const size = Math.min(22, (card.w - 24) / Math.max(1, widthOf(state.name, 1, 600)));
    const text = size < 15 ? cut(state.name, card.w - 24, 15, 600) : state.name;
    const at = headHeight / 2 + 7;
    group.append(svg("text", { class: "name", x: card.isFrame ? 16 : card.w / 2, y: at, "font-size": Math.max(15, size), "text-anchor": card.isFrame ? "start" : "middle" }, text));
  } else {
    drawInside(group, card, look, headHeight);
  }
  if (state.ends) group.append(svg("path", { class: "end", d: `M${card.w / 2} ${card.h}v8m-4 1.5h8v8h-8z` }));
  return group;
}

function drawInside(group: SVGGElement, card: Card, look: CardLook, height: number): void {
  const { state } = card;
  const middle = height / 2;
  group.append(svg("rect", { class: "tile-back", x: 12, y: middle - 13, width: 26, height: 26, rx: 6 }));
  group.append(icon(TYPE_ICON[state.type], 17, middle - 8, 16, "type-glyph"));
  const isTwo = card.name.length > 1;
  const top = isTwo ? middle - 15 : middle - 4;
  card.name.forEach((line, at) => group.append(svg("text", { class: "name", x: SIZE.cardTextLeft, y: top + at * 16 }, line), " "));
  group.append(svg("text", { class: "note", x: SIZE.cardTextLeft, y: top + (isTwo ? 32 : 16) }, card.note));
  let right = card.w - 12;
  if (card.state.branches.length > 0) {
    right -= 26;
    const toggle = svg("g", { class: "toggle-inside", "data-toggle": "", "aria-hidden": "true", transform: `translate(${right} ${middle - 13})` });
    toggle.append(svg("rect", { width: 26, height: 26, rx: 6 }), icon(card.isCollapsed ? "plus" : "minus", 6, 6, 14, ""));
    group.append(toggle);
    right -= 6;
  }
  if (look.status) {
    right -= 20;
    const mark = svg("g", { class: "status-mark", transform: `translate(${right} ${middle - 10})` });
    mark.append(svg("circle", { cx: 10, cy: 10, r: 10 }), icon(STATUS_ICON[look.status.status], 4, 4, 12, ""));
    group.append(mark);
    if (look.status.visits > 1) {
      const count = `×${look.status.visits}`;
      right -= widthOf(count, SIZE.note) + 4;
      group.append(" ", svg("text", { class: "note", x: right, y: middle + 4 }, count));
    }
    right -= 2;
  }
  const bad = look.problems && look.problems.errors + look.problems.warnings > 0 ? look.problems : null;
  if (bad) {
    right -= 20;
    group.append(icon("triangle-alert", right, middle - 9, 18, bad.errors > 0 ? "is-error" : "is-warning"));
  }
  for (const badge of look.status ? [] : badgesOf(state)) {
    right -= SIZE.badge;
    group.append(icon(BADGE_ICON[badge] ?? "info", right + 3, middle - 7, 14, "badge"));
  }
}

/** The ground of a frame: its border and tint, below lines. */
export function drawFrame(card: Card): SVGElement {
  return svg("rect", { class: `frame type-${card.state.type.toLowerCase()}`, "data-frame": card.id, x: card.x, y: card.y, width: card.w, height: card.h, rx: 12 });
}

export function drawStrip(strip: Strip, isRoot: boolean): SVGElement {
  const group = svg("g", { class: "strip" });
  const isEmpty = strip.scope.states.length === 0;
  if (!isRoot) group.append(svg("rect", { class: "strip-ground", x: strip.x, y: strip.y + 4, width: strip.w, height: strip.h - 4, rx: 8 }));
  const [x, y] = strip.entry;
  const [, end] = strip.entryEnd;
  group.append(svg("circle", { class: "entry", cx: x, cy: y, r: 5 }));
  if (!isEmpty) group.append(svg("path", { class: "line kind-next entry-line", d: `M${x} ${y + 5}V${end}`, "marker-end": "url(#head-next)" }));
  return group;
}

export function lineKind(line: Line): "next" | "catch" | "back" {
  return line.kind === "catch" ? "catch" : line.isBack ? "back" : "next";
}

export function drawLine(line: Line, isTaken: boolean | null, hasLabel = true): SVGElement {
  const kind = lineKind(line);
  const look = `link kind-${kind}${isTaken === true ? " is-taken" : isTaken === false ? " is-untaken" : ""}`;
  const known = { "data-line": line.id, "data-from": line.from, "data-to": line.to };
  const way = { d: roundedPath(line.points), "marker-end": `url(#head-${kind})` };
  const { label } = line;
  if (!label || !hasLabel) return svg("path", { class: `line ${look}`, ...known, ...way });
  return svg(
    "g",
    { class: look, ...known },
    svg("path", { class: "line", ...way }),
    svg("rect", { class: "label-ground", x: label.x, y: label.y + 1, width: label.w, height: label.h - 2, rx: 10 }),
    svg("text", { class: label.isItalic ? "label is-italic" : "label", x: label.x + label.w / 2, y: label.y + 15, "text-anchor": "middle" }, label.text),
  );
}

/** So many cards that each is a mark of its colour: one shape for each type, and for each kind of line. */
export function drawFar({ cards, lines }: Picture): { readonly grounds: readonly SVGElement[]; readonly lines: readonly SVGElement[] } {
  const byType = new Map<string, string>();
  for (const card of cards) {
    const kind = `${card.isFrame ? "frame" : "shape"} type-${card.state.type.toLowerCase()}`;
    byType.set(kind, (byType.get(kind) ?? "") + boxPath(card.x, card.y, card.w, card.h));
  }
  const shapes = [...byType].sort(([one], [other]) => Number(other.startsWith("frame")) - Number(one.startsWith("frame")));
  const byKind = new Map<string, string>();
  for (const line of lines) byKind.set(lineKind(line), (byKind.get(lineKind(line)) ?? "") + roundedPath(line.points, 0));
  return {
    grounds: shapes.map(([kind, d]) => svg("path", { class: kind, d })),
    lines: [...byKind].map(([kind, d]) => svg("path", { class: `line link kind-${kind}`, d })),
  };
}

/** Arrow heads, one for each kind of line. */
export function markers(): SVGDefsElement {
  const defs = svg("defs");
  for (const kind of ["next", "catch", "back"]) {
    const marker = svg("marker", { id: `head-${kind}`, class: `head kind-${kind}`, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto" });
    marker.append(svg("path", { d: "M0 0.8L10 5L0 9.2z" }));
    defs.append(marker);
  }
  return defs;
}
