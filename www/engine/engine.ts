/**
 * The typed face of the engine, the same in browsers and in Node 20+.
 *
 * A job that takes well under a frame runs where it is called; a larger one in a worker. The caller sees a promise either way.
 */

import { costOf, LOCAL_COST } from "./cost.ts";
import { EngineError, toPlainError } from "./errors.ts";
import { Pool } from "./pool.ts";
import { startWorker } from "./start-worker.ts";
import type { Engine, EngineOptions, Explanation, Limits, Trace } from "./types.ts";
import { DEFAULT_WASM, instantiate, type JobName, run } from "./wasm.ts";

export { EngineError } from "./errors.ts";
export type * from "./types.ts";

const DEFAULT_DEADLINE = 60_000;

let compiled: Promise<WebAssembly.Module> | undefined;
/** The one instance on this thread: shared by every engine that uses the default wasm. */
let local: "none" | "ready" | "trapped" = "none";

export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  if (options.backend === "webgpu") {
    throw new EngineError({
      code: "backend",
      operation: "createEngine",
      expected: '"auto" or "cpu" (this build has no WebGPU path)',
      found: '"webgpu"',
    });
  }
  const module = await (options.wasm === undefined ? sharedModule() : compile(options.wasm));
  if (local === "none") {
    instantiate(module);
    local = "ready";
  }
  const limits = run({ name: "limits", request: undefined }) as Limits;
  const size = options.workers ?? Math.max(1, (globalThis.navigator?.hardwareConcurrency ?? 2) - 1);
  const pool = new Pool(() => startWorker(module), size, options.deadline ?? DEFAULT_DEADLINE);
  let disposed = false;

  const call = async <T>(name: JobName, request: unknown): Promise<T> => {
    const small = costOf(name, request) <= LOCAL_COST;
    if (!disposed && local === "ready" && (small || size === 0)) return here(name, request) as T;
    return (await pool.run({ name, request })) as T;
  };

  return {
    computeAttention: (request) => call("computeAttention", request),
    traceAttention: (request) => call("traceAttention", request),
    linearAttention: (request) => call("linearAttention", request),
    rotaryEmbedding: (request) => call("rotaryEmbedding", request),
    traceLinearAttention: (request) => call("traceLinearAttention", request),
    explain: (trace: Trace, stage: string, index: readonly number[]) =>
      call<Explanation>("explain", { trace, stage, index }),
    tokenize: (text) => call("tokenize", text),
    limits,
    backend: "cpu",
    adapter: "CPU, WebAssembly",
    dispose: () => {
      disposed = true;
      pool.dispose();
    },
  };
}

/** After a trap the instance on this thread is never used again: later jobs go to workers, which are replaced. */
function here(name: JobName, request: unknown): unknown {
  try {
    return run({ name, request });
  } catch (thrown) {
    const error = toPlainError(thrown, name);
    if (error.trapped) local = "trapped";
    throw new EngineError(error);
  }
}

function sharedModule(): Promise<WebAssembly.Module> {
  compiled ??= compile(DEFAULT_WASM).catch((error: unknown) => {
    compiled = undefined;
    throw error;
  });
  return compiled;
}

async function compile(source: NonNullable<EngineOptions["wasm"]>): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  try {
    if (source instanceof URL || typeof source === "string") return await compileFrom(new URL(source, import.meta.url));
    return await WebAssembly.compile(source);
  } catch (thrown) {
    const found = thrown instanceof Error ? thrown.message : String(thrown);
    throw new EngineError({ code: "load", operation: "createEngine", expected: "the engine's wasm", found });
  }
}

async function compileFrom(url: URL): Promise<WebAssembly.Module> {
  if (url.protocol === "file:" && typeof process !== "undefined") {
    const name = "node:fs/promises";
    const { readFile } = (await import(/* @vite-ignore */ name)) as typeof import("node:fs/promises");
    return WebAssembly.compile(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText} for ${url.pathname}`);
  if (response.headers.get("content-type")?.startsWith("application/wasm")) {
    return WebAssembly.compileStreaming(response);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}
