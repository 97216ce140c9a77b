/**
 * The typed face of the engine, the same in browsers and in Node 20+.
 *
 * A job that takes well under a frame runs where it is called; a larger one in workers, or on the GPU. The caller sees a promise
 * in each case.
 */

import { Backends, checkChoice } from "./backends.ts";
import { attentionBuffers } from "./buffers.ts";
import { costOf, LOCAL_ATTENTION, LOCAL_COST } from "./cost.ts";
import { checkObject, disposed, EngineError, toPlainError } from "./errors.ts";
import { fits, hasRelaxed, KERNELS_WASM, Kernels } from "./kernels.ts";
import { DEFAULT_WASM, loadModule } from "./load.ts";
import type { Model, ModelOptions } from "./model/types.ts";
import { inPlace } from "./output.ts";
import type * as types from "./types.ts";
import type * as Wasm from "./wasm.ts";
import type { Modules, Workers } from "./workers.ts";

export { EngineError } from "./errors.ts";
export type * from "./model/types.ts";
export type * from "./types.ts";

const DEFAULT_DEADLINE = 60_000;
/** More milliseconds than these no timer counts: 25 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

type Source = NonNullable<types.EngineOptions["wasm"]>;
type JobName = Wasm.JobName;

/** The one instance of the engine on this thread: of whichever wasm was there first. */
let local: "none" | "ready" | "trapped" = "none";
let glue: typeof Wasm | undefined;

export async function createEngine(options: types.EngineOptions = {}): Promise<types.Engine> {
  checkObject(options, "createEngine");
  checkPool(options);
  const kind = kernelsOf(options);
  const wanted = checkChoice(options.backend ?? "auto", "createEngine");
  const source = options.wasm ?? DEFAULT_WASM;
  // What was handed over is looked at now; what lies elsewhere is fetched when it is needed.
  if (!(source instanceof URL || typeof source === "string")) await loadModule(source);
  return new LocalEngine(source, kind, { ...options, backend: wanted });
}

const refused = (expected: string, found: unknown) =>
  new EngineError({
    code: "option",
    operation: "createEngine",
    expected,
    found: typeof found === "number" ? String(found) : String(JSON.stringify(found)),
  });

function checkPool({ workers = 0, deadline = DEFAULT_DEADLINE }: types.EngineOptions): void {
  if (!Number.isInteger(workers) || workers < 0) throw refused("workers: a whole number from 0", workers);
  if (!(deadline > 0)) throw refused("deadline: milliseconds, more than 0", deadline);
}

function kernelsOf({ kernels = "auto" }: types.EngineOptions): types.Kernels {
  const relaxed = hasRelaxed();
  if (kernels === "auto") return relaxed ? "relaxed" : "simd128";
  if (kernels !== "simd128" && kernels !== "relaxed") {
    throw refused('kernels: "auto", "simd128" or "relaxed"', kernels);
  }
  if (kernels === "relaxed" && !relaxed) throw refused('"auto" or "simd128" (no relaxed SIMD here)', kernels);
  return kernels;
}

/** Its functions are bound, since callers hand them on as they are. */
class LocalEngine implements types.Engine {
  readonly kernels: types.Kernels;
  readonly #backends: Backends;
  readonly #source: Source;
  readonly #deadline: number;
  /** Workers that there may be. */
  readonly #size: number;
  #workers: Promise<Workers> | undefined;
  readonly #modules: Modules = {};
  /** The kernels of this thread. */
  #here: Kernels | undefined;
  readonly #models = new Set<Model>();
  readonly #wanted: types.EngineOptions["backend"];
  #disposed = false;

  constructor(source: Source, kernels: types.Kernels, options: types.EngineOptions) {
    const { workers, backend: wanted = "auto" } = options;
    const deadline = Math.min(options.deadline ?? DEFAULT_DEADLINE, LONGEST_TIMER);
    this.#deadline = deadline;
    this.kernels = kernels;
    this.#wanted = wanted;
    this.#source = source;
    this.#size = workers ?? Math.max(2, (globalThis.navigator?.hardwareConcurrency ?? 2) - 1);
    const cpu = { computeAttention: this.#attend, traceAttention: this.#trace };
    this.#backends = new Backends({ wanted, deadline, cpu });
  }

  computeAttention = (request: types.AttentionRequest) =>
    this.#backends.run("computeAttention", request) as Promise<types.AttentionResult>;
  traceAttention = (request: types.TraceRequest) =>
    this.#backends.run("traceAttention", request) as Promise<types.Trace>;

  readonly #trace = (request: types.TraceRequest) => this.#call<types.Trace>("traceAttention", request);

  readonly #attend = async (request: types.AttentionRequest): Promise<types.AttentionResult> => {
    let kernels = this.#here;
    if (!kernels) {
      const starting = this.#startKernels();
      // Looked at while they are on their way: what is not for them waits for them no longer.
      if (!fits(request)) {
        starting.catch(() => undefined);
        return this.#inEngine(request);
      }
      kernels = await starting;
    }
    const cost = kernels.consider(request);
    if (cost < 0 || this.#disposed) return this.#inEngine(request);
    if (cost > LOCAL_ATTENTION && this.#size > 0) {
      // The kernels' own is another call's by the time that workers are there.
      const table = kernels.table.slice();
      const parts = (await this.#inWorkers("computeAttention")).attend(request, table);
      if (parts) return parts;
      kernels.consider(request);
    }
    try {
      return kernels.attend(request);
    } catch (thrown) {
      const error = toPlainError(thrown, "computeAttention");
      // After a trap an instance is never used again.
      if (error.trapped) this.#here = undefined;
      throw new EngineError(error);
    }
  };

  async #inEngine(request: types.AttentionRequest): Promise<types.AttentionResult> {
    const { output, ...rest } = request ?? {};
    return inPlace(request, await this.#call("computeAttention", output == null ? request : rest));
  }

  attentionBuffers = async (sizes: types.BufferSizes): Promise<types.AttentionBuffers> => {
    if (this.#disposed) throw disposed("attentionBuffers");
    return attentionBuffers(this.#here ?? (await this.#startKernels()), sizes);
  };

  traceLinearAttention = (request: types.LinearTraceRequest) =>
    this.#call<types.Trace>("traceLinearAttention", request);
  linearAttention = (request: types.LinearAttentionRequest) =>
    this.#call<types.LinearAttentionResult>("linearAttention", request);
  rotaryEmbedding = (request: types.RotaryEmbeddingRequest) => this.#call<types.Tensor>("rotaryEmbedding", request);
  explain = (trace: types.Trace, stage: string, index: readonly number[]) =>
    this.#call<types.Explanation>("explain", { trace, stage, index });
  uses = (trace: types.Trace, stage: string, index: readonly number[]) =>
    this.#call<types.Use[]>("uses", { trace, stage, index });
  tokenize = (text: string) => this.#call<string[]>("tokenize", text);
  limits = () => this.#call<types.Limits>("limits", undefined);

  get backend(): types.Backend {
    return this.#backends.backend;
  }

  get adapter(): string {
    return this.#backends.adapter;
  }

  backends = (): types.BackendReport => this.#backends.report;
  onBackends = (listener: (report: types.BackendReport) => void) => this.#backends.onChange(listener);
  fellBack = (result: types.AttentionResult | types.Trace) => this.#backends.fellBack(result);

  get memoryBytes(): number {
    return this.#here?.memoryBytes ?? 0;
  }

  loadModel = async (options: ModelOptions): Promise<Model> => {
    if (this.#disposed) throw disposed("loadModel");
    // Most pages load none.
    const [{ loadModel }, { MODELS_WASM }] = await Promise.all([
      import("./model/load.ts"),
      import("./model/instance.ts"),
    ]);
    const model = await loadModel(options, {
      module: await loadModule(MODELS_WASM),
      inWorker: this.#size > 0,
      deadline: this.#deadline,
      // Small ones gain nothing, so that the GPU is for whoever asked for it.
      traceAttention: this.#wanted === "webgpu" ? this.traceAttention : this.#trace,
      onDispose: (model) => this.#models.delete(model),
    });
    this.#models.add(model);
    if (this.#disposed) {
      model.dispose();
      throw disposed("loadModel");
    }
    return model;
  };

  dispose = (): void => {
    this.#disposed = true;
    this.#workers?.then(
      (workers) => workers.dispose(),
      () => undefined,
    );
    this.#backends.dispose();
    for (const model of [...this.#models]) model.dispose();
  };

  /** A job of the engine: small ones here, until an instance on this thread has trapped. */
  async #call<T>(name: JobName, request: unknown): Promise<T> {
    if (this.#disposed) throw disposed(name);
    // Once all is there nothing is waited for: a frame would come between, even where an import is of what is known.
    if (!glue || !this.#modules.engine) {
      // Attention alone needs no glue, so that it is not in the first file.
      const loading = import("./wasm.ts");
      this.#modules.engine ??= await loadModule(this.#source);
      glue = await loading;
    }
    const wasm = glue;
    if (local !== "trapped" && (costOf(name, request) <= LOCAL_COST || this.#size === 0)) {
      if (local === "none") wasm.instantiate(this.#modules.engine);
      local = "ready";
      return here(wasm, name, request) as T;
    }
    return (await this.#inWorkers(name)).run<T>({ name, request });
  }

  async #startKernels(): Promise<Kernels> {
    const module = await loadModule(KERNELS_WASM[this.kernels]);
    this.#modules.kernels = module;
    this.#here ??= new Kernels(module);
    return this.#here;
  }

  /** Most pages have nothing that is large enough for them. */
  async #inWorkers(operation: JobName): Promise<Workers> {
    // Nobody would end workers that come after the end.
    if (this.#disposed) throw disposed(operation);
    this.#workers ??= import("./workers.ts").then(
      ({ Workers }) => new Workers(this.#size, this.#deadline, this.#modules),
    );
    return this.#workers.catch((thrown: unknown) => {
      // The next one may have the network back.
      this.#workers = undefined;
      const found = thrown instanceof Error ? thrown.message : String(thrown);
      throw new EngineError({ code: "worker", operation, expected: "a worker that starts", found });
    });
  }
}

function here(wasm: typeof Wasm, name: JobName, request: unknown): unknown {
  try {
    return wasm.run({ name, request });
  } catch (thrown) {
    const error = toPlainError(thrown, name);
    if (error.trapped) local = "trapped";
    throw new EngineError(error);
  }
}
