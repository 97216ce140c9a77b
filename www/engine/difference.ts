/** How far two runs of the same lie apart. */

export interface Difference {
  /** Where, counted from the start of the arrays; -1 where they are the same. */
  at: number;
  /** Absolute. Infinite where one is no number, or an infinity, and the other is not the same. */
  size: number;
}

export const NO_DIFFERENCE: Difference = { at: -1, size: 0 };

/** The largest between `from` and `to`, if it is larger than `than`. */
export function largestDifference(
  a: Float32Array,
  b: Float32Array,
  [from, to]: [number, number] = [0, Math.max(a.length, b.length)],
  than: Difference = NO_DIFFERENCE,
): Difference {
  let { at, size } = than;
  for (let n = from; n < to; n++) {
    const [one, other] = [a[n] as number, b[n] as number];
    if (one === other || (Number.isNaN(one) && Number.isNaN(other))) continue;
    const apart = Math.abs(one - other);
    const found = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
    if (found > size) [at, size] = [n, found];
  }
  return { at, size };
}
