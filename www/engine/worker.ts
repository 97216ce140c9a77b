/** A worker of the pool: one wasm instance of each kind, one job at a time. The same file runs in browsers and in Node. */

import { toPlainError } from "./errors.ts";
import { Kernels } from "./kernels.ts";
import type { Job } from "./wasm.ts";

/** Modules come before the first job that needs them. */
interface Message {
  engine?: WebAssembly.Module;
  kernels?: WebAssembly.Module;
  job?: Job;
  part?: ArrayBuffer;
}

interface Port {
  post(message: unknown, transfer: Transferable[]): void;
  listen(handler: (message: Message) => void): void;
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

/** Holds the lock that its name tells for as long as it lives: whoever waits for the lock learns when it ends. */
async function holdLock(): Promise<boolean> {
  const name = typeof WorkerGlobalScope === "undefined" ? "" : (self.name.split(" ")[1] ?? "");
  if (name === "") return false;
  return new Promise((held) => {
    const forever = (lock: Lock | null) => {
      held(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    };
    // A page of no origin may not.
    navigator.locks.request(name, { ifAvailable: true }, forever).catch(() => held(false));
  });
}

const port = await openPort();
let kernels: Kernels | undefined;
port.listen(async (message) => {
  try {
    if (message.kernels) kernels = new Kernels(message.kernels);
    if (message.job) {
      const wasm = await import("./wasm.ts");
      if (message.engine) wasm.instantiate(message.engine);
      const result = wasm.run(message.job);
      port.post({ result }, wasm.transferables(result));
    }
    if (message.part) {
      if (!kernels) throw new Error("this worker has no kernels");
      const result = kernels.attendPart(message.part);
      port.post({ result }, [result]);
    }
  } catch (thrown) {
    port.post({ error: toPlainError(thrown, message.job?.name ?? "computeAttention") }, []);
  }
});
port.post({ ready: true, lock: await holdLock() }, []);
