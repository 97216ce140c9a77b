/** A worker of the pool: one wasm instance, one job at a time. The same file runs in browsers and in Node. */

import { toPlainError } from "./errors.ts";
import { instantiate, type Job, run, transferables } from "./wasm.ts";

interface Port {
  post(message: unknown, transfer: Transferable[]): void;
  listen(handler: (message: { module?: WebAssembly.Module; job?: Job }) => void): void;
}

async function openPort(): Promise<Port> {
  if (typeof WorkerGlobalScope !== "undefined") {
    const scope = self as unknown as DedicatedWorkerGlobalScope;
    return {
      post: (message, transfer) => scope.postMessage(message, transfer),
      listen: (handler) => scope.addEventListener("message", (event) => handler(event.data)),
    };
  }
  const name = "node:worker_threads";
  const { parentPort } = (await import(/* @vite-ignore */ name)) as typeof import("node:worker_threads");
  if (!parentPort) throw new Error("engine worker: expected to be started as a worker");
  return {
    post: (message, transfer) => parentPort.postMessage(message, transfer as never),
    listen: (handler) => parentPort.on("message", handler),
  };
}

const port = await openPort();
port.listen(({ module, job }) => {
  if (module) instantiate(module);
  if (!job) return;
  try {
    const result = run(job);
    port.post({ result }, transferables(result));
  } catch (thrown) {
    port.post({ error: toPlainError(thrown, job.name) }, []);
  }
});
port.post({ ready: true }, []);
