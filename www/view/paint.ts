/** Paints a frame of a scene: fills, hatching, the lit operands, and what moves. A pure function of its arguments. */

import type { Trace } from "../engine/types.ts";
import type { Frame } from "../timeline/course.ts";
import { isEdited } from "../trace/cells.ts";
import { type ActiveCell, type Box, doneOf, type Layout } from "./layout.ts";
import { type Place as CellPlace, type CellsView, MatrixView } from "./matrix-view.ts";
import { colorOf, css, type Palette, scaleOf } from "./palette.ts";
import { drawCells, type Shade } from "./tiles.ts";

export interface Lit {
  stage: string;
  index: readonly number[];
}

export interface Picture {
  trace: Trace;
  layout: Layout;
  /** Where matrices stood in the scene before: those on show in both glide from there. */
  before: Layout | undefined;
  /** From one zoom to another. */
  motion: Motion | undefined;
  frame: Frame;
  lit: readonly Lit[];
  /** The operands of the active cell, as the engine names them. */
  operands: readonly Lit[];
  palette: Palette;
  shade: Shade | undefined;
  /** Reduced motion: nothing flies, frames cut between ends. */
  still: boolean;
  /** How the cells of a matrix are drawn, if not as tiles. */
  cells?: typeof drawCells;
}

/** Where cells of a size stand. */
export type Spot = Pick<Box, "x" | "y" | "cellWidth" | "cellHeight">;

export interface Motion {
  /** From 0 to 1. */
  progress: number;
  /** Where the cells of a box were, if they were on show. */
  origin(box: Box): Spot | undefined;
  /** What is on show no more, and where its cells go. */
  leaving: readonly { box: Box; to: Spot | undefined }[];
}

/** Slower than this per cell, operands fly to their result; quicker would only flicker. */
const FLIGHT_SECONDS = 0.2;
const GRID_FROM = 7;
const HATCH_FROM = 7;
const HATCH_CELLS = 20_000;
/** Side of the corner that marks a cell, in pixels. */
const CORNER = 8;
/** More lit cells than this in a matrix are framed together, and those of fewer pixels than a frame leaves to see. */
const MANY_LIT = 96;
const FRAMED_FROM = 8;

/** Says whether the picture is complete: what is large is painted coarsely first, and finer in the frames that follow. */
export function paint(context: CanvasRenderingContext2D, picture: Picture): boolean {
  const { layout, frame, motion } = picture;
  let complete = true;
  const lead = motion ? ease(motion.progress) : frame.cells < 0 && !picture.still ? ease(1 + frame.cells) : 1;
  for (const { box, to } of motion?.leaving ?? []) {
    context.save();
    context.globalAlpha = 1 - lead;
    if (to) glide(context, to, box, 1 - lead);
    paintMatrix(context, picture, box, Number.POSITIVE_INFINITY);
    context.restore();
  }
  for (const box of layout.boxes) {
    context.save();
    const from = lead < 1 ? (motion ? motion.origin(box) : sameMatrix(picture.before, box)) : undefined;
    if (from) glide(context, from, box, lead);
    else if (lead < 1) context.globalAlpha = lead;
    complete = paintMatrix(context, picture, box, doneOf(box, frame)) && complete;
    context.restore();
  }
  layout.decorate?.(context, picture, lead);
  if (frame.active && lead === 1) paintActive(context, picture);
  for (const [box, places] of placesOf(picture.lit, layout, true)) {
    const each = places.map(({ row, column }) => ({ row, column, rows: 1, columns: 1 }));
    const together = places.length > MANY_LIT || Math.min(box.cellWidth, box.cellHeight) < FRAMED_FROM;
    for (const block of together ? blocks(places) : each) {
      outline(context, box, block, picture.palette.lit, 2);
    }
  }
  return complete;
}

const ease = (t: number) => t * t * (3 - 2 * t);

function sameMatrix(before: Layout | undefined, box: Box): Box | undefined {
  return before?.boxes.find(
    ({ part }) =>
      part.view.key === box.part.view.key &&
      part.view.columns === box.part.view.columns &&
      part.view.rows === box.part.view.rows,
  );
}

function glide(context: CanvasRenderingContext2D, from: Spot, to: Box, t: number): void {
  const x = from.x + (to.x - from.x) * t;
  const y = from.y + (to.y - from.y) * t;
  const sx = 1 + (from.cellWidth / to.cellWidth - 1) * (1 - t);
  const sy = 1 + (from.cellHeight / to.cellHeight - 1) * (1 - t);
  context.translate(x - to.x * sx, y - to.y * sy);
  context.scale(sx, sy);
}

function paintMatrix(context: CanvasRenderingContext2D, picture: Picture, box: Box, done: number): boolean {
  const { view } = box.part;
  const { palette } = picture;
  const width = view.columns * box.cellWidth;
  const height = view.rows * box.cellHeight;
  context.fillStyle = css(palette.paper);
  context.fillRect(box.x, box.y, width, height);
  const rows = Math.min(view.rows, Math.floor(done / view.columns));
  const rest = rows < view.rows ? done % view.columns : 0;
  context.save();
  context.beginPath();
  context.rect(box.x, box.y, width, rows * box.cellHeight);
  if (rest > 0) context.rect(box.x, box.y + rows * box.cellHeight, rest * box.cellWidth, box.cellHeight);
  context.clip();
  const complete =
    view instanceof MatrixView
      ? (picture.cells ?? drawCells)(context, picture, box, view)
      : drawEach(context, picture, box);
  if (box.cellHeight >= HATCH_FROM) {
    hatch(context, picture, box, done);
    markEdits(context, picture, box);
  }
  context.restore();
  if (Math.min(box.cellWidth, box.cellHeight) >= GRID_FROM) grid(context, box, palette);
  context.strokeStyle = palette.accents[box.part.role] ?? palette.lit;
  context.lineWidth = box.part.place === "result" ? 2 : 1.25;
  context.strokeRect(box.x - 1, box.y - 1, width + 2, height + 2);
  return complete;
}

/** What is no matrix has few cells. */
function drawEach(context: CanvasRenderingContext2D, { trace, palette }: Picture, box: Box): boolean {
  const { view } = box.part;
  const scale = view.scale ?? scaleOf(trace, view.stage);
  for (let row = 0; row < view.rows; row++) {
    for (let column = 0; column < view.columns; column++) {
      const value = view.value(trace, row, column);
      context.fillStyle = css(colorOf(value, scale, palette));
      context.fillRect(box.x + column * box.cellWidth, box.y + row * box.cellHeight, box.cellWidth, box.cellHeight);
    }
  }
  return true;
}

/** The rows and columns of a box that the canvas shows. */
function inSight(context: CanvasRenderingContext2D, box: Box) {
  const { a, d, e, f } = context.getTransform();
  const { rows, columns } = box.part.view;
  const range = (start: number, size: number, count: number, scale: number, shift: number, extent: number) => ({
    from: Math.min(count, Math.max(0, Math.floor((-shift / scale - start) / size))),
    to: Math.max(0, Math.min(count, Math.ceil(((extent - shift) / scale - start) / size))),
  });
  return {
    rows: range(box.y, box.cellHeight, rows, d, f, context.canvas.height),
    columns: range(box.x, box.cellWidth, columns, a, e, context.canvas.width),
  };
}

/** What the reader has set has a corner turned down. */
function markEdits(context: CanvasRenderingContext2D, { trace, palette }: Picture, box: Box): void {
  const { view } = box.part;
  // What lies between terms and their sum is no cell.
  if (view.names || !trace.config.edits?.some(({ stage }) => stage === view.stage.id)) return;
  const { rows, columns } = inSight(context, box);
  const side = Math.min(CORNER, box.cellHeight / 2);
  context.fillStyle = palette.lit;
  for (let row = rows.from; row < rows.to; row++)
    for (let column = columns.from; column < columns.to; column++) {
      if (!isEdited(trace, view.stage, view.index(row, column))) continue;
      const right = box.x + (column + 1) * box.cellWidth;
      const y = box.y + row * box.cellHeight;
      context.beginPath();
      context.moveTo(right - side, y);
      context.lineTo(right, y);
      context.lineTo(right, y + side);
      context.fill();
    }
}

/** Cells that are no finite number are hatched: one way where the score may not be seen, both ways for NaN and +infinity. */
function hatch(context: CanvasRenderingContext2D, { trace, palette }: Picture, box: Box, done: number): void {
  const { view } = box.part;
  if (!(view.scale ?? scaleOf(trace, view.stage)).holes) return;
  const { rows, columns } = inSight(context, box);
  const wide = columns.to - columns.from;
  if ((rows.to - rows.from) * wide > HATCH_CELLS) return;
  context.strokeStyle = palette.accents.plain ?? palette.lit;
  context.lineWidth = 0.75;
  for (let n = 0; n < (rows.to - rows.from) * wide; n++) {
    const [row, column] = [rows.from + Math.floor(n / wide), columns.from + (n % wide)];
    if (row * view.columns + column >= done) continue;
    const value = view.value(trace, row, column);
    if (Number.isFinite(value)) continue;
    const x = box.x + column * box.cellWidth;
    const y = box.y + row * box.cellHeight;
    context.save();
    context.beginPath();
    context.rect(x, y, box.cellWidth, box.cellHeight);
    context.clip();
    context.beginPath();
    for (let offset = -box.cellHeight; offset < box.cellWidth; offset += 5) {
      context.moveTo(x + offset, y + box.cellHeight);
      context.lineTo(x + offset + box.cellHeight, y);
      if (value === Number.NEGATIVE_INFINITY) continue;
      context.moveTo(x + offset, y);
      context.lineTo(x + offset + box.cellHeight, y + box.cellHeight);
    }
    context.globalAlpha = 0.5;
    context.stroke();
    context.restore();
  }
}

function grid(context: CanvasRenderingContext2D, box: Box, palette: Palette): void {
  const { rows, columns } = inSight(context, box);
  const [left, right] = [box.x + columns.from * box.cellWidth, box.x + columns.to * box.cellWidth];
  const [top, bottom] = [box.y + rows.from * box.cellHeight, box.y + rows.to * box.cellHeight];
  context.strokeStyle = css(palette.paper);
  context.lineWidth = 1;
  context.beginPath();
  for (let column = Math.max(1, columns.from); column < columns.to; column++) {
    const x = Math.round(box.x + column * box.cellWidth) - 0.5;
    context.moveTo(x, top);
    context.lineTo(x, bottom);
  }
  for (let row = Math.max(1, rows.from); row < rows.to; row++) {
    const y = Math.round(box.y + row * box.cellHeight) - 0.5;
    context.moveTo(left, y);
    context.lineTo(right, y);
  }
  context.stroke();
}

function outline(
  context: CanvasRenderingContext2D,
  box: Box,
  cells: { row: number; column: number; rows: number; columns: number },
  color: string,
  width: number,
): void {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.strokeRect(
    box.x + cells.column * box.cellWidth - 0.5,
    box.y + cells.row * box.cellHeight - 0.5,
    Math.max(cells.columns * box.cellWidth, 3),
    Math.max(cells.rows * box.cellHeight, 3),
  );
}

interface Place {
  box: Box;
  row: number;
  column: number;
}

/** Which cells of which matrix: worked out once for each list of cells, however often they are painted. */
const located = new WeakMap<readonly Lit[], WeakMap<CellsView, CellPlace[]>>();

/** Where cells stand in the scene, box by box. */
function placesOf(cells: readonly Lit[], { boxes }: Layout, result = false): Map<Box, Place[]> {
  const known = located.get(cells) ?? new WeakMap<CellsView, CellPlace[]>();
  located.set(cells, known);
  const places = new Map<Box, Place[]>();
  for (const box of boxes) {
    if (box.part.place === "result" && !result) continue;
    const { view } = box.part;
    const at = known.get(view) ?? cells.flatMap(({ stage, index }) => view.locate(stage, index) ?? []);
    known.set(view, at);
    if (at.length > 0)
      places.set(
        box,
        at.map((place) => ({ box, ...place })),
      );
  }
  return places;
}

/** The operands of the active cell are lit; while there is time to follow, they come together and drop into it. */
function paintActive(context: CanvasRenderingContext2D, picture: Picture): void {
  const { layout, frame, palette } = picture;
  const active: ActiveCell | undefined = layout.active ? layout.active(frame) : frame.active;
  const result = active?.box ?? layout.boxes.find(({ part }) => part.place === "result");
  if (!active || !result) return;
  const flying = !picture.still && frame.progress < 1 && frame.secondsPerCell >= FLIGHT_SECONDS;
  for (const [box, places] of placesOf(picture.operands, layout)) {
    if (flying) for (const place of places) fly(context, picture, place, result, active);
    const color = palette.accents[box.part.role] ?? palette.lit;
    for (const block of blocks(places)) outline(context, box, block, color, 3);
  }
  outline(context, result, { ...active, rows: 1, columns: 1 }, palette.lit, 2.5);
}

/** Cells that fill a rectangle are framed as one. */
function blocks(places: readonly Place[]): { row: number; column: number; rows: number; columns: number }[] {
  const [rows, columns] = [places.map(({ row }) => row), places.map(({ column }) => column)];
  const [row, column] = [Math.min(...rows), Math.min(...columns)];
  const block = { row, column, rows: Math.max(...rows) - row + 1, columns: Math.max(...columns) - column + 1 };
  const cells = new Set(places.map((place) => `${place.row},${place.column}`)).size;
  if (block.rows * block.columns === cells) return [block];
  return places.map((place) => ({ row: place.row, column: place.column, rows: 1, columns: 1 }));
}

const TAKE_OFF = 0.15;
const LANDING = 0.85;

function fly(
  context: CanvasRenderingContext2D,
  { trace, frame, palette }: Picture,
  from: Place,
  result: Box,
  active: CellPlace,
): void {
  const { box, row, column } = from;
  const t = ease(Math.min(1, Math.max(0, (frame.progress - TAKE_OFF) / (LANDING - TAKE_OFF))));
  if (t === 0) return;
  const between = (a: number, b: number) => a + (b - a) * t;
  const x = between(box.x + column * box.cellWidth, result.x + active.column * result.cellWidth);
  const y = between(box.y + row * box.cellHeight, result.y + active.row * result.cellHeight);
  const width = between(box.cellWidth, result.cellWidth) - 1;
  const height = between(box.cellHeight, result.cellHeight) - 1;
  context.save();
  context.globalAlpha = 0.85 * (1 - t * t * 0.8);
  context.fillStyle = css(
    colorOf(
      box.part.view.value(trace, row, column),
      box.part.view.scale ?? scaleOf(trace, box.part.view.stage),
      palette,
    ),
  );
  context.fillRect(x, y, width, height);
  context.strokeStyle = palette.accents[box.part.role] ?? palette.lit;
  context.lineWidth = 1;
  context.strokeRect(x, y, width, height);
  context.restore();
}
