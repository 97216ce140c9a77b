/** The filter of weights: what is kept, and which share of a row's attention that is, against the plainest way to say it. */

import { describe, expect, test } from "vitest";
import { Kept } from "../../www/view/tools/filter.ts";

/** Rows that add up to 1, with zeros and with equals among them. */
function weightsOf(rows: number, columns: number): Float32Array {
  const weights = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const raw = Array.from({ length: columns }, (_, column) =>
      column > row + 2 ? 0 : 1 + ((row * 7 + column * 5) % 9),
    );
    const sum = raw.reduce((a, b) => a + b, 0);
    weights.set(
      raw.map((one) => one / sum),
      row * columns,
    );
  }
  return weights;
}

function kept(weights: Float32Array, rows: number, columns: number, threshold: number, topK: number): Kept {
  const made = new Kept(weights, { head: 0, rows, columns }, { threshold, topK });
  while (!made.complete) made.next();
  return made;
}

describe.each([
  [0, 3],
  [0.08, 0],
  [0.05, 4],
  [0, 1],
  [0, 99],
  [1, 0],
])("threshold %f, %i of a row", (threshold, topK) => {
  const [rows, columns] = [9, 12];
  const weights = weightsOf(rows, columns);
  const found = kept(weights, rows, columns, threshold, topK);

  test("keeps what a sort by size, then by place, keeps", () => {
    for (let row = 0; row < rows; row++) {
      const all = [...weights.subarray(row * columns, (row + 1) * columns)].map((weight, column) => ({
        weight,
        column,
      }));
      const first = [...all].sort((a, b) => b.weight - a.weight || a.column - b.column);
      const wanted = (topK > 0 ? first.slice(0, topK) : first).filter(
        ({ weight }) => weight > 0 && weight >= threshold,
      );
      const columnsKept = all.map(({ column }) => column).filter((column) => found.has(row, column));
      expect(columnsKept).toEqual(wanted.map(({ column }) => column).sort((a, b) => a - b));
      expect(found.counts[row]).toBe(wanted.length);
      const share =
        wanted.reduce((sum, { weight }) => sum + weight, 0) / all.reduce((sum, { weight }) => sum + weight, 0);
      expect(found.shares[row]).toBeCloseTo(share, 12);
    }
  });
});

test("a row that attends to nothing keeps no share of anything", () => {
  const found = kept(new Float32Array(8), 2, 4, 0, 2);
  expect([...found.counts]).toEqual([0, 0]);
  expect([...found.shares]).toEqual([Number.NaN, Number.NaN]);
});
