/** What the GPU computes in Chromium, on a graphics chip or in software, through engine.js alone: the CPU's numbers, and its refusals. */

import { expect, test } from "@playwright/test";
import { largestDifference } from "../../www/engine/difference.ts";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { ModelBlock } from "../../www/engine/model/types.ts";
import type { AttentionRequest, Engine, Tensor, Trace, TraceRequest } from "../../www/engine/types.ts";
import { differ, expectedOf, NAMES, urlOf } from "../checkpoints/read.ts";
import { COUNT, judge, readCases, table } from "../conformance/cases.ts";
import { blank, runCases } from "./engine-page.ts";
import { beforeWorker, findAdapter, TOLERANCE } from "./webgpu.ts";

const adapter = findAdapter();

test("all published vectors agree on the GPU", async ({ page }) => {
  test.setTimeout(180_000);
  await blank(page);
  const cases = readCases();
  expect(cases.length).toBe(COUNT);
  const ran = await runCases(page, cases, { backend: "webgpu" });
  const outcomes = cases.map((one, n) => judge(one, (field) => ran[n]?.tensor(field), TOLERANCE));
  console.log(`engine.js in Chromium, WebGPU\n${table(cases, outcomes)}`);
  expect(outcomes.filter(({ problem }) => problem)).toEqual([]);
  const attention = ran.filter((_, n) => cases[n]?.op === "Attention");
  expect(attention.length).toBeGreaterThan(50);
  const left = cases.filter(({ op }, n) => op === "Attention" && ran[n]?.backend !== "webgpu");
  expect(left.map(({ name }) => `${name}: ${ran[cases.findIndex((one) => one.name === name)]?.reason}`)).toEqual([]);
});

for (const name of NAMES) {
  test(`every attention of the checkpoint ${name} agrees with the reference library`, async ({ page }) => {
    test.setTimeout(120_000);
    await blank(page);
    await page.route("**/checkpoints/**", (route) => {
      const file = new URL(route.request().url()).pathname.split("/").at(-1) as string;
      return route.fulfill({ path: urlOf(name, file).pathname });
    });
    const { tensors } = expectedOf(name);
    const numbers = (tensor: string) => tensors[tensor] && Array.from(tensors[tensor].data);
    const { pixel_values: pixels } = tensors;
    const input = {
      ids: numbers("input_ids"),
      targetIds: numbers("decoder_input_ids"),
      pixels: pixels && { shape: pixels.shape.slice(1), data: Array.from(pixels.data) },
    };
    // The reference library calls that of the only stack there is, or of the decoder, by no name.
    const own = name.startsWith("gpt2") || name.startsWith("bart") ? "decoder" : "encoder";
    const blocks = Object.entries({
      attentions: own,
      encoder_attentions: "encoder",
      cross_attentions: "cross",
    } as const).filter(([what]) => tensors[what]);
    for (const [what, block] of blocks) {
      const { shape, data } = tensors[what] as Tensor;
      const found = await page.evaluate(weightsOnGpu, { input, block, layers: shape[0] as number });
      expect(found.backends).toEqual(Array(shape[0]).fill("webgpu"));
      expect(differ({ shape, data: Float32Array.from(found.weights) }, { shape, data }), what).toBeUndefined();
    }
  });
}

interface Asked {
  input: {
    ids: number[] | undefined;
    targetIds: number[] | undefined;
    pixels: { shape: number[]; data: number[] } | undefined;
  };
  block: ModelBlock;
  layers: number;
}

/** Runs in the page: the weights of every layer, one after the other, and what computed them. */
async function weightsOnGpu({ input: { ids, targetIds, pixels }, block, layers }: Asked) {
  const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
  const engine: Engine = await createEngine({ backend: "webgpu" });
  const at = (file: string) => new URL(`./checkpoints/it/${file}`, location.href);
  const config = await (await fetch(at("config.json"))).json();
  const model = await engine.loadModel({ config, weights: [at("model.safetensors")] });
  const input = {
    ...(ids && { ids }),
    ...(targetIds && { targetIds }),
    ...(pixels && { pixels: { shape: pixels.shape, data: Float32Array.from(pixels.data) } }),
  };
  const backends: string[] = [];
  const weights: number[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const trace = await model.trace({ ...input, block, layer });
    const stage = trace.stages.find(({ id }) => id === "weights");
    const size = stage?.shape.reduce((a, b) => a * b, 1) ?? 0;
    backends.push(trace.backend);
    weights.push(...trace.data.slice(stage?.offset, (stage?.offset ?? 0) + size));
  }
  engine.dispose();
  return { backends, weights };
}

/** Every option, as one page sees it: requests that are made there, and what both said. */
test("attention and traces are the CPU's within 1e-4, with every option", async ({ page }) => {
  test.setTimeout(120_000);
  await blank(page);
  const found = await page.evaluate(async () => {
    const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
    const engine: Engine = await createEngine({ backend: "webgpu" });
    let seed = 1;
    const next = () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 31 - 1;
    };
    const tensor = (...shape: number[]) => ({
      shape,
      data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, next),
    });
    const seen = (...shape: number[]) => ({
      shape,
      data: Uint8Array.from(tensor(...shape).data, (value) => (value > -0.5 ? 1 : 0)),
    });
    const qkv = (queries = 37, keys = 41, heads = 4, kvHeads = 2, dim = 20) => ({
      q: tensor(1, heads, queries, dim),
      k: tensor(1, kvHeads, keys, dim),
      v: tensor(1, kvHeads, keys, dim + 3),
    });
    const attention: Record<string, AttentionRequest> = {
      plain: qkv(),
      causal: { ...qkv(), causal: true },
      window: { ...qkv(), window: [5, 3] },
      softcap: { ...qkv(), softcap: 2, scale: 0.7 },
      boolean: { ...qkv(), mask: seen(37, 41) },
      added: { ...qkv(), mask: tensor(4, 37, 41) },
      lengths: { ...qkv(), kvLengths: Int32Array.of(17) },
      past: { ...qkv(), pastKey: tensor(1, 2, 5, 20), pastValue: tensor(1, 2, 5, 23) },
      weights: { ...qkv(), causal: true, scores: "weights" },
      packed: { q: tensor(2, 9, 24), k: tensor(2, 9, 12), v: tensor(2, 9, 12), qHeads: 4, kvHeads: 2, causal: true },
      large: { ...qkv(300, 300, 8, 8, 64), causal: true },
    };
    const words = (n: number) => Array.from({ length: n }, (_, i) => `t${i % 17}`);
    const own = { tokens: { query: words(13) }, heads: 4, headDim: 6, seed: 3 };
    const traces: Record<string, TraceRequest> = {
      plain: own,
      causal: { ...own, causal: true, softcap: 2 },
      groups: { ...own, kvHeads: 2, window: [3, 2] },
      cross: { ...own, tokens: { query: words(7), key: words(12) } },
      rotary: { ...own, position: "rotary" },
      alibi: { ...own, position: "alibi", scale: 0.9 },
      sinusoidal: { ...own, position: "sinusoidal", mask: seen(13, 13) },
      long: { ...own, tokens: { query: words(150) } },
      weights: { ...own, tokens: { query: words(530) }, heads: 2, headDim: 3 },
    };
    const plain = (values: Float32Array) => Array.from(values);
    const all: { name: string; backend: string; reason: string; gpu: number[]; cpu: number[]; same: boolean }[] = [];
    for (const [name, request] of Object.entries(attention)) {
      const gpu = await engine.computeAttention(request);
      const cpu = await engine.computeAttention({ ...request, backend: "cpu" });
      for (const field of ["output", "scores", "presentKey", "presentValue"] as const) {
        const [a, b] = [gpu[field], cpu[field]];
        const same = a?.shape.join() === b?.shape.join();
        if (!a || !b) {
          if (!same) all.push({ name: `${name}: ${field}`, backend: "", reason: "", gpu: [], cpu: [], same });
          continue;
        }
        const reason = engine.fellBack(gpu)?.text ?? "";
        all.push({
          name: `${name}: ${field}`,
          backend: gpu.backend,
          reason,
          gpu: plain(a.data),
          cpu: plain(b.data),
          same,
        });
      }
    }
    for (const [name, request] of Object.entries(traces)) {
      const gpu = await engine.traceAttention(request);
      const cpu = await engine.traceAttention({ ...request, backend: "cpu" });
      const head = ({ data: _, backend: __, ...rest }: Trace) => JSON.stringify(rest);
      const reason = engine.fellBack(gpu)?.text ?? "";
      const same = head(gpu) === head(cpu);
      all.push({
        name: `trace ${name}`,
        backend: gpu.backend,
        reason,
        gpu: plain(gpu.data),
        cpu: plain(cpu.data),
        same,
      });
    }
    return { all, report: engine.backends() };
  });
  expect(found.all.length).toBeGreaterThan(20);
  expect(
    found.all.filter(({ backend }) => backend !== "webgpu").map(({ name, reason }) => `${name}: ${reason}`),
  ).toEqual([]);
  expect(found.all.filter(({ same }) => !same).map(({ name }) => name)).toEqual([]);
  const wrong = found.all.flatMap(({ name, gpu, cpu }) => {
    const { at, size } = largestDifference(Float32Array.from(gpu), Float32Array.from(cpu));
    return size <= TOLERANCE ? [] : [`${name} [${at}]: GPU ${gpu[at]}, CPU ${cpu[at]}`];
  });
  expect(wrong).toEqual([]);
  expect(found.report).toMatchObject({ state: "ready", adapter: { isFallback: adapter.inSoftware } });
  expect(found.report.reason?.text).toBe(adapter.inSoftware ? "a software adapter: slower than the CPU" : undefined);
});

test("what is wrong with a request is refused in the same words", async ({ page }) => {
  await blank(page);
  const found = await page.evaluate(async () => {
    const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
    const engine = await createEngine();
    const tensor = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
    const good = { q: tensor(1, 2, 3, 4), k: tensor(1, 2, 3, 4), v: tensor(1, 2, 3, 4) };
    const bad: Record<string, object> = {
      width: { ...good, k: tensor(1, 2, 3, 5) },
      heads: { ...good, k: tensor(1, 3, 3, 4), v: tensor(1, 3, 3, 4) },
      window: { ...good, window: [-2, 0] },
      mask: { ...good, mask: tensor(7, 3) },
      type: { ...good, causal: 1 },
      nothing: {},
    };
    const said = async (request: object, backend: "cpu" | "webgpu") =>
      engine.computeAttention({ ...request, backend } as never).then(
        () => "a result",
        (error) => `${error.code}: ${error.message}`,
      );
    const all: [string, string, string][] = [];
    for (const [name, request] of Object.entries(bad))
      all.push([name, await said(request, "webgpu"), await said(request, "cpu")]);
    const after = await engine.computeAttention({ ...good, backend: "webgpu" });
    return { all, after: after.backend };
  });
  for (const [name, gpu, cpu] of found.all) {
    expect(gpu, name).toBe(cpu);
    expect(gpu, name).toMatch(/^\w+: compute_attention: expected .+, found .+/);
  }
  expect(found.after).toBe("webgpu");
});

for (const chip of [true, false]) {
  const what = chip ? "a graphics chip is looked at while it works" : "a software adapter is left to its work";
  test(`${what}, and its numbers are the CPU's`, async ({ page }) => {
    await blank(page);
    await beforeWorker(page, watched, chip);
    const found = await page.evaluate(async () => {
      const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
      const engine = await createEngine();
      const all: { backend: string; gpu: number[]; cpu: number[] }[] = [];
      // the last one is more than is taken together anywhere on its way
      for (const [causal, heads, tokens, dim] of [
        [false, 3, 301, 20],
        [true, 3, 301, 20],
        [true, 2, 1100, 64],
      ] as const) {
        const [q, k, v] = [0.7, 1.3, 2.1].map((step) => ({
          shape: [1, heads, tokens, dim],
          data: Float32Array.from({ length: heads * tokens * dim }, (_, n) => 2 * Math.sin((n + 1) * step)),
        })) as [Tensor, Tensor, Tensor];
        const gpu = await engine.computeAttention({ q, k, v, causal, backend: "webgpu" });
        const cpu = await engine.computeAttention({ q, k, v, causal, backend: "cpu" });
        all.push({ backend: gpu.backend, gpu: Array.from(gpu.output.data), cpu: Array.from(cpu.output.data) });
      }
      return { all, adapter: engine.backends().adapter };
    });
    expect(found.adapter).toMatchObject({ isFallback: !chip, name: expect.stringMatching(/./) });
    for (const { backend, gpu, cpu } of found.all) {
      expect(backend).toBe("webgpu");
      expect(largestDifference(Float32Array.from(gpu), Float32Array.from(cpu)).size).toBeLessThanOrEqual(TOLERANCE);
    }
    const worker = page.workers().find((one) => one.url().endsWith("/gpu-worker.js"));
    const looks = await worker?.evaluate(() => (self as unknown as { looks: number }).looks);
    if (chip) expect(looks).toBeGreaterThan(1);
    else expect(looks).toBe(0);
  });
}

test("what is too large for one buffer is done in parts", async ({ page }) => {
  await blank(page);
  await beforeWorker(page, narrow, 1 << 17);
  const compute = (heads: number, tokens: number, dim: number) =>
    page.evaluate(
      async ([heads, tokens, dim]) => {
        const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
        const scope = globalThis as { engine?: Engine };
        scope.engine ??= await createEngine();
        const [q, k, v] = [heads, 2, 2].map((heads, seed) => ({
          shape: [1, heads, tokens, dim],
          data: Float32Array.from({ length: heads * tokens * dim }, (_, n) => 2 * Math.sin((n + 1) * (0.7 + seed))),
        })) as [Tensor, Tensor, Tensor];
        const request = { q, k, v, causal: true };
        const gpu = await scope.engine.computeAttention({ ...request, backend: "webgpu" });
        const cpu = await scope.engine.computeAttention({ ...request, backend: "cpu" });
        return { backend: gpu.backend, gpu: Array.from(gpu.output.data), cpu: Array.from(cpu.output.data) };
      },
      [heads, tokens, dim] as const,
    );
  await compute(2, 8, 4);
  const worker = page.workers().find((one) => one.url().endsWith("/gpu-worker.js"));
  const jobs = () => worker?.evaluate(() => (self as unknown as { jobs: number }).jobs) ?? 0;
  // features in fours, which go as they lie, and others; heads that share keys, whose queries do not lie together
  for (const [heads, dim] of [
    [2, 32],
    [4, 32],
    [4, 30],
  ] as const) {
    const before = await jobs();
    const { backend, gpu, cpu } = await compute(heads, 700, dim);
    expect(backend).toBe("webgpu");
    expect((await jobs()) - before).toBeGreaterThan(2);
    expect(largestDifference(Float32Array.from(gpu), Float32Array.from(cpu)).size).toBeLessThanOrEqual(TOLERANCE);
  }
});

/** The device says that its buffers are smaller, and it is counted how often it is given work. */
function narrow(bytes: number): void {
  const scope = self as unknown as { jobs: number };
  scope.jobs = 0;
  Object.defineProperty(GPUSupportedLimits.prototype, "maxStorageBufferBindingSize", { get: () => bytes });
  const { submit } = GPUQueue.prototype;
  GPUQueue.prototype.submit = function (this: GPUQueue, buffers: Iterable<GPUCommandBuffer>) {
    if ([...buffers].length > 0) scope.jobs++;
    return submit.call(this, buffers);
  };
}

/** The adapter says what it is to say, and it is counted how often an empty list of commands is submitted. */
function watched(chip: boolean): void {
  const scope = self as unknown as { looks: number };
  scope.looks = 0;
  Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => !chip });
  const { submit } = GPUQueue.prototype;
  GPUQueue.prototype.submit = function (this: GPUQueue, buffers: Iterable<GPUCommandBuffer>) {
    if ([...buffers].length === 0) scope.looks++;
    return submit.call(this, buffers);
  };
}
