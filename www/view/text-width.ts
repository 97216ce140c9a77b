/** How wide numbers are, in the font of the page as this machine has it. */

import { type Box, NUMBER_HEIGHT } from "./layout.ts";

/** Of everything that the page says. */
export const FAMILY = 'system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif';

/** Numbers in cells: the smallest text of the page, set a little tighter than the rest. */
export const NUMBER_FONT = { size: 12, spacing: -0.02 };
/** Between the numbers of neighbours. */
const APART = 0.5;
/** What a cell has to hold at least: two decimals with their sign, and the largest exponent. Shorter forms are for what is longer. */
const LEAST = ["−0.12", "−1e38"];
/** Where nothing can be measured: a wide font. */
const WIDE = 0.84;

/** Names over matrices, as the styles have them. */
const TITLE_FONT = `600 13px ${FAMILY}`;
const WIDE_LETTER = 9;

const titles = new Map<string, number>();

/** The width of a name over a matrix, in pixels. */
export function titleWidth(title: string): number {
  const known = titles.get(title);
  if (known !== undefined) return known;
  const context = globalThis.OffscreenCanvas && new OffscreenCanvas(1, 1).getContext("2d");
  if (!context) return title.length * WIDE_LETTER;
  context.font = TITLE_FONT;
  const width = Math.ceil(context.measureText(title).width) + 1;
  titles.set(title, width);
  return width;
}

let glyphs: Map<string, number> | undefined;

/** Every digit counts as the widest: they stand in columns. */
function measure(): Map<string, number> {
  const widths = new Map<string, number>();
  const context = globalThis.OffscreenCanvas && new OffscreenCanvas(1, 1).getContext("2d");
  if (!context) return widths;
  context.font = `${NUMBER_FONT.size}px ${FAMILY}`;
  for (const glyph of "0123456789.−e≈∞Na") widths.set(glyph, context.measureText(glyph).width);
  const digits = [..."0123456789"];
  const widest = Math.max(...digits.map((digit) => widths.get(digit) ?? 0));
  for (const digit of digits) widths.set(digit, widest);
  return widths;
}

/** The width of a number in a cell, in pixels. */
export function numberWidth(text: string): number {
  glyphs ??= measure();
  const { size, spacing } = NUMBER_FONT;
  let width = 0;
  for (const glyph of text) width += (glyphs.get(glyph) ?? WIDE * size) + spacing * size;
  return width;
}

/** The narrowest cell that numbers stand in. */
export function leastNumberCell(): number {
  return Math.ceil(Math.max(...LEAST.map(numberWidth)) + APART);
}

/** Whether the cells of a box are large enough for their numbers. */
export const holdsNumbers = ({ cellWidth, cellHeight }: Pick<Box, "cellWidth" | "cellHeight">): boolean =>
  cellWidth >= leastNumberCell() && cellHeight >= NUMBER_HEIGHT;

/** Whether a number has room in a cell. With `signed` a plus counts as much as a minus: both get as many digits. */
export function fitsIn(cellWidth: number, signed: boolean): (text: string) => boolean {
  return (text) => numberWidth(signed && !text.startsWith("−") ? `−${text}` : text) + APART <= cellWidth;
}
