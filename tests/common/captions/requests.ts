/** Requests of many kinds, some of them drawn: the traces whose captions are tested. */

import type { Edit, Engine, LinearTraceRequest, Mask, Tensor, Trace, TraceRequest } from "../../../www/engine/engine.ts";
import { generator } from "../generator.ts";

/** What a caption is held against. Which keys may be seen is worked out from the request, not from the trace. */
export interface Case {
  name: string;
  request: TraceRequest | LinearTraceRequest;
  run(engine: Engine): Promise<Trace>;
}

type Random = ReturnType<typeof generator>;

const tensor = (shape: number[], value: (n: number) => number): Tensor => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, n) => value(n)),
});
const noise = (random: Random, shape: number[], size = 1) => tensor(shape, () => size * (2 * random.next() - 1));
const seen = (shape: number[], rows: string): Mask => ({ shape, data: Uint8Array.from(rows.replaceAll(" ", ""), Number) });

const random = generator(20261126);
const words = { query: ["the", "dog", "bites", "the", "man"] };
const plain: TraceRequest = { tokens: words, heads: 2, headDim: 4, seed: 3 };
const matrices = (query: number[][], key: number[][], value: number[][]): TraceRequest => {
  const of = (rows: number[][]) => tensor([1, rows.length, rows[0]?.length ?? 0], (n) => rows.flat()[n] as number);
  return { q: of(query), k: of(key), v: of(value), heads: 1 };
};
const biases = {
  ...{ bq: noise(random, [8]), bk: noise(random, [8]), bv: noise(random, [8]), bo: noise(random, [6]) },
  ...{ wq: noise(random, [6, 8]), wk: noise(random, [6, 8]), wv: noise(random, [6, 8]), wo: noise(random, [8, 6]) },
};
const set = (...edits: [stage: string, index: number[], value: number][]): Edit[] =>
  edits.map(([stage, index, value]) => ({ stage, index, value }));

const ATTENTION: Record<string, TraceRequest> = {
  "self-attention": plain,
  "cross-attention, grouped heads": { ...plain, tokens: { ...words, key: ["a", "cat", "a"] }, heads: 4, kvHeads: 2 },
  "causal, sinusoidal": { ...plain, causal: true, position: "sinusoidal" },
  "causal across two texts": { ...plain, tokens: { ...words, key: ["a", "b", "c", "d", "e", "f", "g"] }, causal: true },
  "window, soft cap": { ...plain, window: [1, 1], softcap: 0.5 },
  "rotary, a mask with a row that sees nothing": {
    ...plain,
    position: "rotary",
    mask: seen([5, 5], "11011 00000 10101 01110 00001"),
  },
  "ALiBi and a mask that is added": {
    ...plain,
    position: "alibi",
    mask: tensor([5, 5], (n) => (n % 4 === 1 ? Number.NEGATIVE_INFINITY : n / 7)),
  },
  "a past": {
    ...{ ...plain, causal: true, position: "rotary" },
    ...{ pastKey: noise(random, [2, 3, 4]), pastValue: noise(random, [2, 3, 4]) },
  },
  "biases and given weights": { ...plain, ...biases, x: noise(random, [5, 6]), headDim: 4 },
  "one key": { ...plain, tokens: { ...words, key: ["all"] }, heads: 3 },
  "so many tokens that the weights alone are held": {
    ...{ tokens: { query: Array.from({ length: 520 }, (_, n) => `t${n % 100}`) }, heads: 1, headDim: 4 },
    ...{ causal: true, window: [400, -1] },
  },
  "one token": { tokens: { query: ["alone"] }, heads: 1, headDim: 1 },
  "ties, zeros and a negative zero": matrices(
    [[1, 0], [0, 0], [-1, -0], [1, 1]],
    [[2, 0], [2, 5], [0, -3], [-2, 0]],
    [[1, -1], [1, 1], [0, 0], [-1, 1]],
  ),
  "right angles, opposite ways": matrices([[1, 0], [1, 1]], [[0, 1], [-1, 0.05], [1, 2], [0.099, 1], [0.5, 0.8661]], Array(5).fill([3, 0])),
  "large, and beyond": matrices(
    [[1e30, 1], [3e38, -2], [-1e20, 0]],
    [[1e30, 0], [-1e30, 2], [1e-30, 5]],
    [[1e38, -1], [2, 1e-40], [-3e38, 0]],
  ),
  "NaN and infinity": matrices(
    [[1, 2], [Number.NaN, 1], [Number.POSITIVE_INFINITY, 1]],
    [[1, 1], [0, Number.NEGATIVE_INFINITY], [2, 3]],
    [[1, 2], [Number.NaN, 1], [0, 1]],
  ),
  "small differences": matrices([[1, 1e-4], [5, 3]], [[3, 0], [3, 1e-3], [3, -1e-3]], [[1e-9, 1], [1e-9, 1], [2e-9, 1]]),
  "numbers that were set": {
    ...{ ...plain, causal: true },
    edits: set(
      ...([["w_query", [0, 0], 3], ["scores", [0, 2, 1], 0], ["masked", [0, 1, 0], Number.NEGATIVE_INFINITY]] as const).map(
        ([a, b, c]): [string, number[], number] => [a, [...b], c],
      ),
      ["masked", [0, 1, 3], 2],
      ["row_max", [0, 3], -1],
      ["row_max", [1, 2], 9],
      ["exp", [1, 1, 4], 0.7],
      ["row_sum", [1, 3], -2],
      ["row_sum", [1, 4], 0],
      ["weights", [1, 0, 0], 0.4],
      ["value", [1, -1, -1], 0],
      ["output", [0, 1], 1e6],
    ),
  },
  "scores that were set to −∞": {
    ...plain,
    edits: set(["scaled", [0, 0, -1], Number.NEGATIVE_INFINITY], ["scaled", [1, 1, 2], Number.NEGATIVE_INFINITY]),
    mask: seen([5, 5], "11011 11111 10101 01110 00001"),
  },
};

/** One of what can be asked for, in any mixture. */
function drawn(n: number): TraceRequest {
  const one = generator(n + 1);
  const kvHeads = one.pick([1, 2]);
  const heads = kvHeads * one.pick([1, 2]);
  const word = () => one.pick(["a", "it", "dog", "the", "“so”", "是"]);
  const query = Array.from({ length: 1 + one.below(7) }, word);
  const key = one.next() < 0.4 ? Array.from({ length: 1 + one.below(7) }, word) : undefined;
  const [queries, keys] = [query.length, key?.length ?? query.length];
  const request: TraceRequest = { tokens: { query, ...(key && { key }) }, heads, kvHeads, headDim: one.pick([1, 2, 4]) * 2 };
  request.seed = one.below(1000);
  request.position = one.pick(["none", "sinusoidal", "rotary", "alibi"]);
  if (one.next() < 0.4) request.causal = true;
  if (one.next() < 0.3) request.window = [one.below(4) - 1, one.below(3)];
  if (one.next() < 0.3) request.softcap = one.pick([0.1, 1, 30]);
  if (one.next() < 0.3) request.scale = one.pick([0.01, 1, 40]);
  if (one.next() < 0.4) request.mask = { shape: [queries, keys], data: Uint8Array.from({ length: queries * keys }, () => one.below(3) && 1) };
  if (one.next() < 0.3) request.edits = set(["scores", [0, one.below(queries), one.below(keys)], 10 * one.next() - 5]);
  return request;
}

const RULES = ["linear", "gated", "delta", "gated_delta"] as const;

function linear(rule: (typeof RULES)[number], past: boolean): LinearTraceRequest {
  const one = generator(RULES.indexOf(rule) + (past ? 10 : 20));
  const request: LinearTraceRequest = { tokens: words, heads: 4, kvHeads: 2, headDim: 3, rule, seed: 2 };
  if (rule.startsWith("gated")) request.decay = tensor([5, 2], () => -one.next());
  if (rule.endsWith("delta")) request.beta = tensor([5, 2], one.next);
  if (past) request.pastState = noise(one, [2, 3, 3]);
  return request;
}

export const CASES: Case[] = [
  ...Object.entries(ATTENTION),
  ...Array.from({ length: 24 }, (_, n): [string, TraceRequest] => [`drawn, ${n}`, drawn(n)]),
].map(([name, request]): Case => ({ name, request, run: (engine) => engine.traceAttention(request) }));

for (const rule of RULES)
  for (const past of [false, true]) {
    const request = linear(rule, past);
    const name = `linear attention, ${rule}${past ? ", with a past" : ""}`;
    CASES.push({ name, request, run: (engine) => engine.traceLinearAttention(request) });
  }
