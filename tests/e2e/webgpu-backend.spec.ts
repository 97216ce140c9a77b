/**
 * What computes where the browser has WebGPU, on a graphics chip or in software: "auto" takes the faster one, the page says what ran,
 * and what the GPU cannot compute or loses the CPU does.
 */

import { type Browser, expect, test } from "@playwright/test";
import { largestDifference } from "../../www/engine/difference.ts";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { AttentionRequest, Trace } from "../../www/engine/types.ts";
import { blank } from "./engine-page.ts";
import { open, type Play, rerun, trace } from "./page.ts";
import { beforeWorker, findAdapter, TOLERANCE } from "./webgpu.ts";

const NOTICE = ".top .notice";

const adapter = findAdapter();

test("auto does not use a software adapter, and says why", async ({ page }) => {
  test.skip(!adapter.inSoftware, "a graphics chip");
  await blank(page);
  const found = await page.evaluate(async () => {
    const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
    const engine = await createEngine();
    const query = Array.from({ length: 300 }, (_, n) => `t${n}`);
    const run = () => engine.traceAttention({ tokens: { query }, heads: 4, headDim: 16 });
    const before = engine.backends().state;
    const first = await run();
    const report = await new Promise((resolve) => {
      const stop = engine.onBackends((report) => {
        stop();
        resolve(report);
      });
    });
    return { before, report, backends: [first.backend, (await run()).backend, engine.backend] };
  });
  expect(found.before).toBe("untried");
  expect(found.report).toMatchObject({ state: "refused", adapter: { isFallback: true } });
  expect(found.report).toMatchObject({ reason: { code: "software_adapter" } });
  expect(found.backends).toEqual(["cpu", "cpu", "cpu"]);
});

test("auto takes a graphics chip from the size on from which it was measured to be faster", async ({ page }) => {
  test.skip(adapter.inSoftware, "a software adapter");
  await blank(page);
  const found = await page.evaluate(async () => {
    const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
    const engine = await createEngine();
    const requestOf = (tokens: number): AttentionRequest => {
      const wave = (step: number) => ({
        shape: [1, 8, tokens, 64],
        data: Float32Array.from({ length: 8 * tokens * 64 }, (_, n) => Math.sin((n % 4093) * step)),
      });
      return { q: wave(0.7), k: wave(1.3), v: wave(2.1) };
    };
    const measured = new Promise<number>((resolve) => {
      engine.onBackends(({ crossover: { computeAttention: from } }) => from !== undefined && resolve(from));
    });
    const first = (await engine.computeAttention(requestOf(512))).backend;
    const from = await measured;
    // A multiply-add of both products for each pair, head and dimension.
    const ran: { cost: number; backend: string; difference: number }[] = [];
    for (const tokens of [16, 64, 256, 1024, 2048, 4096]) {
      const gpu = await engine.computeAttention(requestOf(tokens));
      const cpu = await engine.computeAttention({ ...requestOf(tokens), backend: "cpu" });
      const difference = gpu.output.data.reduce(
        (most, value, n) => Math.max(most, Math.abs(value - (cpu.output.data[n] ?? Number.NaN))),
        0,
      );
      ran.push({ cost: 8 * tokens ** 2 * 128, backend: gpu.backend, difference });
    }
    return { first, from, ran, report: engine.backends(), adapter: engine.adapter };
  });
  console.log(`${found.adapter}: faster from ${found.from} multiply-adds on`);
  test.skip(found.from === Number.POSITIVE_INFINITY, "this machine's CPU is always the faster one");
  expect(found.first).toBe("cpu");
  expect(found.report).toMatchObject({ state: "ready", adapter: { isFallback: false } });
  expect(found.ran.some(({ backend }) => backend === "webgpu")).toBe(true);
  expect(found.ran.map(({ backend }) => backend)).toEqual(
    found.ran.map(({ cost }) => (cost > found.from ? "webgpu" : "cpu")),
  );
  expect(found.ran.filter(({ difference }) => !(difference <= TOLERANCE))).toEqual([]);
});

test("the page: what ran stands in the header, the panel knows the adapter and whether it is slower", async ({
  page,
}) => {
  await open(page, "model=none&text=the+dog+bites+the+man&backend=webgpu&causal=true");
  expect((await trace(page)).backend).toBe("webgpu");
  await expect(page.locator(NOTICE)).toHaveCount(0);
  const fold = page.locator("details.backend");
  await expect(fold.locator("summary")).toHaveText(
    adapter.inSoftware ? "computed on: GPU, in software" : "computed on: GPU",
  );
  await fold.locator("summary").click();
  const reason = page.locator(".backend-reason");
  if (adapter.inSoftware) await expect(reason).toHaveText("This is a software adapter: slower than the CPU.");
  else await expect(reason).toHaveCount(0);
  await expect(page.locator('[data-last="webgpu"]')).toHaveText(/^\d+(\.\d)? ms$/);
  await rerun(page, () => page.locator('[data-field="backend"][value="cpu"]').click());
  await expect(fold.locator("summary")).toHaveText("computed on: CPU");
  await expect(page.locator('[data-last="cpu"]')).toHaveText(/^\d+(\.\d)? ms$/);
});

test("NaN and infinity are the CPU's: it carries them through, says why, and the GPU stays", async ({ page }) => {
  const cell = (value: number | string) => ({ shape: [1, 2], data: [1, value] });
  const matrices = JSON.stringify({ q: cell("NaN"), k: cell(2), v: cell("Infinity") });
  await open(page, `heads=1&backend=webgpu&matrices=${encodeURIComponent(matrices)}`);
  const found = await trace(page);
  expect(found.backend).toBe("cpu");
  expect(found.nonFiniteCount).toBe(2);
  await expect(page.locator(NOTICE).first()).toHaveText(
    /^Computed on the CPU\. This input is not for the GPU: it has NaN/,
  );
  await rerun(page, () =>
    page.locator("attention-playground").evaluate((element) => {
      (element as Play).state = { matrices: null, text: "dog bites man" } as Play["state"];
    }),
  );
  expect((await trace(page)).backend).toBe("webgpu");
  await expect(page.locator(NOTICE)).toHaveCount(0);
});

test("compare runs this very input on both, and shows where they differ most", async ({ page }) => {
  await open(page, "model=none&text=the+dog+bites+the+man&heads=3&head-dim=8");
  await page.locator("details.backend summary").click();
  await page.locator("[data-compare]").click();
  await expect(page.locator("[data-times]")).toHaveText(/^CPU \d+(\.\d)? ms, GPU \d+(\.\d)? ms\.$/);
  const expected = await page.locator("attention-playground").evaluate(async (element) => {
    const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
    const engine = await createEngine();
    const { tokens, config } = (element as Play).trace as Trace;
    const { heads, headDim } = config;
    const request = { tokens: { query: tokens.query }, heads, headDim, seed: (element as Play).state.seed };
    const gpu = await engine.traceAttention({ ...request, backend: "webgpu" });
    const cpu = await engine.traceAttention({ ...request, backend: "cpu" });
    return { cpu: Array.from(cpu.data), gpu: Array.from(gpu.data), ran: gpu.backend };
  });
  expect(expected.ran).toBe("webgpu");
  const { size } = largestDifference(Float32Array.from(expected.cpu), Float32Array.from(expected.gpu));
  expect(size).toBeLessThanOrEqual(TOLERANCE);
  const shown = page.locator("[data-difference]");
  expect(Number(await shown.getAttribute("data-difference"))).toBe(size);
  if (size === 0) return;
  // The cell is a way into the picture.
  const cell = (await page.locator("[data-farthest]").getAttribute("data-farthest")) ?? "";
  await page.locator("[data-farthest]").click();
  await expect
    .poll(() => page.evaluate(() => (document.querySelector("attention-playground") as Play).state.pin))
    .toBe(cell);
});

test("the GPU's process ends during a run: right numbers, a notice, and the next run works", async ({
  page,
  browser,
}) => {
  test.setTimeout(120_000);
  // What was computed is not asked for before the process has ended, however fast the GPU is.
  await beforeWorker(page, delayed, 1000);
  const long = Array.from({ length: 480 }, (_, n) => `word${n % 61}`).join(" ");
  await open(page, "model=none&text=dog+bites+man&backend=webgpu&heads=8&head-dim=32");
  expect((await trace(page)).backend).toBe("webgpu");
  await rerun(page, async () => {
    await page.locator("attention-playground").evaluate((element, text) => {
      (element as Play).state = { text } as Play["state"];
    }, long);
    await page.waitForTimeout(400);
    await endGpuProcess(browser);
  });
  await expect(page.locator(NOTICE)).toHaveText("Computed on the CPU. The GPU was lost while it computed.");
  const same = await page.locator("attention-playground").evaluate(async (element) => {
    const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
    const engine = await createEngine({ backend: "cpu" });
    const { trace, state } = element as Play;
    const { tokens, data, backend } = trace as Trace;
    const { heads, headDim, seed } = state;
    const right = await engine.traceAttention({ tokens: { query: tokens.query }, heads, headDim, seed });
    return { backend, length: data.length, same: data.every((value, n) => Object.is(value, right.data[n])) };
  });
  expect(same).toMatchObject({ backend: "cpu", same: true });
  expect(same.length).toBeGreaterThan(480 * 480 * 8);
  await rerun(page, () => page.locator('[data-field="text"]').fill("man bites dog"));
  expect((await trace(page)).backend).toBe("webgpu");
  await expect(page.locator(NOTICE)).toHaveCount(0);
});

/** Results are asked for so much later. */
function delayed(ms: number): void {
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = async function (this: GPUBuffer, ...where: Parameters<GPUBuffer["mapAsync"]>) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return mapAsync.apply(this, where);
  };
}

/** Of this very browser, by its own list of processes. */
async function endGpuProcess(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const gpu = processInfo.find(({ type }) => type.toLowerCase() === "gpu");
  if (!gpu) throw new Error(`expected a GPU process, found ${processInfo.map(({ type }) => type)}`);
  process.kill(gpu.id, "SIGKILL");
  await session.detach();
}
