/** From the page's state to a request to the engine. Names things and copies numbers; computes nothing. */

import type { Tensor, TraceRequest } from "../engine/types.ts";
import type { State } from "../state/fields.ts";
import { MATRIX_NAMES, type Matrix } from "./matrices.ts";

export type Tokenize = (text: string) => Promise<string[]>;

export async function buildRequest(state: State, tokenize: Tokenize): Promise<TraceRequest> {
  const request: TraceRequest = { heads: state.heads, seed: state.seed, position: state.position };
  if (state.kvHeads > 0) request.kvHeads = state.kvHeads;
  if (state.causal) request.causal = true;
  if (state.scale > 0) request.scale = state.scale;
  if (state.softcap > 0) request.softcap = state.softcap;
  if (state.window) request.window = state.window.split(",").map(Number) as [number, number];
  if (state.matrices) addMatrices(request, state);
  else {
    const query = await tokenize(state.text);
    request.tokens = { query };
    request.headDim = state.headDim;
    if (state.attention === "cross") request.tokens.key = await tokenize(state.keyText);
  }
  if (state.mask) request.mask = maskFrom(state.mask, request);
  return request;
}

function addMatrices(request: TraceRequest, { matrices, headDim }: State): void {
  for (const name of MATRIX_NAMES) {
    const matrix = matrices?.[name];
    if (matrix) request[name] = toTensor(matrix);
  }
  if (matrices?.tokens) request.tokens = { query: matrices.tokens };
  if (request.x && !request.wq) request.headDim = headDim;
}

function toTensor({ shape, data }: Matrix): Tensor {
  // A vector pasted as one row is a vector all the same.
  return { shape: [...shape], data: Float32Array.from(data, Number) };
}

/** `query-key` pairs to a boolean mask [query, key]: 1 = may attend. */
function maskFrom(pairs: string, request: TraceRequest): { shape: number[]; data: Uint8Array } {
  const queries = request.tokens?.query.length ?? request.x?.shape[0] ?? request.q?.shape.at(-2) ?? 0;
  const keys = request.tokens?.key?.length ?? request.memory?.shape[0] ?? request.k?.shape.at(-2) ?? queries;
  const data = new Uint8Array(queries * keys).fill(1);
  for (const pair of pairs.split("_")) {
    const [query = 0, key = 0] = pair.split("-").map(Number);
    if (query < queries && key < keys) data[query * keys + key] = 0;
  }
  return { shape: [queries, keys], data };
}
