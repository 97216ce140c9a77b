/** What a worker and its page say to each other, in browsers and in Node alike. */

export interface Port<Message> {
  post(message: unknown, transfer: Transferable[]): void;
  listen(handler: (message: Message) => void): void;
}

export async function openPort<Message>(): Promise<Port<Message>> {
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
export async function holdLock(): Promise<boolean> {
  const name = typeof WorkerGlobalScope === "undefined" ? "" : (self.name.split(" ")[1] ?? "");
  // A worker of a page without an origin has none to hold.
  if (name === "" || !navigator.locks) return false;
  return new Promise((held) => {
    const forever = (lock: Lock | null) => {
      held(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    };
    // A page of no origin may not.
    navigator.locks.request(name, { ifAvailable: true }, forever).catch(() => held(false));
  });
}
