/** Where a model lives: in a worker of its own, which ends with it, or where it is called. One request at a time. */

import { EngineError, toPlainError } from "../errors.ts";
import type { WorkerHandle } from "../pool.ts";
import { startWorker } from "../start-worker.ts";
import { Desk } from "./desk.ts";
import type { Fields } from "./instance.ts";

export interface Host {
  /** The bytes, if any, move to where the model lives. */
  call<T>(fields: Fields, bytes?: Uint8Array): Promise<T>;
  /** What is for the tokenizer: a reader's own may search without end, and in a worker the model then ends. */
  ask<T>(fields: Fields): Promise<T>;
  dispose(): void;
}

/** `deadline`: milliseconds that a tokenizer in a worker has for an answer. */
export async function startHost(module: WebAssembly.Module, inWorker: boolean, deadline: number): Promise<Host> {
  if (!inWorker) return new LocalHost(module);
  try {
    const script = new URL(/* @vite-ignore */ "./model-worker.js", import.meta.url);
    return new WorkerHost(await startWorker(script), module, deadline);
  } catch (thrown) {
    const found = thrown instanceof Error ? thrown.message : String(thrown);
    throw new EngineError({ code: "worker", operation: "loadModel", expected: "a worker that starts", found });
  }
}

function gone(code: string, found: string): EngineError {
  return new EngineError({ code, operation: "model", expected: "a model that is loaded (load it again)", found });
}

/** Requests wait for those before them; after the end of the model each is refused with the reason of that end. */
abstract class SerialHost implements Host {
  #last: Promise<unknown> = Promise.resolve();
  #ended: EngineError | undefined;
  #endNow: (error: EngineError) => void = () => {};
  readonly #end: Promise<never>;

  constructor() {
    this.#end = new Promise((_, reject) => {
      this.#endNow = reject;
    });
    this.#end.catch(() => {});
  }

  call<T>(fields: Fields, bytes?: Uint8Array): Promise<T> {
    return this.inTurn(() => this.answer(fields, bytes));
  }

  ask<T>(fields: Fields): Promise<T> {
    return this.call(fields);
  }

  protected inTurn<T>(run: () => Promise<unknown>): Promise<T> {
    const answer = this.#last.then(() => {
      if (this.#ended) throw this.#ended;
      return run();
    });
    this.#last = answer.catch(() => {});
    return Promise.race([answer, this.#end]) as Promise<T>;
  }

  dispose(): void {
    this.end(gone("disposed", "one that was disposed of"));
  }

  protected end(error: EngineError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#endNow(error);
    this.release();
  }

  protected abstract answer(fields: Fields, bytes?: Uint8Array): Promise<unknown>;
  protected abstract release(): void;
}

class WorkerHost extends SerialHost {
  readonly #worker: WorkerHandle;
  readonly #deadline: number;
  #late: ReturnType<typeof setTimeout> | undefined;
  #module: WebAssembly.Module | undefined;

  constructor(worker: WorkerHandle, module: WebAssembly.Module, deadline: number) {
    super();
    this.#worker = worker;
    this.#deadline = deadline;
    this.#module = module;
    worker.onFailure((found) => this.end(gone("trap", `one whose worker failed: ${found}`)));
    worker.onEnd(() => this.end(gone("trap", "one whose worker was ended from outside")));
  }

  override ask<T>(fields: Fields): Promise<T> {
    return this.inTurn(() => {
      const found = `one whose tokenizer gave no answer within ${this.#deadline} ms`;
      this.#late = setTimeout(() => this.end(gone("deadline", found)), this.#deadline);
      return this.answer(fields).finally(() => clearTimeout(this.#late));
    });
  }

  protected answer(fields: Fields, bytes?: Uint8Array): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#worker.onMessage(({ result, error }) => {
        if (error?.trapped) this.end(gone("trap", `one that stopped: ${error.message}`));
        else if (error) reject(new EngineError(error));
        else resolve(result);
      });
      const module = this.#module ? { module: this.#module } : {};
      this.#module = undefined;
      this.#worker.post({ fields, bytes, ...module }, bytes ? [bytes.buffer as ArrayBuffer] : []);
    });
  }

  protected release(): void {
    clearTimeout(this.#late);
    this.#worker.terminate();
  }
}

class LocalHost extends SerialHost {
  #desk: Desk | undefined;

  constructor(module: WebAssembly.Module) {
    super();
    this.#desk = new Desk(module, async () => (await import("./tokenizer.ts")).Tokenizer);
  }

  protected async answer(fields: Fields, bytes?: Uint8Array): Promise<unknown> {
    try {
      return await this.#desk?.answer(fields, bytes);
    } catch (thrown) {
      const error = toPlainError(thrown, "model");
      if (error.trapped) this.end(gone("trap", `one that stopped: ${error.message}`));
      throw new EngineError(error);
    }
  }

  protected release(): void {
    this.#desk = undefined;
  }
}
