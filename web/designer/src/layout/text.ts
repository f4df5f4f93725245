// How wide a text is, from a table of Inter's widths and not from the page: so the layout needs no
// browser, and is the same everywhere.

/** Hundredths of the size, for the signs from blank to tilde, in weight 400. */
const REGULAR = [
  28, 29, 47, 63, 64, 98, 64, 30, 36, 36, 50, 66, 29, 46, 29, 36, 63, 41, 61, 62, 65, 59, 62, 57, 62, 62, 29, 30, 66, 66, 66, 51,
  97, 69, 65, 73, 72, 60, 59, 75, 74, 27, 57, 67, 57, 90, 75, 76, 64, 76, 64, 64, 65, 74, 69, 99, 68, 68, 63, 36, 36, 36, 47, 46,
  32, 56, 61, 57, 61, 58, 37, 61, 59, 24, 24, 55, 24, 88, 59, 60, 61, 61, 38, 53, 33, 59, 56, 82, 55, 56, 55, 43, 33, 43, 66,
];

/** The same in weight 600. */
const SEMIBOLD = [
  25, 32, 52, 64, 65, 100, 66, 33, 37, 37, 54, 67, 32, 47, 32, 38, 66, 42, 62, 64, 67, 61, 64, 58, 64, 64, 32, 33, 67, 67, 67, 54,
  100, 73, 66, 74, 72, 61, 59, 75, 75, 28, 58, 70, 57, 92, 76, 77, 65, 77, 65, 65, 66, 74, 73, 102, 72, 71, 65, 37, 38, 37, 48, 47,
  35, 57, 62, 58, 62, 59, 39, 63, 61, 26, 26, 57, 26, 90, 61, 61, 62, 62, 40, 55, 35, 61, 59, 84, 57, 59, 57, 45, 36, 45, 67,
];

/** Other scripts: most letters are narrower than this, full-width ones are not. */
const OTHER = 64;
const WIDE = 100;

export type Weight = 400 | 600;

/** The width of a text in pixels. */
export function widthOf(text: string, size: number, weight: Weight = 400): number {
  const table = weight === 600 ? SEMIBOLD : REGULAR;
  let sum = 0;
  for (const sign of text) {
    const code = sign.codePointAt(0) ?? 32;
    sum += table[code - 32] ?? (code >= 0x1100 ? WIDE : OTHER);
  }
  return (sum * size) / 100;
}

/** The text, or its beginning with an ellipsis, no wider than `width`. */
export function cut(text: string, width: number, size: number, weight: Weight = 400): string {
  if (widthOf(text, size, weight) <= width) return text;
  const signs = [...text];
  let low = 0;
  let high = signs.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (widthOf(`${signs.slice(0, middle).join("")}…`, size, weight) <= width) low = middle;
    else high = middle - 1;
  }
  return `${signs.slice(0, low).join("").trimEnd()}…`;
}

/** The text on at most two lines of that width. */
export function twoLines(text: string, width: number, size: number, weight: Weight = 400): readonly string[] {
  if (widthOf(text, size, weight) <= width) return [text];
  const words = text.split(/(?<=[\s\-_/.])/);
  let first = "";
  while (words.length > 0 && widthOf(first + (words[0] ?? "").trimEnd(), size, weight) <= width) first += words.shift() ?? "";
  if (first === "") {
    // One long word: it breaks where the line ends.
    const signs = [...text];
    while (signs.length > 0 && widthOf(first + (signs[0] ?? ""), size, weight) <= width) first += signs.shift() ?? "";
    return [first, cut(signs.join(""), width, size, weight)];
  }
  return [first.trimEnd(), cut(words.join("").trim(), width, size, weight)];
}
