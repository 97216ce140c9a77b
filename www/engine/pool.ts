/** A pool of plain workers. A job that traps or overruns its deadline is ended with its worker; the next job gets a new one. */

import { EngineError, type PlainError } from "./errors.ts";
import type { Job } from "./wasm.ts";

/** What the pool needs of a worker, in a browser and in Node alike. */
export interface WorkerHandle {
  post(message: unknown): void;
  onMessage(handler: (message: Reply) => void): void;
  onFailure(handler: (reason: string) => void): void;
  terminate(): void;
}
export interface Reply {
  ready?: true;
  result?: unknown;
  error?: PlainError;
}
export type StartWorker = () => Promise<WorkerHandle>;

interface Pending {
  job: Job;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Pool {
  readonly #start: StartWorker;
  readonly #size: number;
  readonly #deadline: number;
  readonly #idle: WorkerHandle[] = [];
  readonly #busy = new Map<WorkerHandle, Pending>();
  #queue: Pending[] = [];
  #starting = 0;
  #disposed = false;

  constructor(start: StartWorker, size: number, deadline: number) {
    this.#start = start;
    this.#size = size;
    this.#deadline = deadline;
  }

  run(job: Job): Promise<unknown> {
    if (this.#disposed) return Promise.reject(disposed(job));
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve, reject });
      this.#pump();
    });
  }

  dispose(): void {
    this.#disposed = true;
    for (const worker of this.#idle) worker.terminate();
    for (const [worker, pending] of this.#busy) {
      worker.terminate();
      pending.reject(disposed(pending.job));
    }
    for (const pending of this.#queue) pending.reject(disposed(pending.job));
    this.#idle.length = 0;
    this.#busy.clear();
    this.#queue = [];
  }

  #pump(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idle.pop();
      if (!worker) break;
      this.#assign(worker, this.#queue.shift() as Pending);
    }
    const wanted = Math.min(this.#queue.length, this.#size - this.#busy.size - this.#idle.length);
    while (this.#starting < wanted) void this.#add();
  }

  async #add(): Promise<void> {
    this.#starting++;
    try {
      const worker = await this.#start();
      this.#starting--;
      if (this.#disposed) return worker.terminate();
      this.#idle.push(worker);
      this.#pump();
    } catch (thrown) {
      this.#starting--;
      const found = thrown instanceof Error ? thrown.message : String(thrown);
      const failed = this.#queue.shift();
      failed?.reject(
        new EngineError({ code: "worker", operation: failed.job.name, expected: "a worker that starts", found }),
      );
      if (this.#queue.length > 0) this.#pump();
    }
  }

  #assign(worker: WorkerHandle, pending: Pending): void {
    this.#busy.set(worker, pending);
    const { job } = pending;
    const timer = setTimeout(() => {
      const expected = `a result within ${this.#deadline} ms`;
      this.#end(worker, new EngineError({ code: "deadline", operation: job.name, expected, found: "none" }));
    }, this.#deadline);
    const settle = (then: () => void) => {
      clearTimeout(timer);
      if (this.#busy.get(worker) === pending) then();
    };
    worker.onMessage(({ result, error }) =>
      settle(() => {
        if (error?.trapped) return this.#end(worker, new EngineError(error));
        this.#busy.delete(worker);
        this.#idle.push(worker);
        if (error) pending.reject(new EngineError(error));
        else pending.resolve(result);
        this.#pump();
      }),
    );
    worker.onFailure((found) =>
      settle(() =>
        this.#end(worker, new EngineError({ code: "trap", operation: job.name, expected: "a result", found })),
      ),
    );
    try {
      worker.post({ job });
    } catch (thrown) {
      settle(() => {
        this.#busy.delete(worker);
        this.#idle.push(worker);
        const found = thrown instanceof Error ? thrown.message : String(thrown);
        pending.reject(new EngineError({ code: "type", operation: job.name, expected: "plain data", found }));
      });
    }
  }

  #end(worker: WorkerHandle, error: EngineError): void {
    const pending = this.#busy.get(worker);
    this.#busy.delete(worker);
    worker.terminate();
    pending?.reject(error);
    this.#pump();
  }
}

function disposed(job: Job): EngineError {
  return new EngineError({
    code: "disposed",
    operation: job.name,
    expected: "an engine in use",
    found: "one that was disposed of",
  });
}
