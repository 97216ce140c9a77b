/** The contracts of the engine: what goes in, what comes out. Arrays are row-major; axis names are in the comments. */

import type { Model, ModelOptions } from "./model/types.ts";

export interface Tensor {
  shape: number[];
  data: Float32Array;
}

/** Float32Array: added to the scores. Uint8Array: 1 = may attend. Broadcasts to [batch, head, query, key]. */
export interface Mask {
  shape: number[];
  data: Float32Array | Uint8Array;
}

export type Backend = "cpu" | "webgpu";

/**
 * What is to compute attention. "auto": the GPU, where it is a real one, was measured to gain and agrees with the CPU. "webgpu":
 * whatever WebGPU there is, the CPU where there is none. Linear attention, rotary embeddings and models stay on the CPU.
 */
export type BackendChoice = "auto" | Backend;

/** A stable code, and a sentence. */
export interface BackendReason {
  code: string;
  text: string;
}

export interface BackendRun {
  operation: "computeAttention" | "traceAttention";
  /** From the call to its result, without waiting for other calls. */
  ms: number;
}

export interface BackendReport {
  /** The last that was found. A fallback is software. */
  adapter?: { name: string; isFallback: boolean };
  /** Of the GPU: nothing has asked for it yet; it is in use; `reason` says why it is not. */
  state: "untried" | "ready" | "refused";
  /** Why the GPU is not in use, why it left the last call to the CPU, or what is to be known of it. */
  reason?: BackendReason;
  /** The last call that each computed. */
  last: { cpu?: BackendRun; webgpu?: BackendRun };
  /** Multiply-adds above which "auto" takes the GPU, as they were measured here; Infinity: at no size. */
  crossover: { computeAttention?: number; traceAttention?: number };
}

/** The builds of the attention kernels: for every browser, and for those with relaxed SIMD. */
export type Kernels = "simd128" | "relaxed";

/** Its arrays are to stay as they are until the result is there: a large one is copied part by part, as workers get free. */
export interface AttentionRequest {
  /** [batch, head, query, dim] or packed [batch, query, head * dim] with `qHeads` and `kvHeads`. */
  q: Tensor;
  k: Tensor;
  v: Tensor;
  qHeads?: number;
  kvHeads?: number;
  causal?: boolean;
  mask?: Mask;
  /** [left, right]; -1 = open. */
  window?: [number, number];
  scale?: number;
  softcap?: number;
  pastKey?: Tensor;
  pastValue?: Tensor;
  /** [batch] */
  kvLengths?: Int32Array;
  scores?: "raw" | "capped" | "masked" | "weights";
  /** Where the output goes, instead of into a new array: as many numbers, apart from what is read. Best for calls in a row. */
  output?: Float32Array;
  /** Default: that of the engine. */
  backend?: BackendChoice;
}

export interface AttentionResult {
  output: Tensor;
  presentKey?: Tensor;
  presentValue?: Tensor;
  scores?: Tensor;
  backend: Backend;
}

export interface LinearAttentionRequest {
  /** [batch, token, head * dim] */
  q: Tensor;
  k: Tensor;
  v: Tensor;
  qHeads: number;
  kvHeads: number;
  rule: "linear" | "gated" | "delta" | "gated_delta";
  decay?: Tensor;
  beta?: Tensor;
  pastState?: Tensor;
  scale?: number;
  /** Tokens that are worked on together: the same numbers by matrix products. Default: one at a time. */
  chunk?: number;
}

export interface LinearAttentionResult {
  output: Tensor;
  state: Tensor;
}

export interface RotaryEmbeddingRequest {
  x: Tensor;
  cos: Tensor;
  sin: Tensor;
  positions?: { shape: number[]; data: Int32Array };
  heads?: number;
  rotaryDim?: number;
  interleaved?: boolean;
}

export type PositionKind = "none" | "sinusoidal" | "rotary" | "alibi";
export type Position =
  | PositionKind
  | { kind: "learned"; table: Tensor }
  | { kind: "rotary"; base?: number; dim?: number; interleaved?: boolean }
  | { kind: "alibi"; slopes?: Tensor };

/** A number that is set, whatever it would have been: what comes after is computed from it. */
export interface Edit {
  /** Any that the trace holds, parameters among them. */
  stage: string;
  /** The cell; -1 at a place: all along that axis. */
  index: number[];
  /** Not NaN. */
  value: number;
}

export interface TraceRequest {
  tokens?: { query: string[]; key?: string[] };
  /** [query, width]; absent: seeded from `seed` and the tokens. */
  x?: Tensor;
  /** [key, width]; keys and values come from it (cross-attention). */
  memory?: Tensor;
  /** [width, head * dim]; all of them absent: seeded. */
  wq?: Tensor;
  wk?: Tensor;
  wv?: Tensor;
  /** [head * dim, width] */
  wo?: Tensor;
  bq?: Tensor;
  bk?: Tensor;
  bv?: Tensor;
  bo?: Tensor;
  /** [head, token, dim] or [token, head * dim], instead of `x` and weights. */
  q?: Tensor;
  k?: Tensor;
  v?: Tensor;
  seed?: number;
  width?: number;
  headDim?: number;
  heads: number;
  kvHeads?: number;
  causal?: boolean;
  mask?: Mask;
  window?: [number, number];
  scale?: number;
  softcap?: number;
  pastKey?: Tensor;
  pastValue?: Tensor;
  position?: Position;
  /** Numbers that are set; of two for one cell the later one stays. They keep the trace on the CPU. */
  edits?: Edit[];
  /** Default: that of the engine. */
  backend?: BackendChoice;
}

/** Tokens, embeddings, weights and seeds as in TraceRequest; what steers the state as in LinearAttentionRequest. */
export interface LinearTraceRequest extends Omit<TraceRequest, "backend"> {
  rule: LinearAttentionRequest["rule"];
  decay?: Tensor;
  beta?: Tensor;
  pastState?: Tensor;
}

export interface Stage {
  id: string;
  axes: string[];
  shape: number[];
  /** Where the stage starts in `data`, in floats. */
  offset: number;
  from: string[];
  op: string;
  formula: string;
}

export interface TraceConfig {
  heads: number;
  kvHeads: number;
  headDim: number;
  width: number;
  causal: boolean;
  scale: number;
  seeded: string[];
  /** The edits of the request, each with the place in `data` where begins what would have stood in its cells, row-major. */
  edits?: (Edit & { offset: number })[];
  [key: string]: unknown;
}

export interface Trace {
  version: 1;
  config: TraceConfig;
  backend: Backend;
  tokens: { query: string[]; key: string[] };
  stages: Stage[];
  data: Float32Array;
  /** The first NaN or infinite cells of what was given, and how many there are in all. */
  nonFinite?: { stage: string; index: number[]; value: string }[];
  nonFiniteCount?: number;
}

export interface Factor {
  stage: string;
  index: number[];
  value: number;
}

export interface Term {
  factors: Factor[];
  /** The product of the factors, in f64. */
  product: number;
  /** The sum, or the largest, of the products up to this one, in f64; absent where the operation is neither. */
  running?: number;
}

export interface Explanation {
  stage: string;
  index: number[];
  value: number;
  /** The same operation on the same operands in f64. */
  exact: number;
  op: string;
  terms: Term[];
  formula: string;
  /** Of a cell that was set (op `edited`): `computed`, what the operation gives on the operands on show, or what was given. */
  constant?: { name: string; value: number };
  /** Of a softmax: scale, softcap and alibi where there are such, row_max and row_sum. With the terms they give `exact`. */
  constants?: { name: string; value: number }[];
  reason?: string;
}

/** Cells of one stage that are made of a cell: a box of them. `to` is exclusive. */
export interface Use {
  stage: string;
  from: number[];
  to: number[];
}

export interface Limits {
  tracedTokens: number;
  weightsTokens: number;
  tensorBytes: number;
  heads: number;
  version: string;
}

export interface EngineOptions {
  /** Where the wasm is, or the wasm itself. Default: the file beside engine.js. */
  wasm?: URL | string | BufferSource | WebAssembly.Module;
  /** What computes attention where a request does not say. Default "auto". */
  backend?: BackendChoice;
  /**
   * Which kernels compute attention. Default "auto": "relaxed" where the browser has it, which multiplies and adds in one
   * step, with one rounding. Traces are computed by neither and are the same everywhere.
   */
  kernels?: "auto" | Kernels;
  /** How many workers at most. Default: one less than the processors, at least two. 0: everything runs where it is called. */
  workers?: number;
  /**
   * Milliseconds that a job in a worker may take before it is ended, and that the tokenizer of a model in a worker has for an
   * answer; Infinity: as long as they want. Default 60,000.
   */
  deadline?: number;
}

/** Tensors that stay in the engine's memory on the calling thread, [batch, head, token, dim], so that no call copies them. */
export interface AttentionBuffers {
  /** Views to write to and to read from. Ask for them anew each time: they end when the engine's memory grows. */
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
  readonly output: Float32Array;
  /** Attention over what stands in q, k and v, into output. Throws an EngineError. */
  compute(options?: Pick<AttentionRequest, "causal" | "window" | "scale" | "softcap">): void;
  /** Gives the memory back. */
  dispose(): void;
}

export interface BufferSizes {
  batch?: number;
  heads: number;
  /** Default: as many as `heads`. */
  kvHeads?: number;
  queries: number;
  /** Default: as many as `queries`. */
  keys?: number;
  dim: number;
  /** Default: as large as `dim`. */
  valueDim?: number;
}

/** Nothing is loaded before it is needed: a first `computeAttention` waits for the small kernels alone. */
export interface Engine {
  computeAttention(request: AttentionRequest): Promise<AttentionResult>;
  /** Above `tracedTokens` of the limits the trace holds the weights alone of all that is N x N. */
  traceAttention(request: TraceRequest): Promise<Trace>;
  linearAttention(request: LinearAttentionRequest): Promise<LinearAttentionResult>;
  rotaryEmbedding(request: RotaryEmbeddingRequest): Promise<Tensor>;
  traceLinearAttention(request: LinearTraceRequest): Promise<Trace>;
  explain(trace: Trace, stage: string, index: readonly number[]): Promise<Explanation>;
  /** Where a number goes: the cells that name it among their factors, stage by stage; none of the output's. */
  uses(trace: Trace, stage: string, index: readonly number[]): Promise<Use[]>;
  tokenize(text: string): Promise<string[]>;
  limits(): Promise<Limits>;
  attentionBuffers(sizes: BufferSizes): Promise<AttentionBuffers>;
  /** A trained model out of files in the Hugging Face layout. */
  loadModel(options: ModelOptions): Promise<Model>;
  /** What computes attention. */
  readonly kernels: Kernels;
  /** Memory of the kernels on the calling thread; workers have their own. */
  readonly memoryBytes: number;
  /** What attention may run on: the CPU, until a GPU is accepted. Each result names what it did run on. */
  readonly backend: Backend;
  readonly adapter: string;
  backends(): BackendReport;
  /** Calls with every new report (times alone make none); what it gives back ends that. */
  onBackends(listener: (report: BackendReport) => void): () => void;
  /** Why a result is the CPU's though its request asked for the GPU, or the GPU had begun with it. */
  fellBack(result: AttentionResult | Trace): BackendReason | undefined;
  dispose(): void;
}
