/** The pool with real worker threads that answer, refuse, trap in WebAssembly, hang or die on command. */

import { Worker as Thread } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Pool, type Reply, type Task, type WorkerHandle } from "../../www/engine/pool.ts";

/** `unreachable` as a module: (module (func (export "f") unreachable)). */
const TRAP = "0061736d0100000001040160000003020100070501016600000a05010300000b";

const SCRIPT = `
const { parentPort } = require("node:worker_threads");
const toPlain = (e) => ({ message: e.message, code: "trap", operation: "test", expected: "", found: "", trapped: e instanceof WebAssembly.RuntimeError });
parentPort.on("message", ({ job }) => {
  const what = job.request;
  if (what === "hang") for (;;);
  if (what === "die") process.exit(1);
  if (what === "throw") throw new Error("outside of the job");
  if (what === "refuse") return parentPort.postMessage({ error: { ...toPlain(new Error("no")), code: "shape" } });
  if (what === "trap") {
    try {
      new WebAssembly.Instance(new WebAssembly.Module(Buffer.from("${TRAP}", "hex"))).exports.f();
    } catch (e) {
      return parentPort.postMessage({ error: toPlain(e) });
    }
  }
  parentPort.postMessage({ result: what });
});`;

let started = 0;
let pool: Pool | undefined;

async function start(): Promise<WorkerHandle> {
  started++;
  const thread = new Thread(SCRIPT, { eval: true });
  threads.push(thread);
  return {
    post: (message) => thread.postMessage(message),
    onMessage: (handler) => {
      thread.removeAllListeners("message");
      thread.on("message", (message: Reply) => handler(message));
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

const threads: Thread[] = [];
const job = (request: unknown): Task => ({
  name: "computeAttention",
  message: () => ({ message: { job: { request } }, transfer: [] }),
});
const make = (size: number, deadline = 10_000) => {
  started = 0;
  pool = new Pool(start, size, deadline);
  return pool;
};

afterEach(() => pool?.dispose());

describe("Pool", () => {
  it("runs many jobs on few workers, each its own result", async () => {
    const results = await Promise.all(Array.from({ length: 50 }, (_, n) => make1().run(job(n))));
    function make1() {
      pool ??= make(2);
      return pool;
    }
    expect(results).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(started).toBeLessThanOrEqual(2);
  });

  it.each([
    ["trap", "trap", 2],
    ["die", "trap", 4],
    ["throw", "trap", 2],
  ])("%s: the error reaches the caller, the worker is replaced, the next job works", async (what, code, workers) => {
    const one = make(1);
    expect(await one.run(job("before"))).toBe("before");
    await expect(one.run(job(what))).rejects.toMatchObject({ code });
    expect(await one.run(job("after"))).toBe("after");
    expect(started, "who dies of a job three times is not tried again").toBe(workers);
  });

  it("a job whose worker is ended from outside is run again, with a new message", async () => {
    const one = make(1);
    let messages = 0;
    const task = job("hang");
    const lost = one.run({ ...task, message: () => (messages++ === 0 ? task.message() : job("again").message()) });
    await vi.waitFor(() => expect(messages).toBe(1));
    await threads.at(-1)?.terminate();
    expect(await lost).toBe("again");
    expect(started).toBe(2);
  });

  it("an idle worker that is ended from outside is not given a job", async () => {
    const one = make(1);
    await one.run(job("before"));
    await threads.at(-1)?.terminate();
    expect(await one.run(job("after"))).toBe("after");
    expect(started).toBe(2);
  });

  it("what is not wanted any more is not run", async () => {
    const one = make(1);
    const running = one.run(job("first"));
    let messages = 0;
    const message = () => {
      messages++;
      return job("second").message();
    };
    expect(await one.run({ name: "computeAttention", message, wanted: () => false })).toBeUndefined();
    expect(await running).toBe("first");
    expect(messages).toBe(0);
  });

  it("a job over its deadline is ended; jobs that wait behind it still run", async () => {
    const one = make(1, 300);
    const hung = one.run(job("hang"));
    const next = one.run(job("next"));
    await expect(hung).rejects.toMatchObject({ code: "deadline", expected: "a result within 300 ms" });
    expect(await next).toBe("next");
  });

  it("a refusal keeps its worker", async () => {
    const one = make(1);
    await expect(one.run(job("refuse"))).rejects.toMatchObject({ code: "shape" });
    expect(await one.run(job("after"))).toBe("after");
    expect(started).toBe(1);
  });

  it("what cannot be copied is refused, and the pool goes on", async () => {
    const one = make(1);
    await expect(one.run(job(() => 1))).rejects.toMatchObject({ code: "type" });
    expect(await one.run(job("after"))).toBe("after");
  });

  it("dispose ends what runs and what waits", async () => {
    const one = make(1);
    const running = one.run(job("hang"));
    const waiting = one.run(job("x"));
    await new Promise((resolve) => setTimeout(resolve, 100));
    one.dispose();
    await expect(running).rejects.toMatchObject({ code: "disposed" });
    await expect(waiting).rejects.toMatchObject({ code: "disposed" });
    await expect(one.run(job("y"))).rejects.toMatchObject({ code: "disposed" });
  });

  it("dispose leaves no timer, for which Node would not end", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const one = make(1);
      const running = one.run(job("hang"));
      while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
      one.dispose();
      expect(vi.getTimerCount()).toBe(0);
      await expect(running).rejects.toMatchObject({ code: "disposed" });
    } finally {
      vi.useRealTimers();
    }
  });

  it("a worker that cannot start fails its job, not the others for ever", async () => {
    let broken = true;
    pool = new Pool(() => (broken ? Promise.reject(new Error("no worker")) : start()), 1, 1000);
    await expect(pool.run(job(1))).rejects.toMatchObject({ code: "worker", found: "no worker" });
    broken = false;
    expect(await pool.run(job(2))).toBe(2);
  });
});
