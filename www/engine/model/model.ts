/** A model that is loaded, as a page sees it. */

import { EngineError } from "../errors.ts";
import type { Tensor, Trace } from "../types.ts";
import type { Host } from "./host.ts";
import { type Fields, fromBits } from "./instance.ts";
import type { Lender } from "./load.ts";
import type { Encoded } from "./tokenizer.ts";
import type * as types from "./types.ts";

/** Sizes of a stack as the engine says them: layers, heads. */
type Pair = [number, number];
type RawInfo = Omit<types.ModelInfo, "encoder" | "decoder" | "head"> & { encoder?: Pair; decoder?: Pair; head: number };

/** An input whose texts have become ids. */
interface Resolved {
  fields: { ids?: number[]; targetIds?: number[]; pixels?: number[] };
  bytes: Uint8Array | undefined;
  tokens: string[];
  targetTokens: string[] | undefined;
}

type Output = Omit<types.ModelOutput, "tokens" | "ids">;
type LayerInput = Record<"x" | "memory" | "wq" | "wk" | "wv" | "wo" | "bq" | "bk" | "bv" | "bo", Tensor> & {
  heads: number;
  causal: number;
  scale: string | number;
};
interface Step {
  id: number;
  probability: string | number;
  logits: Tensor;
  attentions: types.Attentions;
}

export class LoadedModel implements types.Model {
  readonly info: types.ModelInfo;
  readonly hasTokenizer: boolean;
  readonly #host: Host;
  readonly #lender: Lender;
  /** Handed over with the first text. */
  #tokenizer: object | undefined;
  #ready: Promise<unknown> | undefined;

  constructor(host: Host, info: unknown, tokenizer: object | undefined, lender: Lender) {
    this.#host = host;
    this.#lender = lender;
    this.#tokenizer = tokenizer;
    this.hasTokenizer = tokenizer !== undefined;
    this.info = readInfo(info as RawInfo);
  }

  run = async (input: types.ModelInput & types.RunOptions): Promise<types.ModelOutput> => {
    const { attentions = true } = input ?? {};
    const { fields, bytes, tokens, targetTokens } = await this.#resolve(input);
    const output = await this.#host.call<Output>({ do: "run", attentions, ...fields }, bytes);
    const { ids = [], targetIds } = fields;
    return { ...output, tokens, ids, ...(targetTokens && { targetTokens }), ...(targetIds && { targetIds }) };
  };

  trace = async (input: types.ModelInput & types.ModelTraceOptions): Promise<Trace> => {
    const { block, layer, edits, mask, scale } = input ?? {};
    const { fields, bytes, tokens, targetTokens } = await this.#resolve(input);
    const request = { do: "traceInput", block, layer, ...fields };
    const query = block === "encoder" ? tokens : (targetTokens ?? tokens);
    const sides = { query, ...(block === "cross" ? { key: tokens } : {}) };
    const changes = { ...(edits && { edits }), ...(mask && { mask }), ...(scale !== undefined && { scale }) };
    return this.#traceOf(request, sides, bytes, changes);
  };

  async #traceOf(
    request: Fields,
    tokens: { query: string[]; key?: string[] },
    bytes?: Uint8Array,
    changes: types.TraceChanges = {},
  ): Promise<Trace> {
    const { scale, causal, ...found } = await this.#host.call<LayerInput>(request, bytes);
    return this.#lender.traceAttention({ ...found, scale: fromBits(scale), causal: causal === 1, tokens, ...changes });
  }

  async *generate(input: types.ModelInput & types.GenerateOptions): AsyncGenerator<types.GeneratedToken, void, void> {
    const { maxTokens = 32, temperature = 0, seed = 1, attentions = false, signal } = input ?? {};
    if (!(Number.isInteger(maxTokens) && maxTokens > 0)) throw refusal("maxTokens of at least 1", String(maxTokens));
    const { fields, bytes } = await this.#resolve(input);
    const begun = await this.#host.call<{ text: number; ids: number[] }>({ do: "start", ...fields }, bytes);
    const { text } = begun;
    let { ids } = begun;
    let read = 0;
    const made: number[] = [];
    try {
      for (let step = 0; step < maxTokens; step++) {
        signal?.throwIfAborted();
        const request = { do: "step", text, ids, temperature, seed, step, attentions };
        const { id, probability, ...rest } = await this.#host.call<Step>(request);
        read += ids.length;
        made.push(id);
        ids = [id];
        const end = this.#endOf(id, step + 1 === maxTokens, read);
        const said = await this.#say(made);
        yield { ...rest, ...said, id, probability: fromBits(probability), ...(end && { end }) };
        if (end) return;
      }
    } finally {
      await this.#host.call({ do: "stop", text }).catch(() => {});
    }
  }

  recall = ({ task, kind, tokens }: types.RecallInput): Promise<types.Recalled> =>
    this.#host.call<types.Recalled>({ do: "recall", task, kind, tokens: tokens.flat() });

  traceRecall = (
    { task, tokens }: Omit<types.RecallInput, "kind">,
    names: readonly string[],
    changes?: types.TraceChanges,
  ): Promise<Trace> => {
    const sides = { query: names.slice(-1), key: [...names] };
    return this.#traceOf({ do: "recallLayer", task, tokens: tokens.flat() }, sides, undefined, changes);
  };

  probabilities = async (logits: Tensor, temperature = 1): Promise<Tensor> => {
    const request = { do: "probabilities", temperature };
    const { probabilities } = await this.#host.call<{ probabilities: Tensor }>(request, toBytes("logits", logits));
    return probabilities;
  };

  encode = (text: string): Promise<Encoded> => this.#ask<Encoded>({ do: "encode", text });
  decode = (ids: readonly number[]): Promise<string> => this.#ask<string>({ do: "decode", ids });

  dispose = (): void => {
    this.#host.dispose();
    this.#lender.onDispose(this);
  };

  #endOf(id: number, last: boolean, read: number): types.GeneratedToken["end"] {
    if (this.info.ends.includes(id)) return "end_token";
    if (last) return "max_tokens";
    return this.info.positions > 0 && read >= this.info.positions ? "positions" : undefined;
  }

  async #say(ids: number[]): Promise<{ token: string; text: string }> {
    const [token = ""] = await this.#name(ids.slice(-1));
    return { token, text: this.hasTokenizer ? await this.decode(ids) : ids.join(" ") };
  }

  /** The tokens of these ids; their numbers where there is no tokenizer. */
  async #name(ids: readonly number[]): Promise<string[]> {
    return this.hasTokenizer ? this.#ask<string[]>({ do: "tokens", ids }) : ids.map(String);
  }

  /** A question to the tokenizer, which is loaded with the first. */
  async #ask<T>(fields: { do: string } & Record<string, unknown>): Promise<T> {
    if (!this.hasTokenizer) throw refusal("ids, or a model with a tokenizer", "text");
    this.#ready ??= this.#host.ask({ do: "tokenizer", json: this.#tokenizer });
    await this.#ready;
    this.#tokenizer = undefined;
    return this.#host.ask<T>(fields);
  }

  async #resolve(input: types.ModelInput): Promise<Resolved> {
    const { text, ids, pixels, target, targetIds } = input ?? {};
    const given = Object.entries({ text, ids, pixels }).filter(([, value]) => value != null);
    if (given.length !== 1) {
      const found = given.map(([name]) => name).join(" and ") || "none";
      throw refusal("one of text, ids and pixels", found);
    }
    if (target != null && targetIds != null) throw refusal("target or targetIds", "both");
    const side = async (text: string | undefined, name: string, given: Iterable<unknown> | undefined) => {
      if (text != null) return this.encode(String(text));
      if (given == null) return undefined;
      const ids = wholeNumbers(name, given);
      return { ids, tokens: await this.#name(ids) };
    };
    const [source, goal] = [await side(text, "ids", ids), await side(target, "targetIds", targetIds)];
    // What the engine takes where nothing is given, so that it is named, too.
    const { start } = this.info;
    const begin = start === undefined || !this.info.encoder || !this.info.decoder ? undefined : [start];
    const other = goal && goal.ids.length > 0 ? goal : await side(undefined, "targetIds", begin);
    return {
      fields: {
        ...(source && { ids: source.ids }),
        ...(other && { targetIds: other.ids }),
        ...(pixels && { pixels: wholeNumbers("pixels.shape", pixels.shape ?? []) }),
      },
      bytes: pixels && toBytes("pixels", pixels),
      tokens: source?.tokens ?? this.#patches(),
      targetTokens: other?.tokens,
    };
  }

  #patches(): string[] {
    const [rows, columns] = this.info.grid ?? [0, 0];
    const patches = Array.from({ length: rows * columns }, (_, n) => `${Math.floor(n / columns)},${n % columns}`);
    return ["[CLS]", ...patches];
  }
}

function refusal(expected: string, found: string): EngineError {
  return new EngineError({ code: "option", operation: "model", expected, found });
}

/** As plain numbers, whatever kind of list they are in. */
function wholeNumbers(name: string, values: Iterable<unknown>): number[] {
  const listed = typeof values === "object" && Symbol.iterator in values;
  const numbers = listed ? Array.from(values, (value) => (typeof value === "bigint" ? Number(value) : value)) : [];
  if (listed && numbers.every(Number.isInteger)) return numbers as number[];
  throw refusal(
    `${name}: a list of whole numbers`,
    `${listed ? "" : `${typeof values} `}${String(values).slice(0, 80)}`,
  );
}

function toBytes(name: string, { data }: Tensor): Uint8Array {
  if (!(data instanceof Float32Array)) throw refusal(`${name}.data: a Float32Array`, typeof data);
  return new Uint8Array(data.slice().buffer);
}

function readInfo({ encoder, decoder, head, ...rest }: RawInfo): types.ModelInfo {
  const stack = ([layers, heads]: Pair) => ({ layers, heads });
  const blocks: types.ModelBlock[] = [
    ...(encoder ? (["encoder"] as const) : []),
    ...(decoder ? (["decoder"] as const) : []),
    ...(encoder && decoder ? (["cross"] as const) : []),
  ];
  return {
    ...rest,
    blocks,
    head: head === 1,
    ...(encoder && { encoder: stack(encoder) }),
    ...(decoder && { decoder: stack(decoder) }),
  };
}
