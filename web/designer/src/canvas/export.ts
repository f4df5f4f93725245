// The whole picture as an SVG file with its colours in it, and as a PNG of it.

import type { Picture } from "../layout/types";
import { cardSignature, drawCard, drawFrame, drawLine, drawStrip, markers, updateCard, type CardLook } from "./draw";
import { svg } from "./svg";

const MARGIN = 32;
const PROPERTIES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "font-size", "font-weight", "font-style", "font-family", "opacity", "fill-opacity", "color"];
/** Chromium's canvases are no larger. */
const PIXELS_MAX = 12_000;

/** The picture as the text of an SVG file, in the colours of the page. */
export function svgText(picture: Picture): string {
  const world = svg("g", { transform: `translate(${MARGIN} ${MARGIN})` });
  const root = picture.strips.at(-1);
  const depths = Math.max(0, ...picture.cards.map(({ depth }) => depth)) + 1;
  for (let depth = 0; depth <= depths; depth++) {
    for (const strip of picture.strips) if (strip.scope.depth === depth) world.append(drawStrip(strip, strip === root));
    for (const card of picture.cards) if (card.isFrame && card.depth === depth) world.append(drawFrame(card));
  }
  for (const line of picture.lines) world.append(drawLine(line, null));
  for (const card of picture.cards) {
    const look: CardLook = {
      isSelected: false, isFocusStop: false, status: null, problems: null, isSmall: false, isEditable: false,
      position: { level: 1, size: 1, index: 1 },
    };
    cardSignature(card, look);
    const element = drawCard(card, look);
    updateCard(element, card, look);
    element.style.removeProperty("transform");
    element.setAttribute("transform", `translate(${card.x} ${card.y})`);
    element.querySelectorAll(".ring, .toggle-inside").forEach((each) => each.remove());
    world.append(element);
  }
  const width = Math.ceil(picture.w + 2 * MARGIN);
  const height = Math.ceil(picture.h + 2 * MARGIN);
  const ground = svg("rect", { class: "export-ground", width, height });
  const whole = svg("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}` }, markers(), ground, world);

  // In the page for a moment, so that the style can be read off it.
  const place = document.createElement("div");
  place.className = "graph export-place";
  place.append(whole);
  document.body.append(place);
  for (const element of whole.querySelectorAll("*")) {
    const style = getComputedStyle(element);
    const isText = element instanceof SVGTextElement;
    for (const name of PROPERTIES) {
      if (name.startsWith("font") && !isText) continue;
      const value = style.getPropertyValue(name);
      if (value !== "") element.setAttribute(name, value);
    }
  }
  for (const element of whole.querySelectorAll("*")) {
    for (const name of [...element.getAttributeNames()]) {
      if (name === "class" || name === "style" || name === "role" || name === "tabindex" || name.startsWith("aria-") || name.startsWith("data-")) element.removeAttribute(name);
    }
  }
  const text = new XMLSerializer().serializeToString(whole);
  place.remove();
  return text;
}

/** The picture as a PNG, twice as fine as the screen where that is not too large. */
export async function png(picture: Picture): Promise<Blob> {
  const width = picture.w + 2 * MARGIN;
  const height = picture.h + 2 * MARGIN;
  const scale = Math.min(2, PIXELS_MAX / width, PIXELS_MAX / height);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(picture))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * scale);
  canvas.height = Math.ceil(height * scale);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser draws no images");
  context.scale(scale, scale);
  context.drawImage(image, 0, 0);
  return await new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large for an image"))), "image/png");
  });
}
