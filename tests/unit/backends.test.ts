/** The choice of a backend, its failures and its queue, with the engine's CPU in Node and a GPU that is told what to do. */

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Backends, type Call, type Request, type Result } from "../../www/engine/backends.ts";
import { LOCAL_COST } from "../../www/engine/cost.ts";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { AttentionRequest, BackendChoice, Engine, Tensor, Trace } from "../../www/engine/types.ts";
import { FakeGpu, failure, large, SILENCE } from "./gpu.ts";

const PACKAGE = new URL("../../dist/package/engine.js", import.meta.url).href;
const SMALL: Request = { tokens: { query: ["dog", "bites", "man"] }, heads: 2, headDim: 3 };
/** Longer than any run here takes. */
const LONG = 20_000;

let engine: Engine;
let made: Backends | undefined;
beforeAll(async () => {
  const { createEngine } = (await import(/* @vite-ignore */ PACKAGE)) as typeof EngineModule;
  engine = await createEngine({ workers: 1, backend: "cpu" });
});
afterEach(() => {
  made?.dispose();
  vi.useRealTimers();
});
afterAll(() => engine.dispose());

const cpu = () => ({ computeAttention: engine.computeAttention, traceAttention: engine.traceAttention });

function make(wanted: BackendChoice = "webgpu", deadline = LONG) {
  const gpu = new FakeGpu(cpu());
  made = new Backends({ wanted, deadline, cpu: cpu() }, gpu.around);
  const backends = made;
  const trace = (request: Request = SMALL) => backends.run("traceAttention", request) as Promise<Trace>;
  return { gpu, backends, trace };
}

/** A CPU of a known rate on the fake's clock, so that what is measured is known. */
function timed(wanted: BackendChoice, msPerMillion: { cpu: number; gpu: number }) {
  const slow = (call: Call, rate: () => number) => async (request: never) => {
    const { costOf } = await import("../../www/engine/cost.ts");
    gpu.clock += (rate() * costOf(call, request)) / 1_000_000;
    const shape = [1, 1, 1, 1];
    const output: Tensor = { shape, data: Float32Array.of(Number(request === undefined)) };
    return (call === "traceAttention"
      ? { backend: "cpu", data: new Float32Array(4) }
      : { backend: "cpu", output }) as unknown as Result;
  };
  const at = (rate: () => number) => ({
    computeAttention: slow("computeAttention", rate),
    traceAttention: slow("traceAttention", rate),
  });
  const gpu: FakeGpu = new FakeGpu(at(() => msPerMillion.gpu));
  made = new Backends({ wanted, deadline: LONG, cpu: at(() => msPerMillion.cpu) }, gpu.around);
  return { gpu, backends: made };
}

describe("cpu", () => {
  it("never loads the GPU, whatever the size", async () => {
    const { gpu, backends, trace } = make("cpu");
    expect((await trace(large(200))).backend).toBe("cpu");
    expect(gpu.started).toBe(0);
    expect(backends.report).toMatchObject({ state: "untried", last: { cpu: { operation: "traceAttention" } } });
    expect(backends).toMatchObject({ backend: "cpu", adapter: "CPU, WebAssembly" });
  });

  it("a request's own backend stands above the engine's, both ways", async () => {
    const { gpu, trace } = make("cpu");
    expect((await trace({ ...SMALL, backend: "webgpu" } as Request)).backend).toBe("webgpu");
    const seen = gpu.seen.length;
    expect((await trace(SMALL)).backend).toBe("cpu");
    expect(gpu.seen.length).toBe(seen);
    const other = make("webgpu");
    expect((await other.trace({ ...SMALL, backend: "cpu" } as Request)).backend).toBe("cpu");
    expect(other.gpu.started).toBe(0);
  });

  it("a trace with edits stays on the CPU, and says why", async () => {
    const { gpu, backends, trace } = make("webgpu");
    const edited = await trace({ ...SMALL, edits: [{ stage: "scores", index: [0, 0, 0], value: 1 }] } as Request);
    expect(edited.backend).toBe("cpu");
    expect(backends.fellBack(edited)?.code).toBe("edited");
    expect(gpu.started).toBe(0);
  });

  it("a backend that there is not is refused", async () => {
    const { trace } = make("cpu");
    const refused = trace({ ...SMALL, backend: "cuda" } as unknown as Request);
    await expect(refused).rejects.toMatchObject({ code: "option", found: '"cuda"' });
  });
});

describe("webgpu", () => {
  it("opens once, proves each kind of call once, and computes every size", async () => {
    const { gpu, backends, trace } = make();
    const [q, k] = [new Float32Array(8).fill(0.5), new Float32Array(8).fill(0.25)];
    const tensor = (data: Float32Array): Tensor => ({ shape: [1, 1, 2, 4], data });
    const request: AttentionRequest = { q: tensor(q), k: tensor(k), v: tensor(k) };
    for (const one of [await trace(), await trace(), await backends.run("computeAttention", request)])
      expect(one.backend).toBe("webgpu");
    // What the caller gave is copied, not moved away.
    expect([q.length, k.length]).toEqual([8, 8]);
    expect(gpu.seen).toEqual([
      "open",
      "traceAttention",
      "traceAttention",
      "traceAttention",
      "computeAttention",
      "computeAttention",
    ]);
    expect(backends.report).toMatchObject({ state: "ready", adapter: gpu.adapter });
    expect(backends.report.reason).toBeUndefined();
    expect(backends).toMatchObject({ backend: "webgpu", adapter: gpu.adapter.name });
  });

  it("a software adapter works, and is said to be slower", async () => {
    const { gpu, backends, trace } = make();
    gpu.adapter = { name: "software", isFallback: true };
    const result = await trace();
    expect(result.backend).toBe("webgpu");
    expect(backends.fellBack(result)).toBeUndefined();
    expect(backends.report).toMatchObject({
      state: "ready",
      adapter: { isFallback: true },
      reason: { code: "software_adapter", text: "a software adapter: slower than the CPU" },
    });
  });

  it("writes into the output that is given", async () => {
    const { backends } = make();
    const tensor = (value: number): Tensor => ({ shape: [1, 1, 2, 4], data: new Float32Array(8).fill(value) });
    const output = new Float32Array(8);
    const request = { q: tensor(1), k: tensor(2), v: tensor(3), output };
    const result = await backends.run("computeAttention", request);
    expect(result).toMatchObject({ backend: "webgpu", output: { shape: [1, 1, 2, 4] } });
    expect("output" in result && result.output.data).toBe(output);
    expect(Array.from(output)).toEqual(Array(8).fill(3));
    await expect(backends.run("computeAttention", { ...request, output: new Float32Array(3) })).rejects.toMatchObject({
      code: "shape",
    });
  });

  it("without WebGPU: the CPU's result with the reason, nothing loaded; auto says nothing", async () => {
    const gpu = new FakeGpu(cpu());
    const missing = { code: "no_webgpu", text: "there is no WebGPU here" };
    const backends = new Backends({ wanted: "webgpu", deadline: LONG, cpu: cpu() }, { ...gpu.around, missing });
    expect(backends.report).toMatchObject({ state: "refused", reason: missing });
    const asked = await backends.run("traceAttention", SMALL);
    expect(asked.backend).toBe("cpu");
    expect(backends.fellBack(asked)).toEqual(missing);
    const silent = await backends.run("traceAttention", { ...large(200), backend: "auto" } as Request);
    expect(backends.fellBack(silent)).toBeUndefined();
    expect(gpu.started).toBe(0);
  });

  it("engine.js in Node: the same, and what is no backend is refused", async () => {
    const { createEngine } = (await import(/* @vite-ignore */ PACKAGE)) as typeof EngineModule;
    const asked = await createEngine({ backend: "webgpu", workers: 0 });
    const trace = await asked.traceAttention(SMALL as never);
    expect(trace.backend).toBe("cpu");
    expect(asked.fellBack(trace)).toMatchObject({ code: "no_webgpu" });
    expect(asked.backends()).toMatchObject({ state: "refused", reason: { code: "no_webgpu" } });
    expect(asked.backends().last.cpu?.ms).toBeGreaterThan(0);
    await expect(createEngine({ backend: "cuda" as never })).rejects.toMatchObject({ code: "option" });
  });
});

describe("auto", () => {
  it("a small call does not load the GPU", async () => {
    const { gpu, trace } = make("auto");
    const result = await trace(large(32));
    expect(result.backend).toBe("cpu");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(gpu.started).toBe(0);
  });

  it("a large one is the CPU's, and has the GPU opened, proved and measured when that is done", async () => {
    const { gpu, backends } = timed("auto", { cpu: 10, gpu: 1 });
    let free = () => {};
    gpu.idle = () =>
      new Promise((resolve) => {
        free = resolve;
      });
    expect((await backends.run("traceAttention", large())).backend).toBe("cpu");
    await Promise.resolve();
    expect(gpu.started, "not before the page is idle").toBe(0);
    free();
    await vi.waitFor(() => expect(backends.report.crossover.traceAttention).toBeDefined());
    expect(backends.report).toMatchObject({ state: "ready", crossover: { traceAttention: LOCAL_COST } });
    const { seen } = gpu;
    expect([seen[0], seen[1], seen.length]).toEqual(["open", "traceAttention", 2 + 2 * 3]);
    expect((await backends.run("traceAttention", large())).backend).toBe("webgpu");
    expect((await backends.run("traceAttention", SMALL)).backend, "a small one still is the CPU's").toBe("cpu");
    expect(backends.fellBack(await backends.run("traceAttention", SMALL))).toBeUndefined();
  });

  it("a GPU that was measured to be slower is not used, and not measured again", async () => {
    const { gpu, backends } = timed("auto", { cpu: 1, gpu: 3 });
    await backends.run("traceAttention", large());
    await vi.waitFor(() => expect(backends.report.crossover.traceAttention).toBe(Number.POSITIVE_INFINITY));
    const calls = gpu.seen.length;
    expect((await backends.run("traceAttention", large(4000))).backend).toBe("cpu");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(gpu.seen.length).toBe(calls);
  });

  it("times that were taken beside another call do not count; the next large call has them taken again", async () => {
    const { gpu, backends } = timed("auto", { cpu: 10, gpu: 1 });
    let measured = 0;
    gpu.answer = (name) => {
      if (name === "traceAttention" && measured++ === 3) void backends.run("traceAttention", SMALL);
      return undefined;
    };
    await backends.run("traceAttention", large());
    await vi.waitFor(() => expect(gpu.seen.length).toBe(8));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(backends.report.crossover).toEqual({});
    await backends.run("traceAttention", large());
    await vi.waitFor(() => expect(backends.report.crossover.traceAttention).toBe(LOCAL_COST));
  });

  it("a software adapter is not used, and asked for once", async () => {
    const { gpu, backends, trace } = make("auto");
    gpu.adapter = { name: "software", isFallback: true };
    await trace(large(200));
    await vi.waitFor(() => expect(backends.report.state).toBe("refused"));
    expect(backends.report).toMatchObject({ adapter: gpu.adapter, reason: { code: "software_adapter" } });
    const second = await trace(large(200));
    expect(second.backend).toBe("cpu");
    expect(backends.fellBack(second)).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(gpu.seen).toEqual(["open"]);
  });

  it("a probe that disagrees: the CPU, and the reason", async () => {
    const { gpu, backends, trace } = make("auto");
    gpu.answer = async (name, request) => {
      if (name === "open") return undefined;
      const right = await engine.traceAttention(request as never);
      right.data[right.data.length - 1] = (right.data.at(-1) ?? 0) + 2e-4;
      return right;
    };
    await trace(large(200));
    await vi.waitFor(() => expect(backends.report.reason?.code).toBe("probe"));
    expect(backends.report.state).toBe("refused");
    expect(backends.report.reason?.text).toMatch(/expected the CPU's numbers within 0.0001, .+, found /);
  });
});

describe("failures", () => {
  const CODES = ["no_adapter", "no_device", "device_lost", "gpu_memory", "gpu_validation", "internal"];
  it.each(CODES)("%s: the CPU's result, the reason, and the next call works", async (code) => {
    const { gpu, backends, trace } = make();
    const where = code.startsWith("no_") ? "open" : "traceAttention";
    let broken = true;
    gpu.answer = (name) => {
      if (broken && name === where) throw failure(code);
      return undefined;
    };
    const result = await trace();
    expect(result).toEqual(await engine.traceAttention(SMALL as never));
    expect(backends.fellBack(result)).toEqual({ code, text: `webgpu: expected a GPU in order, found ${code}` });
    expect(backends.report).toMatchObject({ state: "refused", reason: { code } });
    expect(backends.backend).toBe("cpu");
    broken = false;
    const next = await trace();
    expect(next.backend).toBe("webgpu");
    expect(backends.fellBack(next)).toBeUndefined();
    expect(backends.report.state).toBe("ready");
    expect(backends.report.reason).toBeUndefined();
    expect(gpu.started, "with a worker of its own").toBe(2);
  });

  it("is tried again at most three times a minute, and then again", async () => {
    const { gpu, backends, trace } = make();
    gpu.answer = () => {
      throw failure("no_adapter");
    };
    for (let n = 0; n < 10; n++) expect(backends.fellBack(await trace())?.code).toBe("no_adapter");
    expect(gpu.started, "the first, and three more").toBe(4);
    gpu.clock += 60_000;
    gpu.answer = undefined;
    expect((await trace()).backend).toBe("webgpu");
    expect(gpu.started).toBe(5);
  });

  it("unsuited: this call is the CPU's, the GPU stays", async () => {
    const { gpu, backends, trace } = make();
    await trace();
    gpu.answer = () => {
      throw failure("unsuited");
    };
    const result = await trace();
    expect(result.backend).toBe("cpu");
    expect(backends.fellBack(result)?.code).toBe("unsuited");
    expect(backends.report).toMatchObject({ state: "ready", reason: { code: "unsuited" } });
    gpu.answer = undefined;
    expect((await trace()).backend).toBe("webgpu");
    expect(gpu.started).toBe(1);
    expect(backends.report.reason).toBeUndefined();
  });

  it.each(["shape", "size", "option", "type", "too_large"])("%s is a refusal, and is passed on", async (code) => {
    const { gpu, backends, trace } = make();
    await trace();
    gpu.answer = () => {
      throw failure(code);
    };
    await expect(trace()).rejects.toMatchObject({ name: "EngineError", code });
    gpu.answer = undefined;
    expect((await trace()).backend).toBe("webgpu");
    expect(gpu.started).toBe(1);
    expect(backends.report.state).toBe("ready");
  });

  it("a refusal of our own probe is a fault of the GPU, not of the request", async () => {
    const { gpu, backends, trace } = make();
    gpu.answer = (name) => {
      if (name !== "open") throw failure("shape");
      return undefined;
    };
    const result = await trace();
    expect(result.backend).toBe("cpu");
    expect(backends.fellBack(result)?.code).toBe("internal");
  });

  it("no answer: after the deadline the CPU", async () => {
    const { gpu, backends, trace } = make("webgpu", 200);
    await trace();
    gpu.answer = () => {
      throw SILENCE;
    };
    const result = await trace();
    expect(result.backend).toBe("cpu");
    expect(backends.fellBack(result)).toMatchObject({ code: "deadline" });
    expect(backends.fellBack(result)?.text).toContain("an answer to traceAttention within 200 ms");
  });

  it.each<[string, (gpu: FakeGpu) => void, string]>([
    ["is ended from outside", (gpu) => gpu.kill(), "worker"],
    ["has a script that fails", (gpu) => gpu.crash("broken"), "trap"],
  ])("a worker that %s during a call: the CPU, then a new worker", async (_, end, code) => {
    const { gpu, backends, trace } = make();
    await trace();
    gpu.answer = () => {
      throw SILENCE;
    };
    const lost = trace();
    await vi.waitFor(() => expect(gpu.seen.length).toBe(4));
    end(gpu);
    const result = await lost;
    expect(result.backend).toBe("cpu");
    expect(backends.fellBack(result)?.code).toBe(code);
    gpu.answer = undefined;
    expect((await trace()).backend).toBe("webgpu");
    expect(gpu.started).toBe(2);
  });

  it("a worker that is ended while nothing is asked is replaced, and no call is lost by it", async () => {
    const { gpu, backends, trace } = make();
    await trace();
    gpu.kill();
    const result = await trace();
    expect(result.backend).toBe("webgpu");
    expect(backends.fellBack(result)).toBeUndefined();
    expect(gpu.started).toBe(2);
  });

  it("a worker that does not start: the CPU", async () => {
    const gpu = new FakeGpu(cpu());
    const start = () => Promise.reject(new Error("no script"));
    const backends = new Backends({ wanted: "webgpu", deadline: LONG, cpu: cpu() }, { ...gpu.around, start });
    const result = await backends.run("traceAttention", SMALL);
    expect(result.backend).toBe("cpu");
    expect(backends.fellBack(result)).toMatchObject({ code: "load", text: expect.stringContaining("no script") });
  });

  it("what cannot be copied is refused", async () => {
    const { trace } = make();
    await expect(trace({ ...SMALL, seed: (() => 1) as never } as Request)).rejects.toMatchObject({ code: "type" });
    expect((await trace()).backend).toBe("webgpu");
  });
});

describe("the queue", () => {
  it("calls go through one at a time, each with its own result", async () => {
    const { gpu, trace } = make();
    const words = ["a", "b", "c", "d", "e"];
    const requests = words.map((word): Request => ({ tokens: { query: [word, "x"] }, heads: 1, headDim: 2 }));
    const traces = await Promise.all(requests.map(trace));
    expect(traces.map(({ tokens }) => tokens.query[0])).toEqual(words);
    expect(traces.map(({ backend }) => backend)).toEqual(words.map(() => "webgpu"));
    expect(gpu.most).toBe(1);
    expect(gpu.started).toBe(1);
  });

  it("those behind one that fails are computed still", async () => {
    const { gpu, trace } = make();
    await trace();
    let broken = 1;
    gpu.answer = (name) => {
      if (name === "traceAttention" && broken-- > 0) throw failure("device_lost");
      return undefined;
    };
    const traces = await Promise.all([trace(), trace(), trace()]);
    expect(traces.map(({ backend }) => backend)).toEqual(["cpu", "webgpu", "webgpu"]);
    expect(gpu.started).toBe(2);
  });

  it("dispose ends what runs and what waits", async () => {
    const { gpu, backends, trace } = make();
    await trace();
    gpu.answer = () => {
      throw SILENCE;
    };
    const all = [trace(), trace()];
    await vi.waitFor(() => expect(gpu.seen.length).toBe(4));
    backends.dispose();
    for (const one of all) await expect(one).rejects.toMatchObject({ code: "disposed" });
    await expect(trace()).rejects.toMatchObject({ code: "disposed" });
  });
});

it("tells every change of the report, until that is not wanted any more", async () => {
  const { gpu, backends, trace } = make();
  const states: string[] = [];
  const stop = backends.onChange(({ state, reason }) => states.push(`${state} ${reason?.code ?? ""}`.trim()));
  await trace();
  await trace();
  expect(states).toEqual(["ready"]);
  gpu.answer = () => {
    throw failure("device_lost");
  };
  await trace();
  expect(states).toEqual(["ready", "refused device_lost"]);
  stop();
  gpu.answer = undefined;
  await trace();
  expect(states).toHaveLength(2);
});
