/** Paints a frame of a scene: fills, hatching, the lit operands, and what moves. A pure function of its arguments. */

import type { Trace } from "../engine/types.ts";
import type { Frame } from "../timeline/course.ts";
import type { Box, Layout } from "./layout.ts";
import { colorOf, css, type Palette, scaleOf } from "./palette.ts";

export interface Lit {
  stage: string;
  index: readonly number[];
}

export interface Picture {
  trace: Trace;
  layout: Layout;
  /** Where matrices stood in the scene before: those on show in both glide from there. */
  before: Layout | undefined;
  frame: Frame;
  lit: readonly Lit[];
  /** The operands of the active cell, as the engine names them. */
  operands: readonly Lit[];
  palette: Palette;
  /** Reduced motion: nothing flies, frames cut between ends. */
  still: boolean;
}

/** Slower than this per cell, operands fly to their result; quicker would only flicker. */
const FLIGHT_SECONDS = 0.2;
const GRID_FROM = 7;
const HATCH_FROM = 7;
const HATCH_CELLS = 20_000;

export function paint(context: CanvasRenderingContext2D, picture: Picture): void {
  const { layout, frame } = picture;
  const lead = frame.cells < 0 && !picture.still ? ease(1 + frame.cells) : 1;
  for (const box of layout.boxes) {
    const done = box.part.place === "result" ? Math.max(0, Math.floor(frame.cells)) : Number.POSITIVE_INFINITY;
    context.save();
    const from = lead < 1 ? sameMatrix(picture.before, box) : undefined;
    if (from) glide(context, from, box, lead);
    else if (lead < 1) context.globalAlpha = lead;
    paintMatrix(context, picture, box, done);
    context.restore();
  }
  if (frame.active && lead === 1) paintActive(context, picture);
  for (const { stage, index } of picture.lit) {
    for (const box of layout.boxes) {
      const at = box.part.view.locate(stage, index);
      if (at) outline(context, box, { ...at, rows: 1, columns: 1 }, picture.palette.lit, 2);
    }
  }
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

function glide(context: CanvasRenderingContext2D, from: Box, to: Box, t: number): void {
  const x = from.x + (to.x - from.x) * t;
  const y = from.y + (to.y - from.y) * t;
  const sx = 1 + (from.cellWidth / to.cellWidth - 1) * (1 - t);
  const sy = 1 + (from.cellHeight / to.cellHeight - 1) * (1 - t);
  context.translate(x - to.x * sx, y - to.y * sy);
  context.scale(sx, sy);
}

function paintMatrix(context: CanvasRenderingContext2D, picture: Picture, box: Box, done: number): void {
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
  // Cells smaller than a pixel are averaged, larger ones keep their edges.
  context.imageSmoothingEnabled = Math.min(box.cellWidth, box.cellHeight) < 1;
  context.drawImage(imageOf(picture, box), box.x, box.y, width, height);
  if (box.cellHeight >= HATCH_FROM && view.rows * view.columns <= HATCH_CELLS) hatch(context, picture, box, done);
  context.restore();
  if (Math.min(box.cellWidth, box.cellHeight) >= GRID_FROM) grid(context, box, palette);
  context.strokeStyle = palette.accents[box.part.role] ?? palette.lit;
  context.lineWidth = box.part.place === "result" ? 2 : 1.25;
  context.strokeRect(box.x - 1, box.y - 1, width + 2, height + 2);
}

const images = new WeakMap<Trace, Map<string, OffscreenCanvas>>();

/** One pixel a cell, made once for each matrix and palette: drawing a frame costs one scaled copy, however many cells there are. */
function imageOf({ trace, palette }: Picture, { part: { view } }: Box): OffscreenCanvas {
  const known = images.get(trace) ?? new Map<string, OffscreenCanvas>();
  images.set(trace, known);
  const key = `${view.key}/${view.rows}x${view.columns}/${palette.lit}`;
  let image = known.get(key);
  if (!image) {
    image = new OffscreenCanvas(view.columns, view.rows);
    const context = image.getContext("2d") as OffscreenCanvasRenderingContext2D;
    const pixels = context.createImageData(view.columns, view.rows);
    const scale = scaleOf(trace, view.stage);
    for (let cell = 0; cell < view.rows * view.columns; cell++) {
      const value = view.value(trace, Math.floor(cell / view.columns), cell % view.columns);
      const color = colorOf(value, scale, palette);
      pixels.data.set([Math.round(color[0]), Math.round(color[1]), Math.round(color[2]), 255], cell * 4);
    }
    context.putImageData(pixels, 0, 0);
    known.set(key, image);
  }
  return image;
}

/** Cells that are no finite number are hatched: one way where the score may not be seen, both ways for NaN and +infinity. */
function hatch(context: CanvasRenderingContext2D, { trace, palette }: Picture, box: Box, done: number): void {
  const { view } = box.part;
  context.strokeStyle = palette.accents.plain ?? palette.lit;
  context.lineWidth = 0.75;
  for (let cell = 0; cell < Math.min(done, view.rows * view.columns); cell++) {
    const row = Math.floor(cell / view.columns);
    const value = view.value(trace, row, cell % view.columns);
    if (Number.isFinite(value)) continue;
    const x = box.x + (cell % view.columns) * box.cellWidth;
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
  const { rows, columns } = box.part.view;
  context.strokeStyle = css(palette.paper);
  context.lineWidth = 1;
  context.beginPath();
  for (let column = 1; column < columns; column++) {
    const x = Math.round(box.x + column * box.cellWidth) - 0.5;
    context.moveTo(x, box.y);
    context.lineTo(x, box.y + rows * box.cellHeight);
  }
  for (let row = 1; row < rows; row++) {
    const y = Math.round(box.y + row * box.cellHeight) - 0.5;
    context.moveTo(box.x, y);
    context.lineTo(box.x + columns * box.cellWidth, y);
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

/** Where cells stand in the scene, box by box. */
function placesOf(cells: readonly Lit[], { boxes }: Layout): Map<Box, Place[]> {
  const places = new Map<Box, Place[]>();
  for (const box of boxes) {
    if (box.part.place === "result") continue;
    const own = cells.flatMap(({ stage, index }) => {
      const at = box.part.view.locate(stage, index);
      return at ? [{ box, ...at }] : [];
    });
    if (own.length > 0) places.set(box, own);
  }
  return places;
}

/** The operands of the active cell are lit; while there is time to follow, they come together and drop into it. */
function paintActive(context: CanvasRenderingContext2D, picture: Picture): void {
  const { layout, frame, palette } = picture;
  const active = frame.active;
  const result = layout.boxes.find(({ part }) => part.place === "result");
  if (!active || !result) return;
  const flying = !picture.still && frame.progress < 1 && frame.secondsPerCell >= FLIGHT_SECONDS;
  for (const [box, places] of placesOf(picture.operands, layout)) {
    if (flying) for (const place of places) fly(context, picture, place, result);
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

function fly(context: CanvasRenderingContext2D, { trace, frame, palette }: Picture, from: Place, result: Box): void {
  const { box, row, column } = from;
  const t = ease(Math.min(1, Math.max(0, (frame.progress - TAKE_OFF) / (LANDING - TAKE_OFF))));
  if (t === 0 || !frame.active) return;
  const between = (a: number, b: number) => a + (b - a) * t;
  const x = between(box.x + column * box.cellWidth, result.x + frame.active.column * result.cellWidth);
  const y = between(box.y + row * box.cellHeight, result.y + frame.active.row * result.cellHeight);
  const width = between(box.cellWidth, result.cellWidth) - 1;
  const height = between(box.cellHeight, result.cellHeight) - 1;
  context.save();
  context.globalAlpha = 0.85 * (1 - t * t * 0.8);
  context.fillStyle = css(
    colorOf(box.part.view.value(trace, row, column), scaleOf(trace, box.part.view.stage), palette),
  );
  context.fillRect(x, y, width, height);
  context.strokeStyle = palette.accents[box.part.role] ?? palette.lit;
  context.lineWidth = 1;
  context.strokeRect(x, y, width, height);
  context.restore();
}
