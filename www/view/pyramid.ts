/**
 * Blocks of cells by their largest: what a pixel shows that many cells fall on. The one of the largest size stands for its
 * block, with its sign, so that every number here is one of the trace. Level 0 is the cells, each level halves both sides.
 */

import type { Trace } from "../engine/types.ts";
import type { MatrixView } from "./matrix-view.ts";

/** Blocks of this level are kept for a whole matrix; finer ones are made from the cells for what is in sight. */
export const KEPT_LEVEL = 3;
const KEPT_BLOCK = 2 ** KEPT_LEVEL;

/** A part of a level, in blocks of that level. */
export interface Part {
  row: number;
  column: number;
  rows: number;
  columns: number;
}

export const blocksOf = (cells: number, level: number): number => Math.ceil(cells / 2 ** level);

/** A matrix as numbers in rows: the cells of a view, or the blocks of a level. */
interface Numbers {
  data: Float32Array;
  start: number;
  /** How far apart neighbours lie, down and across. */
  down: number;
  across: number;
  rows: number;
  columns: number;
}

/** Each block of `size` by `size` numbers by its largest; NaN where none of them is finite. Says whether some are not. */
function reduce(from: Numbers, size: number, part: Part, out: Float32Array): boolean {
  const { data, start, down, across } = from;
  let holes = false;
  let place = 0;
  for (let r = part.row; r < part.row + part.rows; r++) {
    const bottom = Math.min((r + 1) * size, from.rows);
    for (let c = part.column; c < part.column + part.columns; c++) {
      const right = Math.min((c + 1) * size, from.columns);
      let largest = Number.NaN;
      let most = -1;
      for (let row = r * size; row < bottom; row++) {
        let at = start + row * down + c * size * across;
        for (let column = c * size; column < right; column++, at += across) {
          const value = data[at] as number;
          const distance = value < 0 ? -value : value;
          if (!(distance < Number.POSITIVE_INFINITY)) holes = true;
          else if (distance > most) {
            most = distance;
            largest = value;
          }
        }
      }
      out[place++] = largest;
    }
  }
  return holes;
}

const cellsOf = (trace: Trace, view: MatrixView): Numbers => ({
  data: trace.data,
  start: view.start,
  down: view.down,
  across: view.across,
  rows: view.rows,
  columns: view.columns,
});

/** The kept level of a matrix while it is filled, and whether some of its cells are no finite number. */
export class Kept {
  readonly numbers: Numbers;
  holes = false;
  #row = 0;

  constructor({ rows, columns }: { rows: number; columns: number }) {
    const size = { rows: blocksOf(rows, KEPT_LEVEL), columns: blocksOf(columns, KEPT_LEVEL) };
    const data = new Float32Array(size.rows * size.columns);
    this.numbers = { data, start: 0, down: size.columns, across: 1, ...size };
  }

  /** Fills the next row of blocks; false when there is none. */
  next(trace: Trace, view: MatrixView): boolean {
    const { rows, columns, data } = this.numbers;
    if (this.#row === rows) return false;
    const part = { row: this.#row, column: 0, rows: 1, columns };
    const out = data.subarray(this.#row * columns, (this.#row + 1) * columns);
    this.holes = reduce(cellsOf(trace, view), KEPT_BLOCK, part, out) || this.holes;
    this.#row++;
    return true;
  }
}

const keptOf = new WeakMap<Trace, Map<string, Kept>>();

/** The kept level of a view. It may not be full yet. */
export function keptLevel(trace: Trace, view: MatrixView): Kept {
  const known = keptOf.get(trace) ?? new Map<string, Kept>();
  keptOf.set(trace, known);
  const key = `${view.key}/${view.rows}x${view.columns}`;
  const kept = known.get(key) ?? new Kept(view);
  known.set(key, kept);
  return kept;
}

/** A part of a level of a view, row by row. */
export function partOf(trace: Trace, view: MatrixView, level: number, part: Part): Float32Array {
  const out = new Float32Array(part.rows * part.columns);
  if (level < KEPT_LEVEL) reduce(cellsOf(trace, view), 2 ** level, part, out);
  else {
    const kept = keptLevel(trace, view);
    while (kept.next(trace, view));
    reduce(kept.numbers, 2 ** (level - KEPT_LEVEL), part, out);
  }
  return out;
}

/** The cell that stands for the block in which a cell lies: the one that its pixel shows. */
export function standsFor(trace: Trace, view: MatrixView, level: number, row: number, column: number) {
  const size = 2 ** level;
  const [top, left] = [Math.floor(row / size) * size, Math.floor(column / size) * size];
  let most = -1;
  let found = { row, column };
  for (let r = top; r < Math.min(top + size, view.rows); r++) {
    for (let c = left; c < Math.min(left + size, view.columns); c++) {
      const distance = Math.abs(view.value(trace, r, c));
      if (!(distance < Number.POSITIVE_INFINITY) || distance <= most) continue;
      most = distance;
      found = { row: r, column: c };
    }
  }
  return found;
}
