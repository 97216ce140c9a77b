/** Where words stand beside a matrix: its title over it, and the names of its rows and columns. Pure. */

import type { Trace } from "../engine/types.ts";
import { type Box, COLUMN_LABEL, columnBand, NAME_HEIGHT, NARROW } from "./layout.ts";
import { titleOf } from "./scene.ts";
import { titleWidth } from "./text-width.ts";

/** A label beside a row needs this much; with less than a line's height for each, it is set smaller. */
const ROW_LABEL = { least: NAME_HEIGHT, line: 15 };
const SIZE = { usual: 13, small: 12 };
/** Where few names are shown anyway, they are whole: those over narrow columns have up to so much. */
const SPARSE = 64;
/** So far may a label stand out over the last column. */
const OVERHANG = 14;

/** Rows or columns, from the first to the one before the last. */
export interface Range {
  from: number;
  to: number;
}

export interface Label {
  /** The row or the column. */
  n: number;
  text: string;
  /** The query that it names, if it is one of a row. */
  query: number;
  left: number;
  top: number;
  width: number;
  height: number;
  /** Of its letters, in pixels. */
  size: number;
  /** It is read upwards: `left` and `top` are where it begins, and the rest is as if it lay. */
  upright: boolean;
}

export interface Title {
  text: string;
  /** All of it, where `text` is short of that, or may be cut. */
  full: string;
  cut: boolean;
  left: number;
  top: number;
  /** The most that it may take. */
  width: number | undefined;
}

export function titleFor(box: Box): Title {
  const full = titleOf(box.part);
  const cut = box.titleRoom !== undefined && titleWidth(full) > box.titleRoom + 0.5;
  return {
    text: (cut && box.part.short) || full,
    full,
    cut,
    left: box.title?.x ?? box.x,
    top: box.title?.y ?? box.y - 22 - columnBand(box),
    width: box.title?.width ?? box.titleRoom,
  };
}

/** Token labels along a side; where they would not fit, every second, third, .. is shown. */
export function labelsFor(box: Box, trace: Trace, side: "row" | "column", range: Range): Label[] {
  if ((side === "row" ? box.rowLabels : box.columnLabels) === "none") return [];
  const { view } = box.part;
  const axis = side === "row" ? view.rowAxisName : view.columnAxisName;
  const features = !["query", "key", "token"].includes(axis);
  const tokens = features ? [] : axis === "key" ? trace.tokens.key : trace.tokens.query;
  const size = side === "row" ? box.cellHeight : box.cellWidth;
  const upright = side === "column" && box.columnLabels === "upright";
  const whole = side === "column" && !upright && size < NARROW ? Math.min(box.labelWidth - 6, SPARSE) : 0;
  const least = side === "row" ? ROW_LABEL.least : COLUMN_LABEL[upright ? "upright" : "top"];
  const every = Math.max(1, Math.ceil(Math.max(least, whole) / size));
  const step = every * size;
  const band = columnBand(box) - 3;
  const made: Label[] = [];
  for (let n = Math.ceil(range.from / every) * every; n < range.to; n += every) {
    const middle = (n + 0.5) * size;
    if (side === "column" && !upright && n > 0 && middle + step / 2 > view.columns * size + OVERHANG) break;
    const token = view.along(side, n);
    made.push({
      n,
      text: tokens[token] ?? String(features ? token + 1 : token),
      query: !features && axis !== "key" && side === "row" ? token : -1,
      size: side === "row" && step >= ROW_LABEL.line ? SIZE.usual : SIZE.small,
      upright,
      ...(side === "row"
        ? {
            left: Math.max(0, box.x - box.labelWidth),
            top: box.y + middle - step / 2,
            width: box.labelWidth - 8,
            height: step,
          }
        : upright
          ? { left: box.x + middle - step / 2, top: Math.max(band, box.y - 3), width: band, height: step }
          : { left: box.x + middle - step / 2 + 1, top: Math.max(0, box.y - 19), width: step - 2, height: 18 }),
    });
  }
  return made;
}
