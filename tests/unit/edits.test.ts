/** Numbers that are set, and where numbers go, through engine.js as it is shipped; in traces of one's own and in a model's. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { Edit, Engine, Model, Trace, TraceRequest } from "../../www/engine/engine.ts";
import { bytesOf, jsonOf } from "../checkpoints/read.ts";

const PACKAGE = new URL("../../dist/package/engine.js", import.meta.url).href;

let createEngine: typeof EngineModule.createEngine;
let engine: Engine;

beforeAll(async () => {
  ({ createEngine } = (await import(/* @vite-ignore */ PACKAGE)) as typeof EngineModule);
  engine = await createEngine({ workers: 1 });
});
afterAll(() => engine.dispose());

const request: TraceRequest = { tokens: { query: ["dog", "bites", "man"] }, heads: 2, headDim: 3, seed: 5 };
const traced = (edits: Edit[], more: Partial<TraceRequest> = {}) =>
  engine.traceAttention({ ...request, ...more, edits });

function cellsOf(trace: Trace, id: string): number[] {
  const stage = trace.stages.find((stage) => stage.id === id);
  if (!stage) throw new Error(`no ${id}`);
  return Array.from(trace.data.subarray(stage.offset, stage.offset + stage.shape.reduce((a, b) => a * b, 1)));
}

describe("edits", () => {
  it("what follows is computed from them, in f64 as anyone would", async () => {
    const trace = await traced([{ stage: "scaled", index: [1, 2, 0], value: 2.5 }]);
    const row = cellsOf(trace, "scaled").slice(15, 18);
    expect(row[0]).toBe(2.5);
    const max = Math.max(...row);
    const exps = row.map((score) => Math.fround(Math.exp(Math.fround(score - max))));
    const sum = Math.fround(exps.reduce((a, b) => a + b));
    const weights = exps.map((e) => Math.fround(e / sum));
    expect(cellsOf(trace, "weights").slice(15, 18)).toEqual(weights);
    const value = cellsOf(trace, "value");
    const mixed = [0, 1, 2].map((c) =>
      weights.reduce((total, w, j) => total + w * (value[9 + j * 3 + c] as number), 0),
    );
    expect(cellsOf(trace, "mixed").slice(15, 18)).toEqual(mixed.map(Math.fround));
  });

  it("say what would have stood there, and the options of the trace repeat the run", async () => {
    const plain = await traced([]);
    expect("edits" in plain.config).toBe(false);
    const trace = await traced([
      { stage: "value", index: [-1, 1, -1], value: 0 },
      { stage: "w_query", index: [0, 0], value: -1.5 },
    ]);
    const why = await engine.explain(trace, "value", [1, 1, 2]);
    expect(why).toMatchObject({ op: "edited", value: 0, exact: 0, terms: [] });
    expect(why.constant).toEqual({ name: "computed", value: (await engine.explain(plain, "value", [1, 1, 2])).value });
    const edits = trace.config.edits as Edit[];
    expect(edits.map(({ index, value }) => ({ index, value }))).toEqual([
      { index: [-1, 1, -1], value: 0 },
      { index: [0, 0], value: -1.5 },
    ]);
    expect((await traced(edits)).data).toEqual(trace.data);
  });

  it("in a recurrence, the next token finds them", async () => {
    const linear = {
      ...request,
      rule: "delta" as const,
      beta: { shape: [3, 1], data: Float32Array.of(0.5, 0.5, 0.5) },
    };
    const trace = await engine.traceLinearAttention({
      ...linear,
      edits: [{ stage: "state", index: [-1, 0, -1, -1], value: 0 }],
    });
    expect(cellsOf(trace, "prediction").slice(3, 6)).toEqual([0, 0, 0]);
  });

  it.each([
    ["a stage that there is not", { stage: "masked", index: [0, 0, 0], value: 1 }, "not_found"],
    ["a cell that there is not", { stage: "scores", index: [0, 0, 3], value: 1 }, "index"],
    ["too few places", { stage: "scores", index: [0, 0], value: 1 }, "index"],
    ["a place below -1", { stage: "scores", index: [0, 0, -2], value: 1 }, "type"],
    ["half a place", { stage: "scores", index: [0, 0, 0.5], value: 1 }, "type"],
    ["NaN", { stage: "scores", index: [0, 0, 0], value: Number.NaN }, "option"],
    ["more than an f32 holds", { stage: "scores", index: [0, 0, 0], value: 1e300 }, "option"],
    ["no value", { stage: "scores", index: [0, 0, 0] }, "type"],
    ["no index", { stage: "scores", value: 1 }, "type"],
    ["no object", 7, "type"],
  ])("%s: refused", async (_, edit, code) => {
    await expect(traced([edit as Edit])).rejects.toMatchObject({ code, operation: "trace_attention" });
  });

  it("of weights alone, those of weights are refused, and those before are not", async () => {
    const long = { tokens: { query: Array.from({ length: 520 }, (_, n) => `w${n % 9}`) } };
    const edit = (stage: string) => traced([{ stage, index: [0, 1, 0], value: 4 }], long);
    await expect(edit("weights")).rejects.toMatchObject({ code: "option" });
    const trace = await edit("query");
    const { value, exact } = await engine.explain(trace, "weights", [0, 1, 7]);
    expect(Math.abs(value - exact)).toBeLessThan(1e-5 * exact);
    expect(await engine.explain(trace, "query", [0, 1, 0])).toMatchObject({ op: "edited", value: 4 });
  });

  it("keep the trace on the CPU, which says why", async () => {
    const gpu = await createEngine({ workers: 0, backend: "webgpu" });
    const trace = await gpu.traceAttention({ ...request, edits: [{ stage: "scores", index: [0, 0, 0], value: 1 }] });
    expect(trace.backend).toBe("cpu");
    // Where there is a GPU, the edits are the reason: see backends.test.ts.
    expect(gpu.fellBack(trace)?.code).toBe("no_webgpu");
    gpu.dispose();
  });
});

describe("a cell that there is not", () => {
  it.each([
    ["half a place", [0, 0, 0.5], "type"],
    ["a place below 0", [-1, 0, 0], "type"],
    ["NaN", [0, Number.NaN, 0], "type"],
    ["one beyond the end", [0, 0, 3], "index"],
    ["no index", undefined, "type"],
  ])("%s: refused by explain and by uses", async (_, index, code) => {
    const trace = await traced([]);
    for (const ask of ["explain", "uses"] as const)
      await expect(engine[ask](trace, "scores", index as number[])).rejects.toMatchObject({ code, operation: ask });
  });
});

describe("uses", () => {
  it("lead from an embedding to the output, and end there", async () => {
    const trace = await traced([], { causal: true });
    const met = new Set<string>();
    let [stage, index] = ["embeddings", [1, 0]] as [string, number[]];
    for (;;) {
      met.add(stage);
      const [next] = (await engine.uses(trace, stage, index)).slice(-1);
      if (!next) break;
      const { terms } = await engine.explain(trace, next.stage, next.from);
      expect(terms.flatMap(({ factors }) => factors)).toContainEqual(expect.objectContaining({ stage, index }));
      [stage, index] = [next.stage, next.from];
    }
    expect([...met]).toEqual(["embeddings", "value", "mixed", "concat", "output"]);
  });

  it("a box of cells where many are made of it", async () => {
    const trace = await traced([]);
    expect(await engine.uses(trace, "key", [1, 2, 0])).toEqual([{ stage: "scores", from: [1, 0, 2], to: [2, 3, 3] }]);
  });

  it("refuse what is not there", async () => {
    const trace = await traced([]);
    await expect(engine.uses(trace, "nowhere", [0])).rejects.toMatchObject({ code: "not_found", operation: "uses" });
    await expect(engine.uses(trace, "scores", [0, 0, 9])).rejects.toMatchObject({ code: "index", operation: "uses" });
  });
});

describe("the trace of a model", () => {
  const load = (name: string) =>
    engine.loadModel({
      config: jsonOf(name, "config.json"),
      weights: [new Blob([bytesOf(name)])],
      tokenizer: jsonOf(name, "tokenizer.json"),
    });
  let model: Model;
  const where = { ids: [1, 2, 3, 4], block: "decoder", layer: 1 } as const;
  beforeAll(async () => {
    model = await load("gpt2-0");
  });
  afterAll(() => model.dispose());

  it("takes edits, and is the model's own without", async () => {
    const plain = await model.trace(where);
    const edits = [{ stage: "value", index: [-1, 0, -1], value: 0 }];
    const trace = await model.trace({ ...where, edits });
    expect(cellsOf(trace, "weights")).toEqual(cellsOf(plain, "weights"));
    expect(cellsOf(trace, "output")).not.toEqual(cellsOf(plain, "output"));
    expect(cellsOf(await model.trace({ ...where, edits: [] }), "output")).toEqual(cellsOf(plain, "output"));
  });

  it("takes a mask besides its own, and another scale", async () => {
    const mask = { shape: [1, 4], data: Uint8Array.of(1, 0, 1, 1) };
    const weights = cellsOf(await model.trace({ ...where, mask }), "weights");
    weights.forEach((weight, n) => {
      const [i, j] = [Math.floor(n / 4) % 4, n % 4];
      expect(weight === 0, `query ${i}, key ${j}`).toBe(j === 1 || j > i);
    });
    const trace = await model.trace({ ...where, scale: 3 });
    expect(trace.config.scale).toBe(3);
    expect(cellsOf(trace, "scaled")).toEqual(cellsOf(trace, "scores").map((score) => Math.fround(score * 3)));
  });
});
