/** The GPU's worker, from outside: one request at a time, an answer or an error in time. Where it has ended, it is not used again. */

import { BufferStore } from "../buffer-store.ts";
import { EngineError } from "../errors.ts";
import type { StartWorker, WorkerHandle } from "../pool.ts";
import { packed } from "../transfer.ts";

const OPERATION = "webgpu";

interface Pending {
  resolve(result: unknown): void;
  reject(error: EngineError): void;
}

const failure = (code: string, expected: string, found: string) =>
  new EngineError({ code, operation: OPERATION, expected, found });

export class GpuHost {
  /** Why it is of no use any more. */
  ended: EngineError | undefined;
  readonly #worker: WorkerHandle;
  /** What requests go over in. */
  readonly #store = new BufferStore(1);
  #pending: Pending | undefined;

  static async start(start: StartWorker): Promise<GpuHost> {
    try {
      return new GpuHost(await start());
    } catch (thrown) {
      const found = thrown instanceof Error ? thrown.message : String(thrown);
      throw failure("load", "a worker that starts", found);
    }
  }

  private constructor(worker: WorkerHandle) {
    this.#worker = worker;
    worker.onMessage(({ result, error, buffer }) => {
      if (buffer) this.#store.give(buffer);
      const pending = this.#take();
      if (!error) return pending?.resolve(result);
      const refusal = new EngineError(error);
      pending?.reject(refusal);
      // After a trap an instance is never used again.
      if (error.trapped) this.end(refusal);
    });
    worker.onFailure((found) => this.end(failure("trap", "a result", found)));
    worker.onEnd(() => this.end(failure("worker", "a worker that lives", "one that was ended from outside")));
  }

  /** `within`: milliseconds, after which it is ended. */
  async call<T>(name: string, request: unknown, within: number): Promise<T> {
    if (this.ended) throw this.ended;
    const late = () => this.end(failure("deadline", `an answer to ${name} within ${within} ms`, "none"));
    const timer = setTimeout(late, within);
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#pending = { resolve: resolve as Pending["resolve"], reject };
        this.#post({ name, request });
      });
    } finally {
      clearTimeout(timer);
    }
  }

  end(reason: EngineError = failure("disposed", "a worker in use", "one that was ended")): void {
    if (this.ended) return;
    this.ended = reason;
    this.#worker.terminate();
    this.#take()?.reject(reason);
  }

  #post(message: { name: string; request: unknown }): void {
    try {
      const { value: request, buffer } = packed(message.request, this.#store);
      this.#worker.post({ ...message, request, buffer }, [buffer]);
    } catch (thrown) {
      const found = thrown instanceof Error ? thrown.message : String(thrown);
      const refusal = { code: "type", operation: message.name, expected: "plain data", found };
      this.#take()?.reject(new EngineError(refusal));
    }
  }

  #take(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }
}
