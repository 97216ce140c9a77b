/** From the page's state to a request to the engine. Names things and copies numbers; computes nothing. */

import type { LinearTraceRequest, Tensor, TraceRequest } from "../engine/types.ts";
import type { State } from "../state/fields.ts";
import { fill, say } from "../text/say.ts";
import { editsFrom, maskFrom } from "./changes.ts";
import { MATRIX_NAMES, type Matrix } from "./matrices.ts";

export type Tokenize = (text: string) => Promise<string[]>;

export type Wanted = { kind: "attention"; request: TraceRequest } | { kind: "linear"; request: LinearTraceRequest };

export async function buildRequest(state: State, tokenize: Tokenize): Promise<Wanted> {
  const rule = state.attention;
  if (rule === "self" || rule === "cross") return { kind: "attention", request: await attention(state, tokenize) };
  const request: TraceRequest = { heads: state.heads, seed: state.seed, position: state.position };
  if (state.kvHeads > 0) request.kvHeads = state.kvHeads;
  if (state.scale > 0) request.scale = state.scale;
  await addInput(request, state, tokenize);
  const linear: LinearTraceRequest = { ...request, rule };
  const shape = [tokenCount(request), state.kvHeads || state.heads];
  const same = (value: number): Tensor => ({
    shape,
    data: new Float32Array((shape[0] ?? 0) * (shape[1] ?? 0)).fill(value),
  });
  if (rule.startsWith("gated")) linear.decay = same(state.decay);
  if (rule.endsWith("delta")) linear.beta = same(state.beta);
  return { kind: "linear", request: linear };
}

async function attention(state: State, tokenize: Tokenize): Promise<TraceRequest> {
  const request: TraceRequest = { heads: state.heads, seed: state.seed, position: state.position };
  if (state.kvHeads > 0) request.kvHeads = state.kvHeads;
  if (state.backend !== "auto") request.backend = state.backend;
  if (state.causal) request.causal = true;
  if (state.scale > 0) request.scale = state.scale;
  if (state.softcap > 0) request.softcap = state.softcap;
  if (state.window) request.window = state.window.split(",").map(Number) as [number, number];
  await addInput(request, state, tokenize);
  if (state.mask) request.mask = maskFrom(state.mask, tokenCount(request), keyCount(request));
  return request;
}

async function addInput(request: TraceRequest, state: State, tokenize: Tokenize): Promise<void> {
  if (state.edits) request.edits = editsFrom(state.edits);
  if (state.matrices) return addMatrices(request, state);
  request.tokens = { query: await tokenize(state.text) };
  request.headDim = state.headDim;
  if (state.attention === "cross") request.tokens.key = await tokenize(state.keyText);
}

const tokenCount = (request: TraceRequest): number =>
  request.tokens?.query.length ?? request.x?.shape[0] ?? request.q?.shape.at(-2) ?? 0;

const keyCount = (request: TraceRequest): number =>
  request.tokens?.key?.length ?? request.memory?.shape[0] ?? request.k?.shape.at(-2) ?? tokenCount(request);

function addMatrices(request: TraceRequest, { matrices, headDim }: State): void {
  for (const name of MATRIX_NAMES) {
    const matrix = matrices?.[name];
    if (matrix) request[name] = toTensor(matrix);
  }
  const rows = (tensor: Tensor | undefined) =>
    Array.from({ length: tensor?.shape.at(-2) ?? 0 }, (_, n) => fill(say.rowName, { n: n + 1 }));
  const query = matrices?.tokens ?? rows(request.q ?? request.x);
  request.tokens = { query };
  if (request.memory || (request.k && request.k.shape.at(-2) !== query.length))
    request.tokens.key = rows(request.k ?? request.memory);
  if (request.x && !request.wq) request.headDim = headDim;
}

function toTensor({ shape, data }: Matrix): Tensor {
  return { shape: [...shape], data: Float32Array.from(data, Number) };
}
