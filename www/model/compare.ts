/** Two sentences with the same words: whether what a model makes of them is the same set of rows. */

import type { Tensor } from "../engine/types.ts";

/** The text with the first two of these words in each other's place; none where there are not two. */
export function swapped(text: string, words: readonly string[]): string | undefined {
  const known = new Set(words);
  const places = [...text.matchAll(/[\p{L}'’]+/gu)].filter(([word]) => known.has(word.toLowerCase()));
  const [first, second] = places;
  if (!first || !second) return undefined;
  const like = (word: string, place: string) => {
    const [initial = ""] = place;
    const lower = word.toLowerCase();
    return initial === initial.toUpperCase()
      ? `${initial === "" ? "" : lower[0]?.toUpperCase()}${lower.slice(1)}`
      : lower;
  };
  const between = text.slice(first.index + first[0].length, second.index);
  const after = text.slice(second.index + second[0].length);
  return text.slice(0, first.index) + like(second[0], first[0]) + between + like(first[0], second[0]) + after;
}

/**
 * How far two sets of rows are apart: the largest, over the rows of either, of the distance to the nearest row of the other,
 * a distance being the largest difference of two numbers. 0 where they are the same set.
 *
 * Shapes: a, b: [.., token, width], of which the last layer is taken.
 */
export function apart(a: Tensor, b: Tensor): number {
  const [one, other] = [lastRows(a), lastRows(b)];
  return Math.max(farthest(one, other), farthest(other, one));
}

function lastRows({ shape, data }: Tensor): Float32Array[] {
  const [tokens = 0, width = 0] = shape.slice(-2);
  const start = data.length - tokens * width;
  return Array.from({ length: tokens }, (_, n) => data.subarray(start + n * width, start + (n + 1) * width));
}

function farthest(from: Float32Array[], to: Float32Array[]): number {
  return Math.max(...from.map((row) => Math.min(...to.map((other) => distance(row, other)))));
}

function distance(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, n) => Math.max(most, Math.abs(value - (b[n] ?? Number.NaN))), 0);
}

/** Sums of the same numbers in another order differ by their rounding: numbers near 1 by less than this. */
export const ROUNDING = 1e-5;
