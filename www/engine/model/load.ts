/** Loads a model: the headers of all files, then the weights, tensor by tensor, straight into the model's memory. */

import { checkObject } from "../errors.ts";
import type { Trace, TraceRequest } from "../types.ts";
import { type Host, startHost } from "./host.ts";
import { LoadedModel } from "./model.ts";
import { openSource, refusal, type Source } from "./source.ts";
import type { Model, ModelInfo, ModelOptions } from "./types.ts";

/** Bytes that are on their way at once: enough to make messages cheap, little beside any model. A multiple of 4. */
const PART = 1 << 20;
const PREFIX = 8;

/** What the engine lends. */
export interface Lender {
  module: WebAssembly.Module;
  inWorker: boolean;
  /** Milliseconds that a tokenizer in a worker has for an answer. */
  deadline: number;
  traceAttention(request: TraceRequest): Promise<Trace>;
  /** Called when the model is disposed of. */
  onDispose(model: Model): void;
}

interface Piece {
  name: string;
  file: number;
  start: number;
  end: number;
}

export async function loadModel(options: ModelOptions, lender: Lender): Promise<Model> {
  checkObject(options, "loadModel");
  check(options);
  const { config, weights, tokenizer, signal } = options;
  signal?.throwIfAborted();
  const host = await startHost(lender.module, lender.inWorker, lender.deadline);
  // Whatever the loading waits for, it waits no longer.
  const abort = () => host.dispose();
  signal?.addEventListener("abort", abort);
  const sources: Source[] = [];
  try {
    await host.call({ do: "begin" }, new TextEncoder().encode(JSON.stringify(config)));
    for (const file of weights) sources.push(await openSource(file, signal));
    const bodies: number[] = [];
    for (const source of sources) {
      bodies.push(await readHeader(host, source));
      if (sources.length > 1) source.pause();
    }
    const { pieces } = await host.call<{ pieces: Piece[] }>({ do: "plan" });
    await readPieces(host, sources, bodies, pieces, options);
    const info = await host.call<ModelInfo>({ do: "finish" });
    signal?.throwIfAborted();
    return new LoadedModel(host, info, tokenizer, lender);
  } catch (thrown) {
    host.dispose();
    signal?.throwIfAborted();
    throw thrown;
  } finally {
    signal?.removeEventListener("abort", abort);
    for (const source of sources) source.pause();
  }
}

function check({ config, weights, tokenizer }: ModelOptions): void {
  const kind = (value: unknown) => (value === null ? "null" : Array.isArray(value) ? "an array" : typeof value);
  const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject(config)) throw refusal("type", "config: what config.json holds", kind(config));
  if (!Array.isArray(weights) || weights.length === 0) {
    throw refusal("type", "weights: an array of at least one file", Array.isArray(weights) ? "none" : kind(weights));
  }
  if (tokenizer !== undefined && !isObject(tokenizer)) {
    throw refusal("type", "tokenizer: what tokenizer.json holds", kind(tokenizer));
  }
}

/** Hands the header over and says where the data begins. */
async function readHeader(host: Host, source: Source): Promise<number> {
  const size = await source.size();
  const known = size === undefined ? {} : { file: size };
  const { length } = await host.call<{ length: number }>(
    { do: "headerLength", ...known },
    await source.read(0, PREFIX),
  );
  const header = await source.read(PREFIX, length);
  if (header.length < length) {
    throw refusal("format", `the file ${source.name} with a header of ${length} bytes`, `${header.length} bytes`);
  }
  const body = PREFIX + length;
  await host.call({ do: "header", ...(size === undefined ? {} : { data: size - body }) }, header);
  return body;
}

async function readPieces(
  host: Host,
  sources: readonly Source[],
  bodies: readonly number[],
  pieces: readonly Piece[],
  { onProgress, signal }: ModelOptions,
): Promise<void> {
  const total = pieces.reduce((sum, { start, end }) => sum + end - start, 0);
  let loaded = 0;
  // One part is taken in while the next is read.
  let taken: Promise<unknown> = Promise.resolve();
  for (const [piece, { name, file, start, end }] of pieces.entries()) {
    const source = sources[file] as Source;
    const body = bodies[file] as number;
    for (let at = start; at < end; at += PART) {
      signal?.throwIfAborted();
      const count = Math.min(PART, end - at);
      const bytes = await source.read(body + at, count);
      if (bytes.length < count) {
        const found = `the end of ${source.name} after ${at - start + bytes.length}`;
        throw refusal("format", `tensor ${name}: ${end - start} bytes`, found);
      }
      await taken;
      taken = host.call({ do: "fill", piece }, bytes);
      taken.catch(() => {});
      loaded += count;
      onProgress?.({ loaded, total });
    }
    // A connection that is not needed again need not stay open.
    if (pieces[piece + 1]?.file !== file) source.pause();
  }
  await taken;
}
