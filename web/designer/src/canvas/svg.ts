// Making and changing SVG elements. Text is always set as text.

const NAMESPACE = "http://www.w3.org/2000/svg";

export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

export function svg<K extends keyof SVGElementTagNameMap>(name: K, attributes: Attributes = {}, ...children: readonly (Node | string)[]): SVGElementTagNameMap[K] {
  const made = document.createElementNS(NAMESPACE, name);
  assign(made, attributes);
  made.append(...children);
  return made;
}

/** Sets attributes; null, undefined and false take them away. */
export function assign(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
  }
}

/** Gives an element these children in this order, touching as few of those that it has as that takes. */
export function fill(parent: Element, children: readonly Element[]): void {
  const kept = new Set(children);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const child of children) {
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

/** An orthogonal way with round corners. */
export function roundedPath(points: readonly (readonly [number, number])[], radius = 8): string {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return "";
  let path = `M${first[0]} ${first[1]}`;
  for (let at = 1; at < points.length - 1; at++) {
    const [before, corner, after] = [points[at - 1], points[at], points[at + 1]];
    if (!before || !corner || !after) continue;
    const into = Math.hypot(corner[0] - before[0], corner[1] - before[1]) / 2;
    const out = Math.hypot(after[0] - corner[0], after[1] - corner[1]) / 2;
    const r = Math.min(radius, into, out);
    const ux = Math.sign(corner[0] - before[0]);
    const uy = Math.sign(corner[1] - before[1]);
    const vx = Math.sign(after[0] - corner[0]);
    const vy = Math.sign(after[1] - corner[1]);
    path += `L${corner[0] - ux * r} ${corner[1] - uy * r}Q${corner[0]} ${corner[1]} ${corner[0] + vx * r} ${corner[1] + vy * r}`;
  }
  return `${path}L${last[0]} ${last[1]}`;
}

export function boxPath(x: number, y: number, w: number, h: number): string {
  return `M${x} ${y}h${w}v${h}h${-w}z`;
}
