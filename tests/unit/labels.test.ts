/** Where the names of columns stand: over their own column, whole where few are shown, and within the matrix. */

import { describe, expect, it } from "vitest";
import type { Trace } from "../../www/engine/types.ts";
import { labelsFor } from "../../www/view/labels.ts";
import type { Box } from "../../www/view/layout.ts";

/** Weights of `columns` keys, each cell `cellWidth` wide, with room of 58 for the names of its rows. */
function over(columns: number, cellWidth: number, columnLabels = "top") {
  const view = { rowAxisName: "query", columnAxisName: "key", rows: 1, columns, along: (_: string, n: number) => n };
  const box = { part: { view }, x: 100, y: 50, cellWidth, cellHeight: 20, labelWidth: 58, columnLabels };
  const key = Array.from({ length: columns }, (_, n) => `token${n}`);
  const trace = { tokens: { query: ["a"], key } } as unknown as Trace;
  return labelsFor(box as unknown as Box, trace, "column", { from: 0, to: columns });
}

describe("the names of columns", () => {
  it.each([
    [12, 40, 12],
    [12, 16, 6],
    [100, 4, 8],
    [900, 0.5, 9],
  ])("of %i columns of %f pixels %i are named, each over its own", (columns, cellWidth, count) => {
    const labels = over(columns, cellWidth);
    expect(labels.length).toBe(count);
    for (const { n, text, left, width } of labels) {
      expect(text).toBe(`token${n}`);
      expect(left + width / 2).toBeCloseTo(100 + (n + 0.5) * cellWidth, 9);
    }
  });

  it("leave what is beside the matrix alone, and each other", () => {
    for (const [columns, cellWidth] of [
      [12, 16],
      [100, 4],
      [300, 1.4],
      [4096, 0.13],
    ] as const) {
      const labels = over(columns, cellWidth);
      const ends = labels.map(({ left, width }) => left + width);
      expect(Math.max(...ends)).toBeLessThanOrEqual(100 + columns * cellWidth + 14);
      for (const [n, { left }] of labels.slice(1).entries())
        expect(left).toBeGreaterThanOrEqual((ends[n] as number) - 1e-9);
    }
  });

  it.each([
    [12, 16, 12],
    [12, 12.5, 12],
    [40, 10, 20],
  ])("upright, of %i columns of %f pixels %i are named, each in the middle of its own", (columns, cellWidth, count) => {
    const labels = over(columns, cellWidth, "upright");
    expect(labels.length).toBe(count);
    for (const { n, left, top, height, upright } of labels) {
      expect(upright).toBe(true);
      expect(left + height / 2).toBeCloseTo(100 + (n + 0.5) * cellWidth, 9);
      // it begins over its column
      expect(top).toBeLessThan(50);
    }
  });

  it("are whole where columns are narrow", () => {
    for (const { width } of over(300, 1.4)) expect(width).toBeGreaterThanOrEqual(50);
  });
});
