/** From which size on a GPU gains, out of measured times. */

import { describe, expect, it } from "vitest";
import type { Request } from "../../www/engine/backends.ts";
import { costOf } from "../../www/engine/cost.ts";
import { crossover, measureCrossover, type Point } from "../../www/engine/gpu/crossover.ts";

const M = 1_000_000;
const at = (cost: number, gpu: number, cpu: number): Point => ({ cost: cost * M, gpu, cpu });

describe("crossover", () => {
  it.each<[string, Point, Point, number]>([
    ["a fixed price against a rate", at(1, 5, 1), at(101, 5, 101), 5 * M],
    ["two rates, each with a price: 3 + x / 10 and x - 4", at(10, 4, 6), at(110, 14, 106), (7 / 0.9) * M],
    ["a GPU that is faster from the start: (1 + x) / 20 and x + 2", at(10, 0.55, 12), at(20, 1.05, 22), 0],
    ["a GPU that is as fast at best", at(10, 20, 10), at(20, 30, 20), Number.POSITIVE_INFINITY],
    ["a GPU that is slower by the size", at(10, 20, 10), at(20, 60, 20), Number.POSITIVE_INFINITY],
    ["times that do not grow", at(10, 2, 3), at(20, 2, 3), Number.POSITIVE_INFINITY],
    ["a CPU that seemed to gain by size", at(10, 2, 9), at(20, 3, 4), Number.POSITIVE_INFINITY],
  ])("%s", (_, small, large, expected) => {
    expect(crossover(small, large)).toBeCloseTo(expected, 3);
  });
});

describe.each(["computeAttention", "traceAttention"] as const)("measureCrossover of %s", (call) => {
  it("runs two sizes on both, some times, and takes the shortest of each", async () => {
    let now = 0;
    let calls = 0;
    const sizes = new Set<number>();
    const gpuPrice = 40;
    const run = (price: number, perMillion: number) => async (request: Request) => {
      const cost = costOf(call, request);
      sizes.add(cost);
      // Every other call is disturbed by something else.
      now += price + (perMillion * cost) / M + (++calls % 2 === 0 ? 500 : 0);
    };
    const found = await measureCrossover(call, run(gpuPrice, 1), run(0, 2), () => now);
    expect(sizes.size).toBe(2);
    expect(Math.min(...sizes), "the CPU's way is that of large calls").toBeGreaterThan(M);
    expect(found / M).toBeCloseTo(gpuPrice, 6);
  });
});

describe("where two sizes leave it open", () => {
  /** Milliseconds for 256, 1,024 and 2,048 tokens. */
  const measure = async (gpu: number[], cpu: number[]) => {
    let now = 0;
    const sizes = new Set<number>();
    const run = (times: number[]) => async (request: Request) => {
      const cost = costOf("computeAttention", request) / M;
      sizes.add(cost);
      now += times[[67, 1074, 4295].indexOf(Math.round(cost))] ?? Number.NaN;
    };
    const found = await measureCrossover("computeAttention", run(gpu), run(cpu), () => now);
    return { found: found / M, sizes: sizes.size };
  };

  it("a third is measured", async () => {
    const { found, sizes } = await measure([6, 14, 24], [3, 9, 45]);
    expect(sizes).toBe(3);
    expect(found).toBeGreaterThan(1074);
    expect(found).toBeLessThan(4295);
  });

  it.each<[string, number[], number[]]>([
    ["where the GPU is far behind", [6, 50, 55], [3, 9, 45]],
    ["where it would take long", [20, 80, 100], [10, 60, 240]],
  ])("none is %s", async (_, gpu, cpu) => {
    expect(await measure(gpu, cpu)).toEqual({ found: Number.POSITIVE_INFINITY, sizes: 2 });
  });
});
