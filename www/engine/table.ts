/** The table of a call of the kernels: what `src/abi/table.rs` reads. Filled in place, so that a small call makes no objects. */

import type { AttentionRequest, Mask, Tensor } from "./types.ts";

/** Axes that a tensor may have here; one with more goes to the engine, which refuses it in its own words. */
const AXES = 4;
/** Words of a tensor: where it starts in the block (in floats), the number of its axes, their extents. */
const TENSOR = 2 + AXES;

export const BLOCK = 0;
export const Q = 1;
export const K = Q + TENSOR;
export const V = K + TENSOR;
export const MASK = V + TENSOR;
/** 0: none, 1: bytes, 2: floats that are added. */
export const MASK_KIND = MASK + TENSOR;
/** Where the key lengths start, as 32-bit numbers, and how many there are. */
export const LENGTHS = MASK_KIND + 1;
/** Where the output starts, behind all that is read, and how many floats it has. */
export const OUTPUT = LENGTHS + 2;
// Options: not a number where they are absent.
export const HEADS = OUTPUT + 2;
export const KV_HEADS = HEADS + 1;
export const CAUSAL = KV_HEADS + 1;
export const WINDOW = CAUSAL + 1;
export const SCALE = WINDOW + 2;
export const SOFTCAP = SCALE + 1;
export const ROWS = SOFTCAP + 1;
export const WORDS = ROWS + 2;

export const BOOLEAN = 1;
export const ADDITIVE = 2;

/** Floats of a line of the cache: what is copied starts with one, as blocks do. */
const ALIGN = 16;

export type Table = Float64Array;

export const word = (table: Table, at: number): number => table[at] as number;
export const axes = (table: Table, at: number): number => word(table, at + 1);
export const extent = (table: Table, at: number, axis: number): number => word(table, at + 2 + axis);

/**
 * Writes a request into the table, one tensor after the other from the start of the block. False where the request is not
 * of the plainest form, or asks for what only the engine does: that judges it, and refuses it in words if need be.
 */
export function fill(table: Table, request: AttentionRequest): boolean {
  if (typeof request !== "object" || request === null) return false;
  if (request.scores != null || request.pastKey != null || request.pastValue != null) return false;
  let next = tensor(table, Q, request.q, 0);
  next = tensor(table, K, request.k, next);
  next = tensor(table, V, request.v, next);
  next = mask(table, request.mask, next);
  next = lengths(table, request.kvLengths, next);
  if (next < 0 || !options(table, request)) return false;
  table[OUTPUT] = next;
  table[OUTPUT + 1] = outputSize(table);
  return true;
}

/** Writes where a tensor stands, and gives where the next may; negative where something is amiss. */
function tensor(table: Table, at: number, value: Tensor, start: number): number {
  if (start < 0 || !(value?.data instanceof Float32Array)) return -1;
  return place(table, at, value.shape, start, value.data.length) ? aligned(start + value.data.length) : -1;
}

/** Start and shape; false unless the shape makes `size`. */
export function place(table: Table, at: number, shape: readonly number[], start: number, size: number): boolean {
  if (!Array.isArray(shape) || shape.length > AXES) return false;
  let product = 1;
  for (let axis = 0; axis < shape.length; axis++) {
    const extent = shape[axis] as number;
    if (!isSize(extent)) return false;
    table[at + 2 + axis] = extent;
    product *= extent;
  }
  table[at] = start;
  table[at + 1] = shape.length;
  return product === size;
}

export const aligned = (floats: number): number => Math.ceil(floats / ALIGN) * ALIGN;

function mask(table: Table, value: Mask | undefined, start: number): number {
  table[MASK_KIND] = 0;
  if (value == null || start < 0) return start;
  const { data, shape } = value;
  const bytes = data instanceof Uint8Array;
  if (!bytes && !(data instanceof Float32Array)) return -1;
  table[MASK_KIND] = bytes ? BOOLEAN : ADDITIVE;
  if (!place(table, MASK, shape, start, data.length)) return -1;
  return aligned(start + Math.ceil(data.byteLength / Float32Array.BYTES_PER_ELEMENT));
}

function lengths(table: Table, value: Int32Array | undefined, start: number): number {
  table[LENGTHS] = Number.NaN;
  if (value == null || start < 0) return start;
  if (!(value instanceof Int32Array) || !value.every((length) => length >= 0)) return -1;
  table[LENGTHS] = start;
  table[LENGTHS + 1] = value.length;
  return aligned(start + value.length);
}

export type Options = Pick<AttentionRequest, "qHeads" | "kvHeads" | "causal" | "window" | "scale" | "softcap">;

/** Writes the options; false where one has a type that it cannot have. */
export function options(table: Table, { qHeads, kvHeads, causal, window, scale, softcap }: Options): boolean {
  table[ROWS] = Number.NaN;
  table[CAUSAL] = causal ? 1 : 0;
  table[WINDOW] = Number.NaN;
  if (window != null) {
    if (!Array.isArray(window) || window.length !== 2 || !window.every(Number.isInteger)) return false;
    table[WINDOW] = window[0];
    table[WINDOW + 1] = window[1];
  }
  return (
    (causal == null || typeof causal === "boolean") &&
    (qHeads == null || isSize(qHeads)) &&
    (kvHeads == null || isSize(kvHeads)) &&
    number(table, HEADS, qHeads) &&
    number(table, KV_HEADS, kvHeads) &&
    number(table, SCALE, scale) &&
    number(table, SOFTCAP, softcap)
  );
}

function number(table: Table, at: number, value: number | undefined): boolean {
  table[at] = value ?? Number.NaN;
  // Not a number stands for absent, and is not to hide what was given.
  return value == null || (typeof value === "number" && !Number.isNaN(value));
}

const isSize = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

/** Floats of the output, laid out as q is; none where q has no such layout, which the kernels refuse. */
function outputSize(table: Table): number {
  let size = 1;
  for (const extent of outputShape(table)) size *= extent;
  return Number.isSafeInteger(size) ? size : 0;
}

export function outputShape(table: Table): number[] {
  const [batch, second] = [extent(table, Q, 0), extent(table, Q, 1)];
  if (axes(table, Q) === 4) return [batch, second, extent(table, Q, 2), extent(table, V, 3)];
  if (axes(table, Q) !== 3) return [0];
  const heads = word(table, HEADS);
  const kvHeads = Number.isNaN(word(table, KV_HEADS)) ? heads : word(table, KV_HEADS);
  return [batch, second, (heads * extent(table, V, 2)) / kvHeads];
}

/** Multiply-adds: every number of the queries meets every key, and every number of the output. */
export function costOf(table: Table): number {
  const keys = extent(table, K, axes(table, K) - 2);
  let queries = 1;
  for (let axis = 0; axis < axes(table, Q); axis++) queries *= extent(table, Q, axis);
  return (queries + word(table, OUTPUT + 1)) * keys;
}
