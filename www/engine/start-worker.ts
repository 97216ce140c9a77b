/** Starts engine workers: a Worker in the browser (from another origin by way of a blob), a worker thread in Node. */

import type { Reply, WorkerHandle } from "./pool.ts";

const READY_WITHIN = 20_000;

/** Workers of this page so far, to tell their locks apart. */
let started = 0;

export async function startWorker(file = "./worker.js"): Promise<WorkerHandle> {
  const base = import.meta.url;
  const script = new URL(file, base);
  const worker = typeof Worker === "undefined" ? await startThread(script) : startBrowserWorker(script);
  await new Promise<void>((resolve, reject) => {
    const fail = (reason: string) => {
      clearTimeout(timer);
      worker.terminate();
      reject(new Error(reason));
    };
    const timer = setTimeout(() => fail(`no answer within ${READY_WITHIN} ms`), READY_WITHIN);
    worker.onMessage((message) => {
      if (!message.ready) return;
      clearTimeout(timer);
      resolve();
    });
    worker.onFailure(fail);
    worker.onEnd(() => fail("it ended"));
  });
  return worker;
}

function startBrowserWorker(script: URL): WorkerHandle {
  // A sandboxed page has no origin, whatever its address says.
  const sameOrigin = script.origin === globalThis.origin && script.origin !== "null";
  // The lock that it holds while it lives; a worker's end makes no event. Without locks (a page that is not secure) the
  // deadline finds a lost job.
  const lock = globalThis.navigator?.locks ? `${performance.timeOrigin}-${++started}` : "";
  const url = sameOrigin ? script.href : URL.createObjectURL(new Blob([from(script)], { type: "text/javascript" }));
  // Without an origin, no module can be started from a blob; but a script from there can import one.
  const worker = new Worker(trusted(url), {
    type: sameOrigin ? "module" : "classic",
    name: `attention-engine ${lock}`,
  });
  let ended = () => {};
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    onMessage: (handler) => {
      worker.onmessage = (event: MessageEvent<Reply>) => {
        if (event.data.lock) navigator.locks.request(lock, () => ended());
        handler(event.data);
      };
    },
    onFailure: (handler) => {
      worker.onerror = (event) => handler(event.message || "the worker's script did not load");
    },
    onEnd: (handler) => {
      ended = handler;
    },
    terminate: () => {
      ended = () => {};
      worker.terminate();
      if (!sameOrigin) URL.revokeObjectURL(url);
    },
  };
}

/** Its failure becomes an error of the worker, as that of a script that does not load. */
const from = (script: URL) => `import(${JSON.stringify(script.href)}).catch((e) => setTimeout(() => { throw e; }))`;

interface Policy {
  createScriptURL(url: string): string;
}
let policy: Policy | undefined;

/** Pages that ask for Trusted Types start workers only from addresses that a policy, which they allow by its name, has passed. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } };
  policy ??= trustedTypes?.createPolicy("attention-playground", { createScriptURL: (own) => own });
  return policy?.createScriptURL(url) ?? url;
}

async function startThread(script: URL): Promise<WorkerHandle> {
  const name = "node:worker_threads";
  const { Worker: Thread } = (await import(/* @vite-ignore */ name)) as typeof import("node:worker_threads");
  const thread = new Thread(script);
  thread.unref();
  return {
    // A thread with work to do keeps the process alive; an idle one does not.
    post: (message, transfer) => {
      thread.ref();
      thread.postMessage(message, transfer as never);
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
    onEnd: (handler) => {
      thread.removeAllListeners("exit");
      thread.on("exit", handler);
    },
    terminate: () => {
      thread.removeAllListeners("exit");
      void thread.terminate();
    },
  };
}
