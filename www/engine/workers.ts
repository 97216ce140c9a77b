/** What runs in workers: a job of the engine in one, attention in parts in all of them. Loaded with the first that is large enough. */

import { BufferStore } from "./buffer-store.ts";
import { Pool, type WorkerHandle } from "./pool.ts";
import { attendInParts, cutsOf, wholeOf } from "./split.ts";
import { startWorker } from "./start-worker.ts";
import type * as at from "./table.ts";
import type { AttentionRequest, AttentionResult } from "./types.ts";
import type { Job } from "./wasm.ts";

/** What workers are sent, as far as it is there. */
export interface Modules {
  engine?: WebAssembly.Module;
  kernels?: WebAssembly.Module;
}

export class Workers {
  readonly #pool: Pool;
  readonly #store: BufferStore;
  readonly #modules: Modules;

  /** At most `size` of them; each job has `deadline` milliseconds. */
  constructor(size: number, deadline: number, modules: Modules) {
    this.#pool = new Pool(() => this.#start(), size, deadline);
    this.#store = new BufferStore(2 * size);
    this.#modules = modules;
  }

  run<T>(job: Job): Promise<T> {
    return this.#pool.run({ name: job.name, message: () => ({ message: { job }, transfer: [] }) }) as Promise<T>;
  }

  /** A request that stands in `table`; none where its sizes do not fit each other: the kernels then say why. */
  attend(request: AttentionRequest, table: at.Table): Promise<AttentionResult> | undefined {
    const whole = wholeOf(request, table);
    if (!whole) return undefined;
    return attendInParts(whole, cutsOf(whole, this.#pool.size), this.#store, (task) => this.#pool.run(task));
  }

  dispose(): void {
    this.#pool.dispose();
  }

  /** A worker that is sent each module with the first job that needs it. */
  async #start(): Promise<WorkerHandle> {
    const worker = await startWorker(new URL(/* @vite-ignore */ "./worker.js", import.meta.url));
    const sent = new Set<string>();
    const post = (message: object, transfer: Transferable[]) => {
      const needed = "part" in message ? "kernels" : "engine";
      const modules = sent.has(needed) ? {} : { [needed]: this.#modules[needed] };
      worker.post({ ...message, ...modules }, transfer);
      sent.add(needed);
    };
    return { ...worker, post };
  }
}
