/** How much work a request is, roughly, in multiply-adds: enough to choose where it runs. */

import type { JobName } from "./wasm.ts";

/** About 4 ms of scalar arithmetic on a slow machine: a quarter of a frame. */
export const LOCAL_COST = 1_000_000;

/**
 * Multiply-adds of attention where it is called: some 1.3 ms. There two workers began to be faster than this thread, messages
 * and copies counted (Chromium, two cores, shortest of 25: 34 million, one head, 1.40 against 0.95 ms; 38 million, eight heads,
 * 1.65 against 1.60 ms).
 */
export const LOCAL_ATTENTION = 30_000_000;

/** Cost of one cell of an N x N stage in a trace: exp, divisions and stores count as this many multiply-adds. */
const CELL = 24;

export function costOf(name: JobName, request: unknown): number {
  switch (name) {
    case "explain":
    case "uses":
    case "limits":
      return 0;
    case "tokenize":
      return String(request).length;
    case "traceAttention":
    case "traceLinearAttention":
      return traceCost(request as Shapes);
    default:
      return productCost(request as Shapes);
  }
}

interface Sized {
  shape?: number[];
}
interface Shapes {
  [name: string]: unknown;
  tokens?: { query?: string[]; key?: string[] };
}

/** None where it has another type: that is refused by whoever gets the job. */
function shapeOf(request: Shapes, name: string): number[] {
  const shape = (request?.[name] as Sized | undefined)?.shape;
  return Array.isArray(shape) ? shape : [];
}

function traceCost(request: Shapes): number {
  const number = (name: string, otherwise: number) => {
    const value = Number(request?.[name] ?? otherwise);
    return Number.isFinite(value) ? value : otherwise;
  };
  const dims = (name: string) => shapeOf(request, name);
  const queries = request?.tokens?.query?.length ?? dims("x")[0] ?? dims("q").at(-2) ?? 0;
  const keys = request?.tokens?.key?.length ?? dims("memory")[0] ?? dims("k").at(-2) ?? queries;
  const heads = number("heads", 1);
  const dim = number("headDim", (dims("wq")[1] ?? dims("q").at(-1) ?? 8) / heads);
  const width = number("width", dims("x")[1] ?? heads * dim);
  return heads * queries * keys * (2 * dim + CELL) + 4 * Math.max(queries, keys) * width * heads * dim;
}

/** q . k and weights . v: every element of q meets every key. */
function productCost(request: Shapes): number {
  const size = (name: string) => shapeOf(request, name).reduce((a, b) => a * b, 1);
  return 2 * size("q") * (shapeOf(request, "k").at(-2) ?? 1) + size("x");
}
