/** engine.js as it is shipped, in Node: the same file that browsers load. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { Engine, Tensor, Trace } from "../../www/engine/types.ts";

const PACKAGE = new URL("../../dist/package/engine.js", import.meta.url).href;

let createEngine: typeof EngineModule.createEngine;
let engine: Engine;

beforeAll(async () => {
  ({ createEngine } = (await import(/* @vite-ignore */ PACKAGE)) as typeof EngineModule);
  engine = await createEngine();
});
afterAll(() => engine.dispose());

const wave = (shape: number[], step: number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, n) => Math.sin((n + 1) * step)) };
};

/** Attention over [head, token, dim] in f64, in a few obvious lines. */
function oracle(q: Tensor, k: Tensor, v: Tensor, scale: number, causal: boolean): number[] {
  const [, heads = 0, queries = 0, dim = 0] = q.shape;
  const keys = k.shape[2] ?? 0;
  const size = v.shape[3] ?? 0;
  const out: number[] = [];
  for (let h = 0; h < heads; h++)
    for (let i = 0; i < queries; i++) {
      const scores = Array.from({ length: keys }, (_, j) => {
        let sum = 0;
        for (let c = 0; c < dim; c++)
          sum += at(q, h * queries * dim + i * dim + c) * at(k, h * keys * dim + j * dim + c);
        return causal && j > i ? Number.NEGATIVE_INFINITY : sum * scale;
      });
      const max = Math.max(...scores);
      const exps = scores.map((score) => Math.exp(score - max));
      const total = exps.reduce((a, b) => a + b);
      for (let c = 0; c < size; c++)
        out.push(exps.reduce((sum, e, j) => sum + (e / total) * at(v, h * keys * size + j * size + c), 0));
    }
  return out;
}
const at = (tensor: Tensor, n: number) => tensor.data[n] as number;

function expectClose(found: Float32Array, expected: number[], tolerance = 2e-6): void {
  expect(found.length).toBe(expected.length);
  let worst = { n: 0, difference: 0 };
  expected.forEach((value, n) => {
    const difference = Math.abs(value - (found[n] as number));
    if (!(difference <= worst.difference)) worst = { n, difference };
  });
  expect(
    worst.difference,
    `index ${worst.n}: found ${found[worst.n]}, expected ${expected[worst.n]}`,
  ).toBeLessThanOrEqual(tolerance);
}

describe("computeAttention", () => {
  it.each([
    ["where it is called", [1, 2, 5, 4], false],
    ["where it is called, causal", [1, 2, 5, 4], true],
    ["in a worker", [1, 4, 96, 32], false],
    ["in a worker, causal", [1, 4, 96, 32], true],
  ])("agrees with a plain f64 loop, %s", async (_, shape, causal) => {
    const [q, k, v] = [wave(shape as number[], 0.7), wave(shape as number[], 1.3), wave(shape as number[], 2.1)];
    const { output, backend } = await engine.computeAttention({ q, k, v, causal });
    expect(backend).toBe("cpu");
    expect(output.shape).toEqual(shape);
    expectClose(output.data, oracle(q, k, v, 1 / Math.sqrt(shape[3] as number), causal));
    expect(q.data.length, "the caller keeps what it gave").toBe(q.shape.reduce((a, b) => a * b, 1));
  });

  it.each([
    ["K of another width", { q: wave([1, 1, 2, 4], 1), k: wave([1, 1, 2, 3], 1), v: wave([1, 1, 2, 4], 1) }],
    [
      "data that does not fill the shape",
      { q: { shape: [1, 1, 2, 4], data: new Float32Array(7) }, k: wave([1, 1, 2, 4], 1), v: wave([1, 1, 2, 4], 1) },
    ],
    ["no tensor at all", { q: 3, k: null, v: "x" }],
    [
      "an overflowing shape",
      {
        q: { shape: [2 ** 31, 2 ** 31, 2 ** 31, 2], data: new Float32Array(4) },
        k: wave([1, 1, 2, 4], 1),
        v: wave([1, 1, 2, 4], 1),
      },
    ],
    ["nothing", undefined],
  ])("refuses %s with a code, what was expected and what was found", async (_, request) => {
    const error = await engine.computeAttention(request as never).then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expect(error.code).toMatch(/^(shape|size|type|option|too_large)$/);
    expect(error.message).toMatch(/expected .* found /);
    const { output } = await engine.computeAttention({
      q: wave([1, 1, 2, 4], 1),
      k: wave([1, 1, 2, 4], 1),
      v: wave([1, 1, 2, 4], 1),
    });
    expect(output.shape, "the next job works").toEqual([1, 1, 2, 4]);
  });
});

describe("traceAttention and explain", () => {
  it("above 512 tokens the weights alone are held, rows sum to 1, and each explains itself", async () => {
    const query = Array.from({ length: 530 }, (_, n) => `w${n % 97}`);
    const trace = await engine.traceAttention({ tokens: { query }, heads: 2, headDim: 3, seed: 5 });
    expect(trace.stages.map(({ id }) => id)).not.toContain("scores");
    const stage = trace.stages.find(({ id }) => id === "weights");
    if (!stage) throw new Error("no weights");
    expect(stage.offset + 2 * 530 * 530, "weights come last").toBe(trace.data.length);
    for (let row = 0; row < 2 * 530; row++) {
      const weights = trace.data.subarray(stage.offset + row * 530, stage.offset + (row + 1) * 530);
      expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
    }
    const { value, exact, terms, constants } = await engine.explain(trace, "weights", [1, 529, 7]);
    expect(value).toBe(trace.data[stage.offset + (530 + 529) * 530 + 7]);
    expect(Math.abs(value - exact)).toBeLessThan(1e-6 * exact);
    expect(terms.length).toBe(3);
    expect(constants?.map(({ name }) => name)).toEqual(["scale", "row_max", "row_sum"]);
  });

  const request = { tokens: { query: ["dog", "bites", "man"] }, heads: 2, headDim: 3, seed: 5, causal: true };

  it("a seed repeats the run, another does not", async () => {
    const [a, b, c] = await Promise.all([
      engine.traceAttention(request),
      engine.traceAttention(request),
      engine.traceAttention({ ...request, seed: 6 }),
    ]);
    expect(a).toEqual(b);
    expect((a as Trace).data).not.toEqual((c as Trace).data);
  });

  it("explains every cell of every stage from cells of the trace", async () => {
    const trace = await engine.traceAttention({ ...request, position: "sinusoidal" });
    for (const stage of trace.stages) {
      const size = stage.shape.reduce((a, b) => a * b, 1);
      for (let n = 0; n < size; n++) {
        const index = stage.shape.map((extent, axis) => {
          const below = stage.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
          return Math.floor(n / below) % extent;
        });
        const { value, exact, terms } = await engine.explain(trace, stage.id, index);
        expect(value).toBe(trace.data[stage.offset + n]);
        if (Number.isFinite(value))
          expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.abs(value) * 1.2e-7 + 1e-45);
        else expect(exact).toBe(value);
        for (const { factors } of terms)
          for (const factor of factors) {
            const from = trace.stages.find(({ id }) => id === factor.stage);
            const linear = factor.index.reduce((sum, i, axis) => sum * (from?.shape[axis] ?? 0) + i, 0);
            expect(factor.value).toBe(trace.data[(from?.offset ?? 0) + linear]);
          }
      }
    }
  });

  it("a large trace runs in a worker and equals the same one run where it is called", async () => {
    const large = { tokens: { query: Array.from({ length: 200 }, (_, n) => `t${n}`) }, heads: 2, headDim: 8 };
    const here = await createEngine({ workers: 0 });
    expect(await engine.traceAttention(large)).toEqual(await here.traceAttention(large));
    here.dispose();
  });

  it.each([
    ["too many tokens", { tokens: { query: Array(4097).fill("a") }, heads: 1 }, "too_many_tokens"],
    ["no heads", { tokens: { query: ["a"] }, heads: 0 }, "option"],
  ])("%s: code %s", async (_, bad, code) => {
    await expect(engine.traceAttention(bad)).rejects.toMatchObject({ code });
  });

  it("explain refuses a stage and a cell that are not there", async () => {
    const trace = await engine.traceAttention(request);
    await expect(engine.explain(trace, "nowhere", [0])).rejects.toMatchObject({ code: "not_found" });
    await expect(engine.explain(trace, "scores", [0, 0, 99])).rejects.toMatchObject({ code: "index" });
    await expect(engine.explain(trace, "scores", [0])).rejects.toMatchObject({ code: "index" });
  });
});

describe("the engine itself", () => {
  it("a job over its deadline is ended and the next one works", async () => {
    const hasty = await createEngine({ deadline: 5, workers: 1 });
    const shape = [1, 8, 1024, 64];
    const big = { q: wave(shape, 0.1), k: wave(shape, 0.2), v: wave(shape, 0.3) };
    await expect(hasty.computeAttention(big)).rejects.toMatchObject({ code: "deadline" });
    const small = [1, 1, 2, 4];
    const { output } = await hasty.computeAttention({ q: wave(small, 1), k: wave(small, 1), v: wave(small, 1) });
    expect(output.shape).toEqual(small);
    hasty.dispose();
  });

  it.each([
    [{ workers: -1 }, "workers"],
    [{ workers: Number.NaN }, "workers"],
    [{ workers: "two" }, "workers"],
    [{ workers: 1.5 }, "workers"],
    [{ deadline: -1 }, "deadline"],
    [{ deadline: 0 }, "deadline"],
    [{ deadline: Number.NaN }, "deadline"],
    [{ deadline: null }, "deadline"],
  ])("refuses %o", async (options, name) => {
    await expect(createEngine(options as never)).rejects.toMatchObject({
      code: "option",
      expected: expect.stringContaining(name),
      found: String(JSON.stringify(Object.values(options)[0])).replace("null", String(Object.values(options)[0])),
    });
  });

  it("refuses options that are null", async () => {
    await expect(createEngine(null as never)).rejects.toMatchObject({ code: "type", expected: "one object" });
  });

  it.each([Number.POSITIVE_INFINITY, 3e9])("a deadline of %d ms is none", async (deadline) => {
    const patient = await createEngine({ deadline, workers: 1 });
    const shape = [1, 8, 512, 64];
    const { output } = await patient.computeAttention({
      q: wave(shape, 0.1),
      k: wave(shape, 0.2),
      v: wave(shape, 0.3),
    });
    expect(output.shape).toEqual(shape);
    patient.dispose();
  });

  it("says when its wasm is none", async () => {
    await expect(createEngine({ wasm: new Uint8Array([1, 2, 3]) })).rejects.toMatchObject({ code: "load" });
  });

  it("tokenizes words and punctuation", async () => {
    expect(await engine.tokenize("The animal didn't cross, 👩‍🚀!")).toEqual([
      "The",
      "animal",
      "didn't",
      "cross",
      ",",
      "👩‍🚀",
      "!",
    ]);
    expect(await engine.tokenize(" \n\t ")).toEqual([]);
  });
});

describe("dispose", () => {
  it("ends large jobs, wherever they are on their way to a worker", async () => {
    const big = () => wave([1, 8, 1024, 64], 0.1);
    const query = Array.from({ length: 300 }, (_, n) => `w${n}`);
    for (const later of [0, 1, 5, 50]) {
      const own = await createEngine({ workers: 1 });
      const jobs = [
        own.computeAttention({ q: big(), k: big(), v: big() }),
        own.traceAttention({ tokens: { query }, heads: 8, headDim: 64 }),
      ].map((job) => job.then(() => "done").catch(({ code }) => code));
      await new Promise((go) => setTimeout(go, later));
      own.dispose();
      for (const end of await Promise.all(jobs)) expect(["disposed", "done"]).toContain(end);
      if (later === 0) expect(await Promise.all(jobs)).toEqual(["disposed", "disposed"]);
    }
  });
});
