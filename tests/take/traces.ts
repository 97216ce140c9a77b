/** Traces of every kind that the engine makes, by what is special about each. */

import { readFileSync } from "node:fs";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { Engine, LinearTraceRequest, Tensor, Trace, TraceRequest } from "../../www/engine/types.ts";

const PACKAGE = new URL("../../dist/package/engine.js", import.meta.url).href;

export async function startEngine(): Promise<Engine> {
  const { createEngine } = (await import(/* @vite-ignore */ PACKAGE)) as typeof EngineModule;
  return createEngine({ workers: 1 });
}

const words = ["dog", "bites", "man", "and", "runs"];
const plain: TraceRequest = { tokens: { query: words }, heads: 2, headDim: 4, seed: 3 };

/** Numbers that look like any others, the same each time. */
function tensor(...shape: number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: size }, (_, n) => Math.sin(1.7 * n + 0.3 * shape.length) * 2);
  return { shape, data };
}

function changed({ shape, data }: Tensor, at: number, value: number): Tensor {
  const copy = data.slice();
  copy[at] = value;
  return { shape, data: copy };
}

const bools = (shape: number[], hidden: number[]) => ({
  shape,
  data: Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, n) => (hidden.includes(n) ? 0 : 1)),
});
const qkv = { heads: 2, q: tensor(2, 5, 4), k: tensor(2, 5, 4), v: tensor(2, 5, 3) };

/** Keys are hidden by a number that is not infinite; the last query sees none. */
const pushing: Tensor = {
  shape: [5, 5],
  data: Float32Array.from({ length: 25 }, (_, n) => (n > 19 || n % 5 > 3 ? -1e9 : 0)),
};

const REQUESTS: Record<string, TraceRequest> = {
  plain,
  causal: { ...plain, causal: true },
  window: { ...plain, window: [1, 0] },
  "softcap and scale": { ...plain, softcap: 2.5, scale: 1.75 },
  alibi: { ...plain, position: "alibi", causal: true },
  "alibi and an additive mask": {
    ...plain,
    position: "alibi",
    mask: changed(tensor(5, 5), 7, Number.NEGATIVE_INFINITY),
  },
  "a mask of large numbers": { ...plain, mask: pushing },
  rotary: { ...plain, position: "rotary" },
  "rotary, interleaved, partial": { ...plain, headDim: 6, position: { kind: "rotary", dim: 4, interleaved: true } },
  sinusoidal: { ...plain, position: "sinusoidal" },
  learned: { ...plain, width: 8, position: { kind: "learned", table: tensor(7, 8) } },
  "grouped heads": { ...plain, heads: 4, kvHeads: 2 },
  "one key head": { ...plain, heads: 4, kvHeads: 1, position: "rotary" },
  "boolean mask": { ...plain, mask: bools([5, 5], [1, 2, 13]) },
  "boolean mask of each head": { ...plain, mask: bools([2, 5, 5], [1, 30]), causal: true },
  "a row that sees nothing": { ...plain, mask: bools([5, 5], [10, 11, 12, 13, 14]) },
  "a short mask": { ...plain, mask: bools([5, 3], [4]) },
  cross: { ...plain, tokens: { query: ["a", "b"], key: words } },
  "its own matrices": {
    heads: 2,
    x: tensor(4, 6),
    wq: tensor(6, 4),
    wk: tensor(6, 4),
    wv: tensor(6, 8),
    wo: tensor(8, 6),
    bq: tensor(4),
    bk: tensor(4),
    bv: tensor(8),
    bo: tensor(6),
  },
  "queries, keys, values": qkv,
  "values that are none": {
    ...qkv,
    causal: true,
    v: changed(qkv.v, 12, Number.NaN),
  },
  "infinite scores": { ...qkv, q: changed(qkv.q, 1, Number.POSITIVE_INFINITY) },
  "a past": { ...plain, pastKey: tensor(2, 3, 4), pastValue: tensor(2, 3, 4), causal: true, position: "rotary" },
  "a past and a window": { ...plain, pastKey: tensor(2, 3, 4), pastValue: tensor(2, 3, 4), window: [2, 1] },
  "a past and alibi": { ...plain, pastKey: tensor(2, 3, 4), pastValue: tensor(2, 3, 4), position: "alibi" },
  edits: {
    ...plain,
    causal: true,
    edits: [
      { stage: "embeddings", index: [1, -1], value: 0.5 },
      { stage: "w_query", index: [0, 0], value: -1.5 },
      { stage: "value", index: [-1, 1, -1], value: 0 },
      { stage: "scaled", index: [1, 2, 0], value: 2.5 },
      { stage: "masked", index: [0, 3, 1], value: Number.NEGATIVE_INFINITY },
      { stage: "masked", index: [0, 3, -1], value: 1 },
      { stage: "weights", index: [0, 1, -1], value: 0.25 },
    ],
  },
};

const linear: LinearTraceRequest = { ...plain, rule: "linear" };
const gates = { decay: { ...tensor(5, 2), data: tensor(5, 2).data.map((one) => -Math.abs(one)) }, beta: tensor(5, 2) };
const LINEAR: Record<string, LinearTraceRequest> = {
  linear,
  gated: { ...linear, rule: "gated", decay: gates.decay },
  "gated by feature": {
    ...linear,
    rule: "gated",
    decay: { shape: [5, 8], data: tensor(5, 8).data.map((one) => -Math.abs(one)) },
  },
  delta: { ...linear, rule: "delta", beta: gates.beta },
  "gated delta, grouped, with a past": {
    ...linear,
    heads: 4,
    kvHeads: 2,
    rule: "gated_delta",
    ...gates,
    pastState: tensor(2, 4, 4),
  },
  "gated delta with one beta": { ...linear, rule: "gated_delta", decay: gates.decay, beta: tensor(5, 1) },
  "delta with edits": {
    ...linear,
    rule: "delta",
    beta: gates.beta,
    edits: [
      { stage: "state", index: [0, 1, -1, 2], value: 3 },
      { stage: "update", index: [-1, -1, 0, 0], value: 0 },
      { stage: "key", index: [1, 2, 0], value: 4 },
    ],
  },
};

const MODELS = new URL("../../models/", import.meta.url);

async function ofModel(engine: Engine, name: string, text: string): Promise<Trace> {
  const at = (file: string) => new URL(`${name}/${file}`, MODELS);
  const json = (file: string) => JSON.parse(readFileSync(at(file), "utf8"));
  const model = await engine.loadModel({
    config: json("config.json"),
    tokenizer: json("tokenizer.json"),
    weights: [new Uint8Array(readFileSync(at("model.safetensors"))).buffer as ArrayBuffer],
  });
  return model.trace({ text, block: name === "decoder" ? "decoder" : "encoder", layer: 0 });
}

/** More tokens than a trace keeps everything of. */
const LONG = 520;

export async function allTraces(engine: Engine): Promise<Map<string, Trace>> {
  const made = new Map<string, Trace>();
  for (const [name, request] of Object.entries(REQUESTS)) made.set(name, await engine.traceAttention(request));
  for (const [name, request] of Object.entries(LINEAR)) made.set(name, await engine.traceLinearAttention(request));
  made.set("a model", await ofModel(engine, "pronoun", "The animal didn't cross the street because it was too wide."));
  const query = Array.from({ length: LONG }, (_, n) => words[n % words.length] as string);
  const long: TraceRequest = { tokens: { query }, heads: 1, headDim: 2, seed: 1, causal: true };
  made.set("weights alone", await engine.traceAttention(long));
  const few: TraceRequest = {
    ...long,
    tokens: { query: ["a"], key: query },
    causal: false,
    softcap: 3,
    position: "alibi",
  };
  const mask = {
    shape: [1, LONG],
    data: Float32Array.from({ length: LONG }, (_, n) => (n % 7 ? n / LONG : -Infinity)),
  };
  made.set("weights alone, capped, with a mask", await engine.traceAttention({ ...few, mask }));
  return made;
}

export const pushedTrace = (engine: Engine): Promise<Trace> => engine.traceAttention({ ...plain, mask: pushing });
export const plainTrace = (engine: Engine): Promise<Trace> => engine.traceAttention({ ...plain, causal: true });
