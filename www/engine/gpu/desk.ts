/**
 * Where calls for the GPU are taken: opened with the first, one at a time. What the GPU cannot do, the CPU finishes, and the
 * reason is told; a GPU that failed is begun anew, at most three times a minute.
 */

import type { Backends, Call, Request, Result, Settings, Surroundings } from "../backends.ts";
import { costOf } from "../cost.ts";
import { disposed, EngineError } from "../errors.ts";
import { inPlace } from "../output.ts";
import type { AttentionRequest, AttentionResult, BackendChoice, BackendReason, BackendReport } from "../types.ts";
import { measureCrossover } from "./crossover.ts";
import { GpuHost } from "./host.ts";
import { prove } from "./probe.ts";
import { Retries } from "./retries.ts";

type Adapter = NonNullable<BackendReport["adapter"]>;

interface Opened {
  host: GpuHost;
  adapter: Adapter;
  /** Calls whose probe agreed. */
  proved: Set<Call>;
}

/** Milliseconds until there is a device. */
const OPEN_WITHIN = 15_000;

/** The GPU keeps working, but leaves this call to the CPU. */
const UNSUITED = "unsuited";

/** What the CPU can mend. Every other code is a refusal of the request, by either. */
const FAILURES = new Set([
  ...[UNSUITED, "no_adapter", "no_device", "device_lost", "gpu_memory", "gpu_validation"],
  ...["probe", "load", "worker", "deadline", "trap", "internal"],
]);

const SOFTWARE: BackendReason = { code: "software_adapter", text: "a software adapter: slower than the CPU" };

/** What the GPU is held against did not come: no fault of the GPU. */
class CpuFailure extends Error {}

export class GpuDesk {
  readonly #board: Backends;
  readonly #around: Surroundings;
  readonly #settings: Settings;
  readonly #retries: Retries;
  readonly #crossover = new Map<Call, number>();
  #opened: Opened | undefined;
  /** Why it was closed. */
  #failure: EngineError | undefined;
  /** It was opened for "auto", and is software: "auto" does not ask again. */
  #software = false;
  #preparing = false;
  #disposed = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(board: Backends, around: Surroundings, settings: Settings) {
    this.#board = board;
    this.#around = around;
    this.#settings = settings;
    this.#retries = new Retries(around.now);
  }

  async run(call: Call, request: Request, choice: BackendChoice): Promise<Result> {
    if (choice === "auto" && !this.#gains(call, request)) {
      const result = await this.#board.onCpu(call, request);
      void this.#prepare(call);
      return result;
    }
    const outcome = await this.#turn(() => this.#attempt(call, request));
    if (this.#disposed) throw disposed(call);
    if (!("code" in outcome)) return outcome;
    return this.#board.instead(call, request, outcome);
  }

  dispose(): void {
    this.#disposed = true;
    this.#opened?.host.end(disposed("webgpu"));
  }

  #gains(call: Call, request: Request): boolean {
    if (!this.#opened || this.#opened.host.ended || this.#opened.adapter.isFallback) return false;
    return costOf(call, request) > (this.#crossover.get(call) ?? Number.POSITIVE_INFINITY);
  }

  /** What waits here holds up nobody on the CPU. */
  #turn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** The result, or why the CPU has to give it. */
  async #attempt(call: Call, request: Request): Promise<Result | BackendReason> {
    let opened: Opened;
    try {
      opened = await this.#open();
      await this.#prove(opened, call);
    } catch (thrown) {
      return this.#fail(thrown);
    }
    // Where the output goes does not matter over there.
    const { output, ...rest } = (request ?? {}) as AttentionRequest;
    try {
      const start = this.#around.now();
      const result = await this.#onGpu(opened, call)(output == null ? request : (rest as Request));
      this.#board.ran("webgpu", call, this.#around.now() - start);
      this.#accept(opened.adapter);
      return output == null ? result : inPlace(request as AttentionRequest, result as AttentionResult);
    } catch (thrown) {
      if (thrown instanceof EngineError && !FAILURES.has(thrown.code)) throw thrown;
      return this.#fail(thrown);
    }
  }

  async #open(): Promise<Opened> {
    if (this.#disposed) throw disposed("webgpu");
    if (this.#opened?.host.ended) this.#fail(this.#opened.host.ended);
    if (this.#opened) return this.#opened;
    if (this.#failure && !this.#retries.take()) throw this.#failure;
    const host = await GpuHost.start(this.#around.start);
    try {
      const adapter = await host.call<Adapter>("open", undefined, OPEN_WITHIN);
      this.#opened = { host, adapter, proved: new Set() };
    } catch (thrown) {
      host.end();
      throw thrown;
    }
    if (this.#disposed) this.dispose();
    return this.#opened;
  }

  async #prove(opened: Opened, call: Call): Promise<void> {
    if (opened.proved.has(call)) return;
    await prove(call, this.#onGpu(opened, call), this.#onCpu(call));
    opened.proved.add(call);
    this.#accept(opened.adapter, true);
  }

  #onGpu({ host }: Opened, call: Call): (request: Request) => Promise<Result> {
    return (request) => host.call<Result>(call, request, this.#settings.deadline);
  }

  /** The CPU, for a call that nobody made. */
  #onCpu(call: Call): (request: Request) => Promise<Result> {
    return (request) =>
      this.#settings.cpu[call](request as never).catch((thrown: unknown) => {
        throw new CpuFailure(thrown instanceof Error ? thrown.message : String(thrown));
      });
  }

  #accept(adapter: Adapter, first = false): void {
    this.#failure = undefined;
    const known = { ...(first && { adapter }), ...(adapter.isFallback && { reason: SOFTWARE }) };
    this.#board.tell({ state: "ready", ...known });
  }

  /** Tells why, and closes what failed. */
  #fail(thrown: unknown): BackendReason {
    if (this.#disposed) throw thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    if (thrown instanceof CpuFailure) return { code: "internal", text };
    // Of our own requests every refusal is a fault of the GPU.
    const fault = thrown instanceof EngineError && FAILURES.has(thrown.code);
    const reason = { code: fault ? thrown.code : "internal", text };
    if (reason.code === UNSUITED) {
      this.#board.tell({ state: "ready", reason });
      return reason;
    }
    this.#close();
    this.#failure = new EngineError({
      ...reason,
      operation: "webgpu",
      expected: "a GPU in order",
      found: text,
      message: text,
    });
    this.#board.tell({ state: "refused", reason });
    return reason;
  }

  #close(): void {
    this.#opened?.host.end();
    this.#opened = undefined;
  }

  /** For "auto", when a call was large enough to ask: opens, proves and measures, behind everything else. */
  async #prepare(call: Call): Promise<void> {
    const ready = this.#opened && !this.#opened.host.ended;
    if (this.#preparing || this.#software || (ready && this.#crossover.has(call))) return;
    if (ready && this.#opened?.adapter.isFallback) return;
    this.#preparing = true;
    await this.#around.idle();
    try {
      await this.#turn(async () => this.#weigh(call, await this.#open()));
    } catch (thrown) {
      if (!this.#disposed) this.#fail(thrown);
    }
    this.#preparing = false;
  }

  async #weigh(call: Call, opened: Opened): Promise<void> {
    const { adapter } = opened;
    if (adapter.isFallback) {
      this.#software = true;
      this.#close();
      this.#board.tell({ state: "refused", adapter, reason: SOFTWARE });
      return;
    }
    await this.#prove(opened, call);
    if (this.#crossover.has(call)) return;
    const before = this.#board.calls;
    const { now } = this.#around;
    const found = await measureCrossover(call, this.#onGpu(opened, call), this.#onCpu(call), now);
    // Beside other work the times say nothing: the next large call has it measured again.
    if (this.#board.calls !== before) return;
    this.#crossover.set(call, found);
    this.#board.measured(call, found);
  }
}
