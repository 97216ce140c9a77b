/** The contracts of models: what is loaded, what goes in, what comes out. */

import type { Tensor, Trace, TraceRequest } from "../types.ts";

/** A file of weights in the safetensors format: as it was dropped, in memory, or where it lies. */
export type WeightsFile = Blob | ArrayBuffer | URL;

export interface ModelOptions {
  /** What config.json holds. */
  config: object;
  /** One file, or the shards in any order. Read tensor by tensor; nothing is in memory twice. */
  weights: readonly WeightsFile[];
  /** What tokenizer.json holds. Without it the model takes ids alone. */
  tokenizer?: object;
  onProgress?(progress: ModelProgress): void;
  /** Ends the loading: the promise is then rejected with the signal's reason. */
  signal?: AbortSignal;
}

export interface ModelProgress {
  /** Bytes of weights so far. */
  loaded: number;
  total: number;
}

export type ModelFamily = "bert" | "gpt2" | "bart" | "vit" | "recall";
export type ModelBlock = "encoder" | "decoder" | "cross";

export interface ModelInfo {
  family: ModelFamily;
  width: number;
  encoder?: { layers: number; heads: number };
  decoder?: { layers: number; heads: number };
  /** The attentions that it has. */
  blocks: ModelBlock[];
  /** Tokens that it knows; 0 where it sees images. */
  vocabulary: number;
  /** Tokens that it can take; 0 where there is no bound. */
  positions: number;
  /** Numbers that were trained. */
  parameters: number;
  /** Whether it gives logits. */
  head: boolean;
  /** Its classes, where it has such. */
  labels: string[];
  /** [channel, height, width] of the images that it takes. */
  image?: [number, number, number];
  /** Rows and columns of patches. */
  grid?: [number, number];
  /** What a decoder begins with, where it looks at an encoder. */
  start?: number;
  /** The tokens that end a text. */
  ends: number[];
  /** Tensors of the files that the model has no use for. */
  unused: string[];
}

export interface ModelInput {
  /** One of the three. */
  text?: string;
  ids?: readonly number[];
  /** [channel, height, width], normalised as the model wants it. */
  pixels?: Tensor;
  /** What the decoder reads, where there is an encoder besides. Default: the token that it begins with. */
  target?: string;
  targetIds?: readonly number[];
}

export interface RunOptions {
  /** False: without the weights of the attentions, by the fast kernels. Default: with them. */
  attentions?: boolean;
}

/** Which attention, and what is other than in the model: `mask` hides what it hides besides what the model does. */
/** What can be changed in the attention of a layer. */
export type TraceChanges = Pick<TraceRequest, "edits" | "mask" | "scale">;

export interface ModelTraceOptions extends TraceChanges {
  block: ModelBlock;
  layer: number;
}

export interface Attentions {
  /** [layer, head, query, key] */
  encoder?: Tensor;
  decoder?: Tensor;
  cross?: Tensor;
}

export interface ModelOutput {
  /** Their names as the tokenizer has them; patches are "row,column". */
  tokens: string[];
  targetTokens?: string[];
  ids: number[];
  targetIds?: number[];
  /** [token, vocabulary] or [class]; absent where the files have no head. */
  logits?: Tensor;
  /** [layer + 1, token, width], embeddings first; of the decoder where there is one. */
  hidden: Tensor;
  /** The same of the encoder, where there is a decoder besides. */
  encoderHidden?: Tensor;
  attentions: Attentions;
}

export interface GenerateOptions {
  /** Default 32. */
  maxTokens?: number;
  /** 0, the default: always the likeliest. */
  temperature?: number;
  /** The same seed repeats a text, on every machine. Default 1. */
  seed?: number;
  /** With the weights of the attentions. Default: without. */
  attentions?: boolean;
  signal?: AbortSignal;
}

export interface GeneratedToken {
  id: number;
  token: string;
  /** All that was generated so far. */
  text: string;
  /** How likely it was. */
  probability: number;
  /** [vocabulary], before it was chosen. */
  logits: Tensor;
  /** Of the tokens that were read for it to all before them: [layer, head, query, key]; first those of the prompt. */
  attentions: Attentions;
  /** Why it is the last, if it is. */
  end?: "end_token" | "max_tokens" | "positions";
}

/** What is asked of the networks that remember (family `recall`). */
export interface RecallInput {
  /** `pairs`: letters with digits, the digit of one of them is asked for; `flag`: the digit after the flag is. */
  task: "pairs" | "flag";
  kind: "rnn" | "lstm" | "attention";
  /** Rows of the tables of letters and digits, 0 for none; the last asks. */
  tokens: readonly (readonly [letter: number, digit: number])[];
}

export interface Recalled {
  /** The likeliest. */
  answer: number;
  /** [answer] */
  logits: Tensor;
  /** [answer] */
  probabilities: Tensor;
  /** [token]: the length of the gradient of the answer's logit with respect to the token's vector. */
  gradient: Tensor;
  /** [token]: what the last token attends to, where there is attention. */
  weights?: Tensor;
}

/** A model in a worker of its own. */
export interface Model {
  readonly info: ModelInfo;
  /** Whether it takes text. */
  readonly hasTokenizer: boolean;
  run(input: ModelInput & RunOptions): Promise<ModelOutput>;
  /** The trace of one attention, from what enters it to its output projection. Its weights are those of `run`. */
  trace(input: ModelInput & ModelTraceOptions): Promise<Trace>;
  /** Token after token, by a cache of keys and values. */
  generate(input: ModelInput & GenerateOptions): AsyncGenerator<GeneratedToken, void, void>;
  /** A network that remembers reads a sequence and answers. */
  recall(input: RecallInput): Promise<Recalled>;
  /** The trace of the attention among them: the last token, a query, looks at all. `names` stand at the sides. */
  traceRecall(input: Omit<RecallInput, "kind">, names: readonly string[], changes?: TraceChanges): Promise<Trace>;
  /** `softmax(logits / temperature)` of one row of logits, [vocabulary] or [class]. Default temperature: 1. */
  probabilities(logits: Tensor, temperature?: number): Promise<Tensor>;
  encode(text: string): Promise<{ ids: number[]; tokens: string[] }>;
  decode(ids: readonly number[]): Promise<string>;
  /** Gives its memory back. */
  dispose(): void;
}
