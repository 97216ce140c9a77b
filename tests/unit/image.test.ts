/** The image of a matrix: the right pixel for the right cell, and what stands for many cells on one pixel. */

import { describe, expect, it } from "vitest";
import type { Stage, Trace } from "../../www/engine/types.ts";
import { bounded, holding, zoomed } from "../../www/view/lens.ts";
import { MatrixView, sliceForHead, transposed } from "../../www/view/matrix-view.ts";
import { colorOf, LIGHT, paintNumbers, scaleOf } from "../../www/view/palette.ts";
import { prepare } from "../../www/view/prepare.ts";
import { keptLevel, partOf, standsFor } from "../../www/view/pyramid.ts";
import { levelFor } from "../../www/view/tiles.ts";

/** A stage of heads whose numbers all differ, in no order; negative ones among them unless they are weights. */
function traceOf(id: string, heads: number, rows: number, columns: number): Trace {
  const stage: Stage = {
    id,
    axes: ["head", "query", "key"],
    shape: [heads, rows, columns],
    offset: 3,
    from: [],
    op: "matmul",
    formula: "",
  };
  const size = heads * rows * columns;
  const data = new Float32Array(3 + size);
  for (let n = 0; n < size; n++) {
    const share = ((n * 7919) % 10007) / 10007;
    data[3 + n] = id === "weights" ? share : share - 0.5;
  }
  return { stages: [stage], data, config: { heads } } as unknown as Trace;
}

const view = (trace: Trace, head: number) => sliceForHead(trace, trace.stages[0] as Stage, head);

/** The largest finite cell of a block, by asking for every cell by its index. */
function largest(trace: Trace, of: MatrixView, level: number, r: number, c: number): number {
  const size = 2 ** level;
  let found = Number.NaN;
  for (let row = r * size; row < Math.min((r + 1) * size, of.rows); row++) {
    for (let column = c * size; column < Math.min((c + 1) * size, of.columns); column++) {
      const value = of.value(trace, row, column);
      if (Number.isFinite(value) && !(Math.abs(value) <= Math.abs(found))) found = value;
    }
  }
  return found;
}

describe("a view's strides", () => {
  const trace = traceOf("scores", 3, 5, 7);
  it("lead to the cells that its indices name", () => {
    for (const of of [view(trace, 1), transposed(view(trace, 2))]) {
      for (let row = 0; row < of.rows; row++) {
        for (let column = 0; column < of.columns; column++) {
          const [head = 0, query = 0, key = 0] = of.index(row, column);
          expect(of.value(trace, row, column)).toBe(trace.data[3 + (head * 5 + query) * 7 + key]);
        }
      }
    }
  });
  it("lead nowhere outside of it", () => {
    expect(view(trace, 0).value(trace, 0, 7)).toBeNaN();
    expect(view(trace, 0).value(trace, -1, 0)).toBeNaN();
  });
  it("run through a state that lies in one row", () => {
    const stage: Stage = { ...(trace.stages[0] as Stage), axes: ["token", "key_dim", "dim"], shape: [5, 3, 7] };
    const slice = { origin: [0, 0, 0], rowAxis: 0, columnAxis: 1, rows: 5, columns: 21, inner: 7 };
    const of = new MatrixView(stage, slice);
    expect(of.index(4, 9)).toEqual([4, 1, 2]);
    expect(of.value(trace, 4, 9)).toBe(trace.data[3 + 4 * 21 + 9]);
  });
});

describe("a level", () => {
  for (const [name, rows, columns] of [
    ["wide", 37, 91],
    ["high", 200, 3],
    ["whole blocks", 64, 64],
  ] as const) {
    it(`holds the largest cell of each block, with its sign: ${name}`, () => {
      const trace = traceOf("scores", 2, rows, columns);
      const of = view(trace, 1);
      for (const level of [0, 1, 2, 3, 4, 5]) {
        const [down, across] = [Math.ceil(rows / 2 ** level), Math.ceil(columns / 2 ** level)];
        const found = partOf(trace, of, level, { row: 0, column: 0, rows: down, columns: across });
        const expected = Array.from(found, (_, n) => largest(trace, of, level, Math.floor(n / across), n % across));
        expect(Array.from(found)).toEqual(expected);
      }
    });
  }
  it("has parts that are cut out of it", () => {
    const trace = traceOf("scores", 1, 50, 50);
    const part = { row: 2, column: 3, rows: 4, columns: 5 };
    for (const level of [0, 1, 3]) {
      const found = partOf(trace, view(trace, 0), level, part);
      expect(found[0]).toBe(largest(trace, view(trace, 0), level, 2, 3));
      expect(found[1 * 5 + 2]).toBe(largest(trace, view(trace, 0), level, 3, 5));
    }
  });
  it("passes over what is no finite number, and says where there is nothing else", () => {
    const trace = traceOf("scores", 1, 16, 16);
    trace.data.fill(Number.NEGATIVE_INFINITY, 3, 3 + 8 * 16);
    trace.data[3 + 8 * 16] = Number.NaN;
    const found = partOf(trace, view(trace, 0), 3, { row: 0, column: 0, rows: 2, columns: 2 });
    expect([found[0], found[1]]).toEqual([Number.NaN, Number.NaN]);
    expect(found[2]).toBe(largest(trace, view(trace, 0), 3, 1, 0));
    expect(found[2]).not.toBeNaN();
    expect(keptLevel(trace, view(trace, 0)).holes).toBe(true);
  });
  it("names the cell that a block shows", () => {
    const trace = traceOf("scores", 1, 40, 40);
    const of = view(trace, 0);
    for (const [row, column] of [
      [0, 0],
      [13, 22],
      [39, 39],
    ] as const) {
      const at = standsFor(trace, of, 2, row, column);
      expect(of.value(trace, at.row, at.column)).toBe(largest(trace, of, 2, row >> 2, column >> 2));
    }
  });
  it("is as fine as the pixels of the screen, and no finer", () => {
    expect(levelFor(5, 3, 1)).toBe(0);
    expect(levelFor(1, 1, 1)).toBe(0);
    expect(levelFor(1.6, 0.99, 1)).toBe(1);
    expect(levelFor(0.5, 0.5, 2)).toBe(0);
    expect(levelFor(0.11, 0.07, 1)).toBe(4);
    for (const size of [0.9, 0.3, 0.07, 0.011]) {
      const level = levelFor(size, size, 1);
      expect(size * 2 ** level).toBeGreaterThanOrEqual(1);
      expect(size * 2 ** (level - 1)).toBeLessThan(1);
    }
  });
});

describe("pixels", () => {
  for (const id of ["weights", "scores"]) {
    it(`have the colours of the scale: ${id}`, () => {
      const trace = traceOf(id, 1, 30, 40);
      const scale = scaleOf(trace, trace.stages[0] as Stage);
      const numbers = trace.data.slice(3);
      numbers[5] = Number.NaN;
      numbers[6] = Number.NEGATIVE_INFINITY;
      const pixels = new Uint32Array(numbers.length);
      paintNumbers(numbers, scale, LIGHT, pixels);
      const bytes = new Uint8Array(pixels.buffer);
      let furthest = 0;
      numbers.forEach((value, n) => {
        colorOf(value, scale, LIGHT).forEach((channel, k) => {
          furthest = Math.max(furthest, Math.abs(channel - (bytes[4 * n + k] as number)));
        });
        expect(bytes[4 * n + 3]).toBe(255);
      });
      expect(furthest).toBeLessThanOrEqual(1.5);
    });
  }
  it("are right where every number is zero", () => {
    const trace = traceOf("weights", 1, 2, 2);
    trace.data.fill(0);
    const pixels = new Uint32Array(4);
    paintNumbers(trace.data.subarray(3), scaleOf(trace, trace.stages[0] as Stage), LIGHT, pixels);
    expect([...new Uint8Array(pixels.buffer).subarray(0, 3)]).toEqual([...LIGHT.paper]);
  });
});

it("a large trace is prepared with the very scale that would be read at once", async () => {
  const [trace, same] = [traceOf("scores", 3, 400, 300), traceOf("scores", 3, 400, 300)];
  trace.data[1000] = same.data[1000] = Number.NaN;
  await prepare(trace);
  expect(scaleOf(trace, trace.stages[0] as Stage)).toEqual(scaleOf(same, same.stages[0] as Stage));
});

it("what is under the pointer stays there while one zooms", () => {
  const of = view(traceOf("weights", 1, 4096, 4096), 0);
  const box = (cell: number) =>
    ({ part: { view: of }, x: 120, y: 60, cellWidth: cell * 1.6, cellHeight: cell }) as unknown as Parameters<
      typeof holding
    >[2][number];
  let lens = { zoom: 1, x: 0, y: 0 };
  const at = { x: 300, y: 200 };
  const seen = (cell: number) => ({
    row: (at.y + lens.y - 60) / cell,
    column: (at.x + lens.x - 120) / (cell * 1.6),
  });
  const before = seen(0.1);
  const hold = { key: of.key, ...before, at };
  for (const cell of [0.2, 0.7, 3, 16]) {
    lens = bounded(
      holding(zoomed(lens, 2), hold, [box(cell)]),
      { width: 900, height: 400 },
      { width: 1e6, height: 1e6 },
    );
    expect(seen(cell).row).toBeCloseTo(before.row, 6);
    expect(seen(cell).column).toBeCloseTo(before.column, 6);
  }
});
