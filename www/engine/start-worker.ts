/** Starts engine workers: a Worker in the browser (from another origin by way of a blob), a worker thread in Node. */

import type { Reply, WorkerHandle } from "./pool.ts";

const READY_WITHIN = 20_000;

export async function startWorker(module: WebAssembly.Module): Promise<WorkerHandle> {
  const base = import.meta.url;
  const script = new URL("./worker.js", base);
  const worker = typeof Worker === "undefined" ? await startThread(script) : startBrowserWorker(script);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${READY_WITHIN} ms`)), READY_WITHIN);
    worker.onMessage((message) => {
      if (!message.ready) return;
      clearTimeout(timer);
      resolve();
    });
    worker.onFailure((reason) => {
      clearTimeout(timer);
      worker.terminate();
      reject(new Error(reason));
    });
  });
  worker.post({ module });
  return worker;
}

function startBrowserWorker(script: URL): WorkerHandle {
  const sameOrigin = script.origin === globalThis.location?.origin;
  const url = sameOrigin
    ? script.href
    : URL.createObjectURL(new Blob([`import ${JSON.stringify(script.href)};`], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module", name: "attention-engine" });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (handler) => {
      worker.onmessage = (event: MessageEvent<Reply>) => handler(event.data);
    },
    onFailure: (handler) => {
      worker.onerror = (event) => handler(event.message || "the worker's script did not load");
    },
    terminate: () => {
      worker.terminate();
      if (!sameOrigin) URL.revokeObjectURL(url);
    },
  };
}

async function startThread(script: URL): Promise<WorkerHandle> {
  const name = "node:worker_threads";
  const { Worker: Thread } = (await import(/* @vite-ignore */ name)) as typeof import("node:worker_threads");
  const thread = new Thread(script);
  thread.unref();
  return {
    // A thread with work to do keeps the process alive; an idle one does not.
    post: (message) => {
      thread.ref();
      thread.postMessage(message);
    },
    onMessage: (handler) => {
      thread.removeAllListeners("message");
      thread.on("message", (message: Reply) => {
        thread.unref();
        handler(message);
      });
    },
    onFailure: (handler) => {
      thread.removeAllListeners("error");
      thread.on("error", (error) => handler(error.message));
    },
    terminate: () => void thread.terminate(),
  };
}
