/** From which size on the GPU is the faster one on this machine: measured, once for each kind of call. */

import type { Call, Request } from "../backends.ts";
import { costOf } from "../cost.ts";
import type { Tensor } from "../types.ts";

/** Times of a call in milliseconds, and its cost in multiply-adds. */
export interface Point {
  cost: number;
  gpu: number;
  cpu: number;
}

/** Shortest of so many: what else the machine does can only add. */
const TRIES = 3;

/**
 * Both times as straight lines over the cost, through a small and a large call: where they cross. 0 where the GPU is always the
 * faster one, Infinity where no size makes it so.
 */
export function crossover(small: Point, large: Point): number {
  const line = (which: "gpu" | "cpu") => {
    const slope = Math.max(0, (large[which] - small[which]) / (large.cost - small.cost));
    return { slope, start: small[which] - slope * small.cost };
  };
  const [gpu, cpu] = [line("gpu"), line("cpu")];
  if (gpu.slope >= cpu.slope) return Number.POSITIVE_INFINITY;
  return Math.max(0, (gpu.start - cpu.start) / (cpu.slope - gpu.slope));
}

type Run = (request: Request) => Promise<unknown>;

export async function measureCrossover(call: Call, gpu: Run, cpu: Run, now: () => number): Promise<number> {
  const fastest = async (run: Run, request: Request) => {
    const times: number[] = [];
    for (let n = 0; n < TRIES; n++) {
      const start = now();
      await run(request);
      times.push(now() - start);
    }
    return Math.min(...times);
  };
  const point = async (request: Request): Promise<Point> => ({
    cost: costOf(call, request),
    gpu: await fastest(gpu, request),
    cpu: await fastest(cpu, request),
  });
  const measured = (tokens: number) => point(requestOf(call, tokens));
  const { small, large, larger } = SIZES[call];
  const [first, second] = [await measured(small), await measured(large)];
  const found = crossover(first, second);
  // Between two small calls a GPU's time grows mostly by the copying there and back, not by the arithmetic: a larger one tells more.
  const open = found === Number.POSITIVE_INFINITY && second.gpu < OPEN.times * second.cpu;
  const short = Math.max(second.gpu, second.cpu) < OPEN.ms;
  return open && short && larger ? crossover(second, await measured(larger)) : found;
}

/** Tokens of the calls. All are large enough that the CPU's way leads through the workers. */
const SIZES: Record<Call, { small: number; large: number; larger?: number }> = {
  computeAttention: { small: 256, large: 1024, larger: 2048 },
  traceAttention: { small: 128, large: 384 },
};

/**
 * How many times as long as the CPU a GPU may take that can still be the faster one where there is more to do; and how long the
 * large call may take, of which the larger one is four times as much.
 */
const OPEN = { times: 2, ms: 60 };

function requestOf(call: Call, tokens: number): Request {
  if (call === "traceAttention") {
    const query = Array.from({ length: tokens }, (_, n) => `t${n}`);
    return { tokens: { query }, heads: 4, headDim: 16, seed: 1, causal: true };
  }
  const shape = [1, 8, tokens, 64];
  const size = shape.reduce((a, b) => a * b, 1);
  const wave = (step: number): Tensor => ({
    shape,
    data: Float32Array.from({ length: size }, (_, n) => Math.sin((n % 4093) * step)),
  });
  return { q: wave(0.7), k: wave(1.3), v: wave(2.1) };
}
