// The buttons that zoom, on the canvas.

import type { Canvas } from "./canvas";
import { ICONS, type IconName } from "./icons";
import { svg } from "./svg";

export function toolbar(canvas: Canvas): HTMLElement {
  const bar = document.createElement("div");
  bar.className = "graph-tools";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Zoom");
  const add = (name: IconName, words: string, keys: string, act: () => void): void => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "square";
    button.title = `${words} (${keys})`;
    button.setAttribute("aria-label", words);
    button.append(svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: ICONS[name] })));
    button.addEventListener("click", act);
    bar.append(button);
  };
  add("minus", "Zoom out", "-", () => canvas.zoom(1 / 1.25));
  add("plus", "Zoom in", "+", () => canvas.zoom(1.25));
  add("maximize", "Show all", "1", () => canvas.fit());
  return bar;
}
