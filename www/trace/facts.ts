/** What can be said of a cell beside its value: how it stands in its row, how query and key lie, and what counts most in it. All of it is read off the trace. */

import type { Explanation, Factor, Stage, Trace } from "../engine/types.ts";
import { valueAt } from "./cells.ts";

/** The numbers along the last axis of a stage. */
export function rowAt(trace: Trace, { shape, offset }: Stage, index: readonly number[]): Float32Array {
  const rows = shape.slice(0, -1);
  const row = rows.reduce((before, extent, axis) => before * extent + (index[axis] ?? 0), 0);
  const width = shape.at(-1) ?? 0;
  return trace.data.subarray(offset + row * width, offset + (row + 1) * width);
}

/** The places of the largest number, more than one where several are as large; none in a row of −∞ or with NaN. */
export function largestIn(row: Float32Array): number[] {
  const largest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return largest === Number.NEGATIVE_INFINITY ? [] : [...row.keys()].filter((n) => row[n] === largest);
}

export interface Standing {
  /** Nothing can be said of a row with NaN, or of one number. */
  kind: "none" | "first" | "tied" | "last" | "nth";
  /** From 1, the largest. */
  n: number;
  all: number;
}

export function standingOf(trace: Trace, stage: Stage, index: readonly number[]): Standing {
  const row = rowAt(trace, stage, index);
  const value = valueAt(trace, stage, index);
  const all = row.length;
  if (all < 2 || row.some(Number.isNaN)) return { kind: "none", n: 0, all };
  const larger = row.reduce((count, other) => count + (other > value ? 1 : 0), 0);
  const same = row.reduce((count, other) => count + (other === value ? 1 : 0), 0);
  if (larger === 0) return { kind: same > 1 ? "tied" : "first", n: 1, all };
  if (larger + same === all && same === 1) return { kind: "last", n: all, all };
  return { kind: "nth", n: larger + 1, all };
}

export type Angle = "same" | "near" | "right" | "apart" | "opposite";

/** Cosines of 60° and of 84°: nearer to each other than the one is "much the same way", farther than the other a right angle. */
const MUCH = 0.5;
const LITTLE = 0.1;

/** How the two vectors of a dot product lie to each other, from its terms; undefined where one has no direction. */
export function angleOf({ terms, exact }: Explanation): Angle | undefined {
  const length = (n: number) => Math.hypot(...terms.map(({ factors }) => factors[n]?.value ?? Number.NaN));
  const cosine = exact / (length(0) * length(1));
  if (!Number.isFinite(cosine)) return undefined;
  if (Math.abs(cosine) < LITTLE) return "right";
  if (cosine > 0) return cosine >= MUCH ? "same" : "near";
  return cosine <= -MUCH ? "opposite" : "apart";
}

/** The products that count most in a sum, whatever their sign: more than one where several are as large; none where none counts. */
export function mostIn({ terms }: Explanation): (readonly Factor[])[] {
  const sizes = terms.map(({ product }) => Math.abs(product));
  const most = sizes.reduce((a, b) => Math.max(a, b), 0);
  return most > 0 ? terms.filter((_, n) => sizes[n] === most).map(({ factors }) => factors) : [];
}
