/**
 * Which backend computes a call of attention, and what is known of them. Only the gate is here: the GPU's desk, its worker and
 * its wasm are loaded with the first call that may gain by them.
 */

import { costOf, LOCAL_ATTENTION, LOCAL_COST } from "./cost.ts";
import { disposed, EngineError } from "./errors.ts";
import type { GpuDesk } from "./gpu/desk.ts";
import type { StartWorker } from "./pool.ts";
import { startWorker } from "./start-worker.ts";
import type * as types from "./types.ts";

export type Call = types.BackendRun["operation"];
export type Request = types.AttentionRequest | types.TraceRequest;
export type Result = types.AttentionResult | types.Trace;
/** The CPU's way to compute each. */
export type Cpu = Record<Call, (request: never) => Promise<Result>>;

/** What the choice needs of the world around it. */
export interface Surroundings {
  /** Why there can be no GPU. */
  missing?: types.BackendReason;
  start: StartWorker;
  /** Milliseconds. */
  now(): number;
  /** When nothing else is to be done. */
  idle(): Promise<void>;
}

export interface Settings {
  wanted: types.BackendChoice;
  /** Milliseconds that a call may take on the GPU. */
  deadline: number;
  cpu: Cpu;
}

const CHOICES: readonly unknown[] = ["auto", "cpu", "webgpu"];
const CPU = "CPU, WebAssembly";
/** One that its browser does not name. */
const GPU = "GPU, WebGPU";

/**
 * Multiply-adds up to which no GPU can gain: there a call is faster where it is made than in a worker, and the GPU lies behind
 * a worker.
 */
const NO_GAIN: Record<Call, number> = { computeAttention: LOCAL_ATTENTION, traceAttention: LOCAL_COST };

/** What is set cell by cell is for the CPU. */
const EDITED: types.BackendReason = {
  code: "edited",
  text: "numbers that are set: the CPU computes what follows from them",
};

/** The choice that an option names, or the refusal of one that names none. */
export function checkChoice(choice: unknown, operation: string): types.BackendChoice {
  if (CHOICES.includes(choice)) return choice as types.BackendChoice;
  const found = String(JSON.stringify(choice));
  throw new EngineError({ code: "option", operation, expected: 'backend: "auto", "cpu" or "webgpu"', found });
}

export class Backends {
  readonly #settings: Settings;
  readonly #around: Surroundings;
  readonly #listeners = new Set<(report: types.BackendReport) => void>();
  readonly #fallen = new WeakMap<Result, types.BackendReason>();
  #desk: Promise<GpuDesk> | undefined;
  #disposed = false;
  #report: types.BackendReport = { state: "untried", last: {}, crossover: {} };
  /** Calls so far. */
  calls = 0;

  constructor(settings: Settings, around: Surroundings = surroundings()) {
    this.#settings = settings;
    this.#around = around;
    const { missing } = around;
    if (missing) this.#report = { ...this.#report, state: "refused", reason: missing };
  }

  run(call: Call, request: Request): Promise<Result> {
    if (this.#disposed) return Promise.reject(disposed(call));
    this.calls++;
    let choice = this.#settings.wanted;
    try {
      if (request?.backend != null) choice = checkChoice(request.backend, call);
    } catch (refusal) {
      return Promise.reject(refusal);
    }
    const edited = (request as types.TraceRequest)?.edits?.length;
    const missing = this.#around.missing ?? (edited ? EDITED : undefined);
    if (choice === "webgpu" && missing) return this.instead(call, request, missing);
    const small = choice === "auto" && !(costOf(call, request) > NO_GAIN[call]);
    if (choice === "cpu" || missing || small) return this.onCpu(call, request);
    return this.#atDesk(call, request, choice);
  }

  async #atDesk(call: Call, request: Request, choice: types.BackendChoice): Promise<Result> {
    this.#desk ??= import("./gpu/desk.ts").then(({ GpuDesk }) => new GpuDesk(this, this.#around, this.#settings));
    let desk: GpuDesk;
    try {
      desk = await this.#desk;
    } catch (thrown) {
      const reason = { code: "load", text: thrown instanceof Error ? thrown.message : String(thrown) };
      this.tell({ state: "refused", reason });
      return this.instead(call, request, reason);
    }
    return desk.run(call, request, choice);
  }

  /** Computes on the CPU, and remembers how long that took. */
  onCpu(call: Call, request: Request): Promise<Result> {
    const start = this.#around.now();
    const done = this.#settings.cpu[call](request as never);
    const ran = () => this.ran("cpu", call, this.#around.now() - start);
    done.then(ran, () => undefined);
    return done;
  }

  /** The same, in the place of the GPU. */
  async instead(call: Call, request: Request, reason: types.BackendReason): Promise<Result> {
    const result = await this.onCpu(call, request);
    this.#fallen.set(result, reason);
    return result;
  }

  ran(backend: types.Backend, operation: Call, ms: number): void {
    this.#report = { ...this.#report, last: { ...this.#report.last, [backend]: { operation, ms } } };
  }

  measured(call: Call, crossover: number): void {
    const from = Math.max(crossover, NO_GAIN[call]);
    this.#report = { ...this.#report, crossover: { ...this.#report.crossover, [call]: from } };
    this.#spread();
  }

  /** News of the GPU. Without an adapter the last one stays. */
  tell(news: Pick<types.BackendReport, "state" | "adapter" | "reason">): void {
    const { reason: before, ...rest } = this.#report;
    const same = rest.state === news.state && before?.text === news.reason?.text && !news.adapter;
    this.#report = { ...rest, ...news };
    if (!same) this.#spread();
  }

  get report(): types.BackendReport {
    return this.#report;
  }

  get backend(): types.Backend {
    const { state, adapter } = this.#report;
    const { wanted } = this.#settings;
    const used = wanted === "webgpu" || (wanted === "auto" && !adapter?.isFallback);
    return state === "ready" && used ? "webgpu" : "cpu";
  }

  get adapter(): string {
    return this.backend === "webgpu" ? this.#report.adapter?.name || GPU : CPU;
  }

  onChange(listener: (report: types.BackendReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  fellBack(result: Result): types.BackendReason | undefined {
    return this.#fallen.get(result);
  }

  dispose(): void {
    this.#disposed = true;
    this.#listeners.clear();
    this.#desk?.then(
      (desk) => desk.dispose(),
      () => undefined,
    );
  }

  #spread(): void {
    for (const listener of [...this.#listeners]) listener(this.#report);
  }
}

function surroundings(): Surroundings {
  const missing = whyNone();
  return {
    ...(missing && { missing }),
    start: () => startWorker(new URL(/* @vite-ignore */ "./gpu-worker.js", import.meta.url)),
    now: () => performance.now(),
    idle: () =>
      new Promise((resolve) => {
        if (typeof requestIdleCallback === "function") requestIdleCallback(() => resolve(), { timeout: 2000 });
        else setTimeout(resolve, 50);
      }),
  };
}

function whyNone(): types.BackendReason | undefined {
  const { navigator, isSecureContext, Worker } = globalThis;
  if (navigator && "gpu" in navigator && navigator.gpu && typeof Worker === "function") return undefined;
  if (isSecureContext === false) return { code: "insecure", text: "WebGPU needs a page that came by https" };
  return { code: "no_webgpu", text: "there is no WebGPU here" };
}
