/** Which weights of a head are kept by a threshold and a number of largest of each row, and how much of its attention that is. */

import type { Trace } from "../../engine/types.ts";
import { stageOf } from "../../trace/cells.ts";
import { type CellsView, headIndex, MatrixView } from "../matrix-view.ts";
import type { Palette } from "../palette.ts";
import { turn } from "../prepare.ts";
import type { Part } from "../pyramid.ts";
import type { Shade } from "../tiles.ts";

export interface Filter {
  /** Weights below it are filtered; 0 = none. */
  threshold: number;
  /** So many of each row are kept, of equals those that come first; 0 = all. */
  topK: number;
}

/** What is left of the colour of a cell that is filtered. */
const FADED = 0.12;
/** Half a frame: what the reader does comes between two slices. */
const SLICE_MS = 8;
/** Rows between two looks at the clock. */
const ROWS = 8;

export class Kept {
  readonly head: number;
  readonly filter: Filter;
  readonly rows: number;
  readonly columns: number;
  /** Of each row: how many weights are kept, and which share of all its attention. NaN in a row that attends to nothing. */
  readonly counts: Uint32Array;
  readonly shares: Float64Array;
  readonly #mask: Uint8Array;
  readonly #weights: Float32Array;
  readonly #sorted: Float32Array;
  #row = 0;

  constructor(weights: Float32Array, size: { head: number; rows: number; columns: number }, filter: Filter) {
    this.head = size.head;
    this.rows = size.rows;
    this.columns = size.columns;
    this.filter = filter;
    this.counts = new Uint32Array(size.rows);
    this.shares = new Float64Array(size.rows);
    this.#mask = new Uint8Array(size.rows * size.columns);
    this.#weights = weights;
    this.#sorted = new Float32Array(size.columns);
  }

  get complete(): boolean {
    return this.#row === this.rows;
  }

  /** Of the query `row`, the key `column`. */
  has(row: number, column: number): boolean {
    return this.#mask[row * this.columns + column] === 1;
  }

  /** Filters the next row. A weight of zero is never kept: the row does not look there. */
  next(): void {
    const row = this.#row++;
    const { columns } = this;
    const from = row * columns;
    const weights = this.#weights.subarray(from, from + columns);
    const { least, equals } = this.#cut(weights);
    let [left, count, kept, all] = [equals, 0, 0, 0];
    for (let column = 0; column < columns; column++) {
      const weight = weights[column] as number;
      all += weight;
      if (!(weight > 0) || weight < least || weight < this.filter.threshold) continue;
      if (weight === least && left-- <= 0) continue;
      this.#mask[from + column] = 1;
      count++;
      kept += weight;
    }
    this.counts[row] = count;
    this.shares[row] = all > 0 ? kept / all : Number.NaN;
  }

  /** The least of the largest of a row, and how many that are equal to it belong to them. */
  #cut(weights: Float32Array): { least: number; equals: number } {
    const { topK } = this.filter;
    const { columns } = this;
    if (topK === 0 || topK >= columns) return { least: 0, equals: columns };
    this.#sorted.set(weights);
    this.#sorted.sort();
    const least = this.#sorted[columns - topK] as number;
    return { least, equals: topK - (columns - 1 - this.#sorted.lastIndexOf(least)) };
  }
}

/** What is kept of a head, once it is worked out. Of many weights that takes several slices: `changed` tells when they are over. */
export class Filtering {
  #kept: Kept | undefined;
  #trace: Trace | undefined;

  of(trace: Trace, head: number, { threshold, topK }: Filter, changed: () => void): Kept | undefined {
    const stage = stageOf(trace, "weights");
    if (!stage || (threshold === 0 && topK === 0)) {
      this.#kept = undefined;
      return undefined;
    }
    const at = headIndex(trace, stage, head);
    const known = this.#kept;
    const same = known?.filter.threshold === threshold && known.filter.topK === topK;
    if (!known || trace !== this.#trace || known.head !== at || !same) {
      const [, rows = 1, columns = 1] = stage.shape;
      const start = stage.offset + at * rows * columns;
      const weights = trace.data.subarray(start, start + rows * columns);
      this.#trace = trace;
      this.#kept = new Kept(weights, { head: at, rows, columns }, { threshold, topK });
      void this.#fill(this.#kept, changed);
    }
    return this.#kept?.complete ? this.#kept : undefined;
  }

  /** The first slice at once: of a small matrix that is all. */
  async #fill(kept: Kept, changed: () => void): Promise<void> {
    let end = performance.now() + SLICE_MS;
    let sliced = false;
    while (!kept.complete) {
      for (let n = 0; n < ROWS && !kept.complete; n++) kept.next();
      if (kept.complete || performance.now() < end) continue;
      sliced = true;
      await turn();
      if (kept !== this.#kept) return;
      end = performance.now() + SLICE_MS;
    }
    if (sliced) changed();
  }
}

/** What is filtered stands faded in every matrix of queries by keys. */
export function shadeOf(kept: Kept, palette: Palette): Shade {
  const key = [kept.head, kept.filter.threshold, kept.filter.topK].join();
  return {
    keyFor: (view) => (isFiltered(kept, view) ? key : ""),
    fade(_, level, part, pixels) {
      const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
      eachBlock(kept, level, part, (place) => {
        for (const [channel, paper] of palette.paper.entries()) {
          const at = place * Uint32Array.BYTES_PER_ELEMENT + channel;
          bytes[at] = paper + ((bytes[at] as number) - paper) * FADED;
        }
      });
    },
  };
}

/** Whether a view shows all the head's queries by its keys. */
export function isFiltered(kept: Kept, view: CellsView): boolean {
  if (!(view instanceof MatrixView) || view.rows !== kept.rows || view.columns !== kept.columns) return false;
  const { stage, origin, rowAxisName, columnAxisName } = view;
  const head = stage.axes[0] === "head" ? origin[0] : kept.head;
  return rowAxisName === "query" && columnAxisName === "key" && head === kept.head;
}

/** Every block of a part of which no cell is kept, by its place in the part. */
function eachBlock(kept: Kept, level: number, part: Part, act: (place: number) => void): void {
  const size = 2 ** level;
  const any = (row: number, column: number) => {
    const [bottom, right] = [Math.min(row + size, kept.rows), Math.min(column + size, kept.columns)];
    for (let r = row; r < bottom; r++) for (let c = column; c < right; c++) if (kept.has(r, c)) return true;
    return false;
  };
  for (let r = 0; r < part.rows; r++)
    for (let c = 0; c < part.columns; c++)
      if (!any((part.row + r) * size, (part.column + c) * size)) act(r * part.columns + c);
}
