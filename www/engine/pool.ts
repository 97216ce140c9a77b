/**
 * A pool of plain workers. A job that traps or overruns its deadline is ended with its worker; the next job gets a new one.
 * A job whose worker was ended by somebody else is run again, up to a bound: it might be what ends them.
 */

import { disposed, EngineError, type PlainError } from "./errors.ts";

/** What the pool needs of a worker, in a browser and in Node alike. */
export interface WorkerHandle {
  post(message: object, transfer: Transferable[]): void;
  onMessage(handler: (message: Reply) => void): void;
  /** The worker's script failed. */
  onFailure(handler: (reason: string) => void): void;
  /** The worker is gone, and not by this `terminate`. */
  onEnd(handler: () => void): void;
  terminate(): void;
}
export interface Reply {
  ready?: true;
  /** It holds the lock by which its end is seen. */
  lock?: boolean;
  result?: unknown;
  error?: PlainError;
  /** That a request came in. */
  buffer?: ArrayBuffer;
}
export type StartWorker = () => Promise<WorkerHandle>;

export interface Task {
  /** What errors call it. */
  name: string;
  /** Made when a worker is free, and again for another worker. */
  message(): { message: object; transfer: Transferable[] };
  /** False where the result is of no use any more. */
  wanted?(): boolean;
}

/** Workers that a job may lose. An idle one may be gone and not be missed yet, so that one end can cost a job two. */
const MOST_LOST = 3;

interface Pending {
  task: Task;
  /** Workers that it lost. */
  lost: number;
  /** That of its deadline, while it runs. */
  timer?: ReturnType<typeof setTimeout>;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Pool {
  readonly size: number;
  readonly #start: StartWorker;
  readonly #deadline: number;
  readonly #idle: WorkerHandle[] = [];
  readonly #busy = new Map<WorkerHandle, Pending>();
  #queue: Pending[] = [];
  #starting = 0;
  #disposed = false;

  constructor(start: StartWorker, size: number, deadline: number) {
    this.#start = start;
    this.size = size;
    this.#deadline = deadline;
  }

  run(task: Task): Promise<unknown> {
    if (this.#disposed) return Promise.reject(disposed(task.name));
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, lost: 0, resolve, reject });
      this.#pump();
    });
  }

  dispose(): void {
    this.#disposed = true;
    for (const worker of this.#idle) worker.terminate();
    for (const [worker, pending] of this.#busy) {
      // Until it ran out, Node would not end.
      clearTimeout(pending.timer);
      worker.terminate();
      pending.reject(disposed(pending.task.name));
    }
    for (const pending of this.#queue) pending.reject(disposed(pending.task.name));
    this.#idle.length = 0;
    this.#busy.clear();
    this.#queue = [];
  }

  #pump(): void {
    this.#queue = this.#queue.filter((pending) => {
      const wanted = pending.task.wanted?.() ?? true;
      if (!wanted) pending.resolve(undefined);
      return wanted;
    });
    while (this.#queue.length > 0) {
      const worker = this.#idle.pop();
      if (!worker) break;
      this.#assign(worker, this.#queue.shift() as Pending);
    }
    const wanted = Math.min(this.#queue.length, this.size - this.#busy.size - this.#idle.length);
    while (this.#starting < wanted) void this.#add();
  }

  async #add(): Promise<void> {
    this.#starting++;
    try {
      const worker = await this.#start();
      this.#starting--;
      if (this.#disposed) return worker.terminate();
      worker.onEnd(() => this.#lost(worker));
      this.#idle.push(worker);
      this.#pump();
    } catch (thrown) {
      this.#starting--;
      const found = thrown instanceof Error ? thrown.message : String(thrown);
      const failed = this.#queue.shift();
      failed?.reject(
        new EngineError({ code: "worker", operation: failed.task.name, expected: "a worker that starts", found }),
      );
      if (this.#queue.length > 0) this.#pump();
    }
  }

  #assign(worker: WorkerHandle, pending: Pending): void {
    this.#busy.set(worker, pending);
    const { task } = pending;
    pending.timer = setTimeout(() => {
      const expected = `a result within ${this.#deadline} ms`;
      this.#end(worker, new EngineError({ code: "deadline", operation: task.name, expected, found: "none" }));
    }, this.#deadline);
    const settle = (then: () => void) => {
      clearTimeout(pending.timer);
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
    worker.onFailure((found) => settle(() => this.#end(worker, trap(task, found))));
    worker.onEnd(() => {
      clearTimeout(pending.timer);
      this.#lost(worker);
    });
    try {
      const { message, transfer } = task.message();
      worker.post(message, transfer);
    } catch (thrown) {
      settle(() => {
        this.#busy.delete(worker);
        this.#idle.push(worker);
        const found = thrown instanceof Error ? thrown.message : String(thrown);
        pending.reject(new EngineError({ code: "type", operation: task.name, expected: "plain data", found }));
      });
    }
  }

  /** A worker is gone that nobody here ended: the job that it had, if any, is run again. */
  #lost(worker: WorkerHandle): void {
    const idle = this.#idle.indexOf(worker);
    if (idle >= 0) this.#idle.splice(idle, 1);
    const pending = this.#busy.get(worker);
    this.#busy.delete(worker);
    if (pending) {
      // Idle ones may be gone too and not have been missed yet: the job goes to one that has just answered, or to a new one.
      for (const other of this.#idle.splice(0)) other.terminate();
      const lost = pending.lost + 1;
      if (lost < MOST_LOST) this.#queue.unshift({ ...pending, lost });
      else pending.reject(trap(pending.task, `${lost} workers that were ended from outside`));
    }
    this.#pump();
  }

  #end(worker: WorkerHandle, error: EngineError): void {
    const pending = this.#busy.get(worker);
    this.#busy.delete(worker);
    worker.terminate();
    pending?.reject(error);
    this.#pump();
  }
}

function trap(task: Task, found: string): EngineError {
  return new EngineError({ code: "trap", operation: task.name, expected: "a result", found });
}
