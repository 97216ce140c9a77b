/**
 * Matrices as images: one pixel a cell, or a block of cells where a pixel of the screen has less room than a cell needs. Tiles
 * are made for what is in sight, and as many a frame as there is time for; until the others are there, a coarser image stands in.
 */

import type { Trace } from "../engine/types.ts";
import type { Box } from "./layout.ts";
import type { MatrixView } from "./matrix-view.ts";
import { type Palette, paintNumbers, scaleOf } from "./palette.ts";
import { blocksOf, type Part, partOf } from "./pyramid.ts";

/** Pixels of a tile, down and across: of the finest levels few enough to be made within the time. */
const TILE = 128;
/** Pixels of the coarse image that stands in, at most. */
const WHOLE = 256;
/** Tiles of one trace that are kept: some screens full. */
const KEPT_TILES = 960;
/** A third of a frame goes to tiles. */
const BUDGET_MS = 6;

type Tile = OffscreenCanvas;

/** What of a matrix is drawn faded. */
export interface Shade {
  /** Another for each other way to fade this matrix; "" where all of it stands as it is. */
  keyFor(view: MatrixView): string;
  /** Fades the pixels of a part of a level. */
  fade(view: MatrixView, level: number, part: Part, pixels: Uint32Array): void;
}

const tiles = new WeakMap<Trace, Map<string, Tile>>();
let spent = 0;

/** From here on there is time for tiles again. */
export function startFrame(): void {
  spent = 0;
}

let frame: CSSNumberish | null = null;

/** The same, unless the browser has not shown what was painted last: an event and its echo may both paint before it does. */
export function startShownFrame(): void {
  const now = document.timeline.currentTime;
  if (now !== frame) startFrame();
  frame = now;
}

/** The level of which a block takes at least one pixel of the screen, both ways. */
export function levelFor(cellWidth: number, cellHeight: number, pixelRatio: number): number {
  const pixels = Math.min(cellWidth, cellHeight) * pixelRatio;
  return pixels >= 1 ? 0 : Math.ceil(-Math.log2(pixels) - 1e-9);
}

/** The level of the coarse image of the whole matrix. */
const wholeLevel = ({ rows, columns }: MatrixView) =>
  Math.max(0, Math.ceil(Math.log2(Math.max(rows, columns) / WHOLE)));

interface Source {
  trace: Trace;
  palette: Palette;
  shade: Shade | undefined;
}

/** Draws the cells of a box, as far as the canvas shows them. Says whether all of it stands as fine as it can be seen. */
export function drawCells(
  context: CanvasRenderingContext2D,
  { trace, palette, shade }: Source,
  box: Box,
  view: MatrixView,
): boolean {
  const source: Source = { trace, palette, shade: shade?.keyFor(view) ? shade : undefined };
  const { a, d, e, f } = context.getTransform();
  const whole = wholeLevel(view);
  const level = levelFor(box.cellWidth * a, box.cellHeight * d, 1);
  const [width, height] = [view.columns * box.cellWidth, view.rows * box.cellHeight];
  context.imageSmoothingEnabled = false;
  if (level >= whole) {
    context.drawImage(wholeImage(source, view, level), box.x, box.y, width, height);
    return true;
  }
  const block = 2 ** level;
  const size = { width: box.cellWidth * block, height: box.cellHeight * block };
  const range = (start: number, step: number, blocks: number, scale: number, shift: number, extent: number) => ({
    from: Math.max(0, Math.floor((-shift / scale - start) / step / TILE)),
    to: Math.min(Math.ceil(blocks / TILE), Math.ceil(((extent - shift) / scale - start) / step / TILE)),
  });
  const { canvas } = context;
  const [rows, columns] = [blocksOf(view.rows, level), blocksOf(view.columns, level)];
  const down = range(box.y, size.height, rows, d, f, canvas.height);
  const across = range(box.x, size.width, columns, a, e, canvas.width);
  let complete = true;
  for (let r = down.from; r < down.to; r++) {
    for (let c = across.from; c < across.to; c++) {
      const part = {
        row: r * TILE,
        column: c * TILE,
        rows: Math.min(TILE, rows - r * TILE),
        columns: Math.min(TILE, columns - c * TILE),
      };
      // Edges on whole pixels: no seams.
      const snap = (at: number, scale: number, shift: number) => (Math.round(at * scale + shift) - shift) / scale;
      const left = snap(box.x + part.column * size.width, a, e);
      const top = snap(box.y + part.row * size.height, d, f);
      const right = snap(Math.min(box.x + (part.column + part.columns) * size.width, box.x + width), a, e);
      const bottom = snap(Math.min(box.y + (part.row + part.rows) * size.height, box.y + height), d, f);
      const image = tileOf(source, view, level, part);
      // The last block of a row may be cut off by the edge of the matrix.
      if (image) context.drawImage(image, left, top, right - left, bottom - top);
      else {
        complete = false;
        const coarse = wholeImage(source, view, whole);
        const share = 2 ** (level - whole);
        const [x, y] = [part.column * share, part.row * share];
        const [w, h] = [part.columns * share, part.rows * share];
        context.drawImage(coarse, x, y, w, h, left, top, right - left, bottom - top);
      }
    }
  }
  return complete;
}

/** All of a coarse level as one tile: it is made at once. */
function wholeImage(source: Source, view: MatrixView, level: number): Tile {
  const [rows, columns] = [blocksOf(view.rows, level), blocksOf(view.columns, level)];
  return tileOf(source, view, level, { row: 0, column: 0, rows, columns }) as Tile;
}

/** A tile that is there or can be made in time. */
function tileOf({ trace, palette, shade }: Source, view: MatrixView, level: number, part: Part): Tile | undefined {
  const known = tiles.get(trace) ?? new Map<string, Tile>();
  tiles.set(trace, known);
  const key = `${view.key}/${view.rows}x${view.columns}/${palette.lit}/${level}/${part.row},${part.column}/${shade?.keyFor(view)}`;
  const found = known.get(key);
  if (found) {
    // Last used, last to go.
    known.delete(key);
    known.set(key, found);
    return found;
  }
  if (spent > BUDGET_MS && level < wholeLevel(view)) return undefined;
  const start = performance.now();
  const image = new OffscreenCanvas(part.columns, part.rows);
  const context = image.getContext("2d") as OffscreenCanvasRenderingContext2D;
  const pixels = context.createImageData(part.columns, part.rows);
  const numbers = partOf(trace, view, level, part);
  const colors = new Uint32Array(pixels.data.buffer);
  paintNumbers(numbers, scaleOf(trace, view.stage), palette, colors);
  shade?.fade(view, level, part, colors);
  context.putImageData(pixels, 0, 0);
  known.set(key, image);
  if (known.size > KEPT_TILES) known.delete(known.keys().next().value as string);
  spent += performance.now() - start;
  return image;
}
