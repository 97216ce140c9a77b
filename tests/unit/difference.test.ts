/** Where two runs lie farthest apart, and which cell that is. */

import { describe, expect, it } from "vitest";
import { cellAt } from "../../www/element/backend/compare.ts";
import { largestDifference, NO_DIFFERENCE } from "../../www/engine/difference.ts";
import type { Trace } from "../../www/engine/types.ts";
import { backend, noticeOf } from "../../www/text/backend.ts";

const numbers = (...values: number[]) => new Float32Array(values);
const { NaN: none, POSITIVE_INFINITY: inf } = Number;

describe("largestDifference", () => {
  it.each<[string, Float32Array, Float32Array, number, number]>([
    ["nothing", numbers(), numbers(), -1, 0],
    ["the same", numbers(1, -inf, none, 0), numbers(1, -inf, none, -0), -1, 0],
    ["the first of two as large", numbers(1, 2, 3), numbers(1.5, 2, 2.5), 0, 0.5],
    ["of either sign", numbers(1, -2, 3), numbers(1.25, -2.5, 3), 1, 0.5],
    ["a number and none", numbers(1, none), numbers(9, 1), 1, inf],
    ["two infinities", numbers(9, inf), numbers(1, -inf), 1, inf],
    ["one that is longer", numbers(1, 2), numbers(1, 2, 3), 2, inf],
  ])("%s", (_, a, b, at, size) => {
    expect(largestDifference(a, b)).toEqual({ at, size });
    expect(largestDifference(b, a)).toEqual({ at, size });
  });

  it("goes on from what was found before, within its bounds", () => {
    const [a, b] = [numbers(0, 0, 0, 0), numbers(3, 1, 2, 9)];
    const first = largestDifference(a, b, [1, 2], NO_DIFFERENCE);
    expect(first).toEqual({ at: 1, size: 1 });
    expect(largestDifference(a, b, [2, 3], first)).toEqual({ at: 2, size: 2 });
    expect(largestDifference(a, b, [1, 2], { at: 0, size: 3 })).toEqual({ at: 0, size: 3 });
  });
});

it("a place of the arena is a cell of its stage", () => {
  const stage = (id: string, offset: number, shape: number[]) => ({ id, offset, shape });
  // Weights stand last in the arena where they are all that is kept, whatever their place in the table.
  const stages = [stage("query", 0, [2, 3]), stage("weights", 10, [2, 2, 2]), stage("mixed", 6, [2, 2])];
  const trace = { stages } as unknown as Trace;
  expect(cellAt(trace, 0)).toEqual({ stage: "query", index: [0, 0] });
  expect(cellAt(trace, 5)).toEqual({ stage: "query", index: [1, 2] });
  expect(cellAt(trace, 7)).toEqual({ stage: "mixed", index: [0, 1] });
  expect(cellAt(trace, 15)).toEqual({ stage: "weights", index: [1, 0, 1] });
  expect(() => cellAt(trace, 18)).toThrow("expected a place within the stages, found 18");
});

it("a notice names the reason, in the engine's words where the page has none", () => {
  const said = (code: string, choice: "auto" | "webgpu") => noticeOf({ code, text: "its own words" }, choice);
  expect(said("device_lost", "auto")).toBe("Computed on the CPU. The GPU was lost while it computed.");
  expect(said("unheard_of", "webgpu")).toBe("Computed on the CPU. its own words");
  expect(said("unsuited", "auto"), "who did not ask for the GPU is not told of that").toBe("");
  expect(said("unsuited", "webgpu")).toBe(`Computed on the CPU. ${backend.reasons.unsuited}`);
});
