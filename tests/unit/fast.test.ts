/** Attention by the kernels: each build, where it is called and in parts, against the plain twin in the engine. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as EngineModule from "../../www/engine/engine.ts";
import { hasRelaxed } from "../../www/engine/kernels.ts";
import type { AttentionRequest, Engine, Kernels, Mask, Tensor } from "../../www/engine/types.ts";
import { COUNT, judge, readCases, table } from "../conformance/cases.ts";

const PACKAGE = new URL("../../dist/package/engine.js", import.meta.url).href;
const TOLERANCE = 2e-6;
const KINDS: Kernels[] = hasRelaxed() ? ["simd128", "relaxed"] : ["simd128"];

let createEngine: typeof EngineModule.createEngine;
const engines: Engine[] = [];
const start = async (options: EngineModule.EngineOptions) => {
  const engine = await createEngine(options);
  engines.push(engine);
  return engine;
};
beforeAll(async () => {
  ({ createEngine } = (await import(/* @vite-ignore */ PACKAGE)) as typeof EngineModule);
});
afterAll(() => {
  for (const engine of engines) engine.dispose();
});

let state = 1;
const next = () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 31 - 1;
};
const numbers = (size: number) => Float32Array.from({ length: size }, next);
const tensor = (...shape: number[]): Tensor => ({ shape, data: numbers(shape.reduce((a, b) => a * b, 1)) });
const added = (...shape: number[]): Mask => tensor(...shape);
const seen = (...shape: number[]): Mask => {
  const { data } = tensor(...shape);
  return { shape, data: Uint8Array.from(data, (value) => (value > -0.5 ? 1 : 0)) };
};

/** `n` tokens and `h` heads that may share 2 key heads, so that the same options are tried on small and on large sizes. */
const CASES: Record<string, (n: number, d: number) => AttentionRequest> = {
  "nothing special": (n, d) => qkv([1, 4, n, d]),
  "two sequences": (n, d) => qkv([2, 2, n, d]),
  causal: (n, d) => ({ ...qkv([1, 4, n, d]), causal: true }),
  "one head, causal": (n, d) => ({ ...qkv([1, 1, n, d]), causal: true }),
  "shared key heads": (n, d) => ({ ...qkv([1, 4, n, d], [1, 2, n, d]), causal: true }),
  "shared key heads, two sequences, lengths": (n, d) => ({
    ...qkv([2, 4, n, d], [2, 2, n + 3, d]),
    kvLengths: Int32Array.of(n, n - 3),
  }),
  "lengths and causal": (n, d) => ({ ...qkv([2, 2, n, d]), causal: true, kvLengths: Int32Array.of(n - 1, 2) }),
  "one key more than a block, values of another width": (n, d) => ({
    q: tensor(1, 2, n, d),
    k: tensor(1, 2, n + 232, d),
    v: tensor(1, 2, n + 232, d + 3),
  }),
  packed: (n, d) => ({ ...qkv([1, n, 4 * d]), qHeads: 4, kvHeads: 4 }),
  "packed, shared, causal": (n, d) => ({ ...qkv([2, n, 4 * d], [2, n, 2 * d]), qHeads: 4, kvHeads: 2, causal: true }),
  window: (n, d) => ({ ...qkv([1, 2, n, d]), window: [3, 5] }),
  "window and causal": (n, d) => ({ ...qkv([1, 1, n, d]), window: [7, -1], causal: true }),
  "scale and softcap": (n, d) => ({ ...qkv([1, 2, n, d]), scale: 0.3, softcap: 2 }),
  "a mask for all": (n, d) => ({ ...qkv([2, 2, n, d]), mask: seen(n, n) }),
  "a mask of one row": (n, d) => ({ ...qkv([1, 2, n, d]), mask: seen(1, n) }),
  "a mask for each head": (n, d) => ({ ...qkv([1, 4, n, d], [1, 2, n, d]), mask: seen(4, n, n) }),
  "a mask for each sequence": (n, d) => ({ ...qkv([2, 4, n, d], [2, 2, n, d]), mask: added(2, 1, n, n) }),
  "a mask for each head and sequence": (n, d) => ({ ...qkv([2, 2, n, d]), mask: added(2, 2, n, n) }),
  "a short mask": (n, d) => ({ ...qkv([1, 2, n, d]), mask: added(n, n - 2) }),
  "a mask of no axis": (n, d) => ({ ...qkv([1, 2, n, d]), mask: added() }),
  // Numbers that stand for "not seen" elsewhere: here only -infinity does.
  "a mask of the lowest number": (n, d) => ({ ...qkv([1, 2, n, d]), mask: low(n, [LOWEST]) }),
  "the lowest number and others, causal": (n, d) => ({
    ...qkv([1, 2, n, d]),
    mask: low(n, [LOWEST, 0, LOWEST, Number.NEGATIVE_INFINITY]),
    causal: true,
  }),
  "low numbers": (n, d) => ({ ...qkv([1, 2, n, d]), mask: low(n, [-3e38, LOWEST, -2.9e38, -2.4e38]) }),
  "scores that are low by themselves": (n, d) => ({
    ...qkv([1, 2, n, d]),
    q: { shape: [1, 2, n, d], data: new Float32Array(2 * n * d).fill(-1) },
    k: { shape: [1, 2, n, d], data: numbers(2 * n * d).map((value) => ((2.9 + 0.3 * value) / d) * 1e38) },
    scale: 1,
  }),
};
const LOWEST = -3.4028234663852886e38;
/** In every third row only the first of `bias`. */
const low = (n: number, bias: number[]): Mask => {
  const of = (cell: number) => bias[Math.floor(cell / n) % 3 === 0 ? 0 : cell % bias.length] as number;
  return { shape: [n, n], data: Float32Array.from({ length: n * n }, (_, cell) => of(cell)) };
};
const qkv = (q: number[], kv = q): AttentionRequest => ({ q: tensor(...q), k: tensor(...kv), v: tensor(...kv) });

function largest(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  return a.data.reduce((most, value, n) => Math.max(most, Math.abs(value - (b.data[n] as number))), 0);
}

describe.each(KINDS)("%s", (kernels) => {
  it("all published vectors agree", async () => {
    const engine = await start({ kernels });
    expect(engine.kernels).toBe(kernels);
    const cases = readCases();
    expect(cases.length).toBe(COUNT);
    const outcomes = [];
    for (const one of cases) {
      const result = (await engine[one.method](one.request as never)) as unknown as Record<string, Tensor>;
      outcomes.push(judge(one, (field) => (field === "" ? (result as unknown as Tensor) : result[field])));
    }
    console.log(`${kernels} in Node\n${table(cases, outcomes)}`);
    expect(outcomes.filter(({ problem }) => problem)).toEqual([]);
  });

  it.each(Object.entries(CASES))("%s: here and in parts as the plain twin", async (_, make) => {
    const here = await start({ kernels, workers: 0 });
    const apart = await start({ kernels, workers: 3 });
    for (const [n, d] of [
      [9, 5],
      [40, 21],
      [650, 64],
    ] as const) {
      const request = make(n, d);
      const plain = await here.computeAttention({ ...request, scores: "raw" });
      const [one, many] = [await here.computeAttention(request), await apart.computeAttention(request)];
      expect(plain.scores, "the twin was asked").toBeDefined();
      expect(largest(one.output, plain.output), `${n} tokens where it is called`).toBeLessThanOrEqual(TOLERANCE);
      expect(largest(many.output, one.output), `${n} tokens in parts`).toBeLessThanOrEqual(TOLERANCE);
    }
    apart.dispose();
  });

  it("what is no number comes out as from the plain twin, in parts too", async () => {
    const engine = await start({ kernels, workers: 2 });
    const request = { ...qkv([1, 4, 650, 64]), causal: true };
    request.k.data[300 * 64] = Number.NaN;
    request.v.data[650 * 64 + 5] = Number.POSITIVE_INFINITY;
    const { output } = await engine.computeAttention(request);
    const plain = await engine.computeAttention({ ...request, scores: "raw" });
    const bits = ({ data }: Tensor) => data.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
    expect(bits(output)).toBe(bits(plain.output));
    expect(bits(output)).toBeGreaterThan(1000);
  });

  it.each<[string, Partial<AttentionRequest>, string]>([
    ["keys of another width", { k: tensor(1, 4, 650, 8) }, "shape"],
    ["a mask that does not fit", { mask: added(7, 650) }, "shape"],
    ["a mask with an axis too many", { mask: added(1, 1, 1, 1, 650) }, "shape"],
    ["heads that do not divide", { k: tensor(1, 3, 650, 64), v: tensor(1, 3, 650, 64) }, "size"],
    ["lengths beyond the keys", { kvLengths: Int32Array.of(651) }, "size"],
    ["a window below -1", { window: [-2, 0] }, "option"],
    ["a scale that is no number", { scale: Number.NaN }, "option"],
    ["an infinite scale", { scale: Number.POSITIVE_INFINITY }, "option"],
    ["a softcap below 0", { softcap: -1 }, "option"],
    ["a causal that is no boolean", { causal: 1 as never }, "type"],
    ["a window of halves", { window: [0.5, 1] }, "type"],
    ["negative lengths", { kvLengths: Int32Array.of(-1) }, "type"],
    ["fewer numbers than the shape says", { q: { shape: [1, 4, 650, 64], data: numbers(8) } }, "shape"],
    ["no values", { v: undefined as never }, "type"],
  ])("refuses %s with a code, small and large, and goes on", async (_, change, code) => {
    const engine = await start({ kernels, workers: 2 });
    const refused = engine.computeAttention({ ...qkv([1, 4, 650, 64]), ...change });
    await expect(refused).rejects.toMatchObject({ name: "EngineError", code });
    await expect(refused).rejects.toThrow(/^compute_attention: expected .+, found .+/);
    expect((await engine.computeAttention(qkv([1, 1, 2, 4]))).output.shape).toEqual([1, 1, 2, 4]);
    engine.dispose();
  });

  it.each<[string, number[], Partial<AttentionRequest>]>([
    ["where it is called", [1, 2, 16, 8], {}],
    ["in parts", [1, 4, 650, 64], { causal: true }],
    ["by the engine", [1, 2, 16, 8], { scores: "raw" }],
  ])("writes into the output that is given, %s", async (_, shape, options) => {
    const engine = await start({ kernels, workers: 2 });
    const request = { ...qkv(shape), ...options };
    const output = new Float32Array(request.q.data.length);
    const kept = await engine.computeAttention({ ...request, output });
    expect(kept.output.data).toBe(output);
    expect(kept.output).toEqual((await engine.computeAttention(request)).output);
    for (const [wrong, code] of [
      [output.subarray(1), "shape"],
      [new Float64Array(output.length) as never, "type"],
      [request.q.data, "option"],
    ] as const) {
      await expect(engine.computeAttention({ ...request, output: wrong })).rejects.toMatchObject({ code });
    }
    const tokens = shape[2] as number;
    const others: Record<string, (data: Float32Array) => Partial<AttentionRequest>> = {
      mask: (data) => ({ mask: { shape: [tokens], data } }),
      kvLengths: ({ buffer }) => ({ kvLengths: new Int32Array(buffer, 0, 1).fill(tokens) }),
    };
    // The engine has these, and computes before it looks.
    if (tokens < 100) {
      others.pastKey = (data) => ({ pastKey: { ...request.k, data }, pastValue: request.v });
      others.pastValue = (data) => ({ pastKey: request.k, pastValue: { ...request.v, data } });
    }
    for (const [name, read] of Object.entries(others)) {
      const over = name === "mask" ? output.subarray(0, tokens) : output;
      await expect(engine.computeAttention({ ...request, ...read(over), output })).rejects.toMatchObject({
        code: "option",
        found: `one that lies in ${name}`,
      });
    }
  });

  it("a part over its deadline ends the call, and the next one works", async () => {
    const engine = await start({ kernels, workers: 2, deadline: 3 });
    await expect(engine.computeAttention(qkv([1, 8, 1024, 64]))).rejects.toMatchObject({ code: "deadline" });
    expect((await engine.computeAttention(qkv([1, 1, 2, 4]))).output.shape).toEqual([1, 1, 2, 4]);
    engine.dispose();
    await expect(engine.computeAttention(qkv([1, 1, 2, 4]))).rejects.toMatchObject({ code: "disposed" });
  });

  it("memory is that of the tensors", async () => {
    const engine = await start({ kernels, workers: 0 });
    expect(engine.memoryBytes).toBe(0);
    await engine.computeAttention(qkv([1, 8, 1024, 64]));
    const tensors = 4 * 8 * 1024 * 64 * 4;
    expect(engine.memoryBytes).toBeLessThan(1.05 * tensors);
    const before = engine.memoryBytes;
    for (let n = 0; n < 20; n++) await engine.computeAttention(qkv([1, 1, 100 + 40 * n, 64]));
    expect(engine.memoryBytes).toBe(before);
  });

  it("buffers that stay in the engine's memory give what a call gives", async () => {
    const engine = await start({ kernels, workers: 0 });
    const request = { ...qkv([2, 4, 40, 16], [2, 2, 50, 16]), causal: true, softcap: 3, window: [9, -1] as never };
    const buffers = await engine.attentionBuffers({ batch: 2, heads: 4, kvHeads: 2, queries: 40, keys: 50, dim: 16 });
    buffers.q.set(request.q.data);
    await engine.computeAttention(qkv([1, 1, 4000, 64])); // the memory grows, and the views move
    buffers.k.set(request.k.data);
    buffers.v.set(request.v.data);
    const { q, k, v, ...options } = request;
    buffers.compute(options);
    expect(buffers.output).toEqual((await engine.computeAttention(request)).output.data);
    expect(() => buffers.compute({ scale: "x" as never })).toThrow(/attentionBuffers: expected .*scale/);
    expect(() => buffers.compute({ softcap: -1 })).toThrow(expect.objectContaining({ code: "option" }));
    expect(() => buffers.compute(null as never)).toThrow("attentionBuffers: expected one object, found null");
    buffers.dispose();
    buffers.dispose();
    expect(() => buffers.compute()).toThrow(expect.objectContaining({ code: "disposed" }));
    expect(() => buffers.q).toThrow(expect.objectContaining({ code: "disposed" }));
    await expect(engine.attentionBuffers({ heads: 0, queries: 1, dim: 1 })).rejects.toMatchObject({ code: "size" });
    for (const none of [undefined, null, 4])
      await expect(engine.attentionBuffers(none as never)).rejects.toMatchObject({ code: "type", found: String(none) });
    const sizes = { heads: 64, queries: 2 ** 20, dim: 64 };
    await expect(engine.attentionBuffers(sizes)).rejects.toMatchObject({ code: "too_large" });
    const uneven = await engine.attentionBuffers({ heads: 4, kvHeads: 3, queries: 2, dim: 2 });
    expect(() => uneven.compute()).toThrow(expect.objectContaining({ code: "size" }));
  });
});

it("refuses kernels that there are not", async () => {
  await expect(createEngine({ kernels: "fast" as never })).rejects.toMatchObject({ code: "option" });
  if (!hasRelaxed()) await expect(createEngine({ kernels: "relaxed" })).rejects.toMatchObject({ code: "option" });
});
