/** All that is read in a picture of the scene: numbers in cells, names beside and over matrices. Where it stands, and how it looks. */

import type { Trace } from "../../engine/types.ts";
import type { Frame } from "../../timeline/course.ts";
import { formatCell } from "../../view/format.ts";
import { type Label, labelsFor, titleFor } from "../../view/labels.ts";
import { type Box, doneOf, type Layout, type Note } from "../../view/layout.ts";
import { inSight, LARGE } from "../../view/overlay.ts";
import { colorOf, type Palette, scaleOf, textOn } from "../../view/palette.ts";
import { FAMILY, fitsIn, holdsNumbers, NUMBER_FONT } from "../../view/text-width.ts";
import { visible } from "../visible.ts";

export interface Word {
  text: string;
  /** Where it begins, has its middle or ends, by `anchor`; and its baseline. */
  x: number;
  y: number;
  anchor: "start" | "middle" | "end";
  size: number;
  weight: 400 | 600 | 700;
  color: string;
  /** Between letters, in parts of the size. */
  spacing: number;
  /** It is read upwards. */
  upright: boolean;
  /** A letter after an underscore is set lower. */
  subscripts: boolean;
  /** The cell that it is the number of, as data attributes. */
  data: Record<string, string>;
}

/** What of a scene there is to read. */
export interface Read {
  trace: Trace;
  layout: Layout;
  frame: Frame;
  /** The query that is chosen in the sentence. */
  token: number;
  palette: Palette;
  room: { width: number; height: number };
}

/** From the middle of a line to its baseline, in parts of the size: half of the height of digits. */
const BASELINE = 0.36;
const SIZES = { number: NUMBER_FONT.size, large: 17, title: 13 };
const PLAIN = { spacing: 0, upright: false, subscripts: false, data: {} };

export function wordsOf(read: Read): Word[] {
  const { boxes, notes = [] } = read.layout;
  return [
    ...boxes.flatMap((box) => [title(box, read), ...names(box, read), ...numbers(box, read)]),
    ...notes.map((one) => note(one, read)),
  ];
}

function note({ text, x, y, data = {} }: Note, { palette }: Read): Word {
  const size = SIZES.title;
  const color = palette.accents.plain ?? palette.lit;
  return { ...PLAIN, text, x, y: y + 10 + BASELINE * size, anchor: "start", size, weight: 400, color, data };
}

function title(box: Box, { palette }: Read): Word {
  const { text, left, top, width } = titleFor(box);
  const size = SIZES.title;
  return {
    ...PLAIN,
    text: width === undefined ? text : fitting(text, size, 600, width),
    x: left,
    y: top + 9 + BASELINE * size,
    anchor: "start",
    size,
    weight: 600,
    color: palette.accents[box.part.role] ?? palette.lit,
    subscripts: true,
  };
}

function names(box: Box, { trace, palette, token, room }: Read): Word[] {
  const range = inSight(box, room);
  const soft = palette.accents.plain ?? palette.lit;
  const word = (label: Label, side: "row" | "column"): Word => {
    const { left, top, width, height, size, upright } = label;
    const chosen = label.query === token;
    const weight = chosen ? 700 : 400;
    // Upright, a name begins over its column, and its line runs down the column's middle.
    const place = upright
      ? { x: left + height / 2 + BASELINE * size, y: top, anchor: "start" as const }
      : {
          x: side === "row" ? left + width : left + width / 2,
          y: top + height / 2 + BASELINE * size,
          anchor: side === "row" ? ("end" as const) : ("middle" as const),
        };
    return {
      ...PLAIN,
      ...place,
      text: fitting(visible(label.text), size, weight, width),
      upright,
      size,
      weight,
      color: chosen ? (palette.accents.query ?? palette.lit) : soft,
    };
  };
  return [
    ...labelsFor(box, trace, "row", range.rows).map((label) => word(label, "row")),
    ...labelsFor(box, trace, "column", range.columns).map((label) => word(label, "column")),
  ];
}

/** As the page has them: in cells that are wide enough, once they are computed. */
function numbers(box: Box, { trace, frame, palette, room }: Read): Word[] {
  const { view } = box.part;
  if (!holdsNumbers(box)) return [];
  const { rows, columns } = inSight(box, room);
  const done = doneOf(box, frame);
  const scale = view.scale ?? scaleOf(trace, view.stage);
  const fits = fitsIn(box.cellWidth, scale.kind === "signed");
  const size = box.cellHeight >= LARGE ? SIZES.large : SIZES.number;
  const made: Word[] = [];
  for (let row = rows.from; row < rows.to; row++) {
    for (let column = columns.from; column < columns.to; column++) {
      if (row * view.columns + column >= done) continue;
      const value = view.value(trace, row, column);
      made.push({
        text: formatCell(value, fits),
        x: box.x + (column + 0.5) * box.cellWidth,
        y: box.y + (row + 0.5) * box.cellHeight + BASELINE * size,
        anchor: "middle",
        size,
        weight: 400,
        color: textOn(colorOf(value, scale, palette)),
        spacing: NUMBER_FONT.spacing,
        upright: false,
        subscripts: false,
        data: view.names?.(row, column) ?? { stage: view.stage.id, index: view.index(row, column).join(",") },
      });
    }
  }
  return made;
}

const ELLIPSIS = "…";
/** Longer texts are not even measured. */
const MOST_LETTERS = 200;
let measure: OffscreenCanvasRenderingContext2D | null | undefined;

/** As much of a text as there is room for. */
function fitting(text: string, size: number, weight: number, width: number): string {
  measure ??= globalThis.OffscreenCanvas ? new OffscreenCanvas(1, 1).getContext("2d") : null;
  const letters = [...text].slice(0, MOST_LETTERS);
  if (!measure) return letters.join("");
  measure.font = `${weight} ${size}px ${FAMILY}`;
  const wide = (some: string) => (measure as OffscreenCanvasRenderingContext2D).measureText(some).width;
  // Half a pixel is no reason to cut.
  if (letters.length === [...text].length && wide(text) <= width + 0.5) return text;
  while (letters.length > 1 && wide(letters.join("") + ELLIPSIS) > width) letters.pop();
  return letters.join("") + ELLIPSIS;
}
