/** engine.js in Chromium: the published vectors, large jobs in workers, errors with codes, and another origin's script. */

import { expect, test } from "@playwright/test";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { Tensor } from "../../www/engine/types.ts";
import { COUNT, judge, readCases, table } from "../conformance/cases.ts";
import { blank, runCases } from "./engine-page.ts";

for (const kernels of ["simd128", "relaxed"] as const) {
  test(`all published vectors agree through engine.js in Chromium, ${kernels}`, async ({ page }) => {
    test.setTimeout(120_000);
    await blank(page);
    const cases = readCases();
    expect(cases.length).toBe(COUNT);
    const ran = await runCases(page, cases, { kernels });
    const outcomes = cases.map((one, n) => judge(one, (field) => ran[n]?.tensor(field)));
    console.log(`engine.js in Chromium, ${kernels}\n${table(cases, outcomes)}`);
    expect(outcomes.filter(({ problem }) => problem)).toEqual([]);
  });
}

for (const kernels of ["simd128", "relaxed"] as const) {
  test(`low and huge numbers, infinities and NaN are those of the plain twin, ${kernels}`, async ({ page }) => {
    await blank(page);
    const found = await page.evaluate(async (kernels) => {
      const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
      const engine = await createEngine({ kernels, workers: 0, backend: "cpu" });
      const lowest = -3.4028234663852886e38;
      const odd = [lowest, -3e38, -2.4e38, 3.4e38, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
      const masks = odd.flatMap((one) => [[one], [one, 0], [0, 0, one], [one, lowest], [one, -3.3e38, 0]]);
      const wave = (count: number): Tensor => ({
        shape: [1, 1, count / 5, 5],
        data: Float32Array.from({ length: count }, (_, n) => Math.sin(n)),
      });
      const [q, k, v] = [wave(55), wave(1500), wave(1500)];
      const apart: string[] = [];
      for (const cells of masks) {
        const data = Float32Array.from({ length: 300 }, (_, n) => cells[n % cells.length] as number);
        const request = { q, k, v, mask: { shape: [300], data } };
        const { output } = await engine.computeAttention(request);
        const plain = (await engine.computeAttention({ ...request, scores: "raw" })).output.data;
        const near = (a: number, b: number) => Object.is(a, b) || Math.abs(a - b) <= 2e-6;
        if (!output.data.every((value, n) => near(value, plain[n] as number))) apart.push(cells.join());
      }
      return { tried: masks.length, apart };
    }, kernels);
    expect(found).toEqual({ tried: 35, apart: [] });
  });
}

test("a large job runs in a worker, the page stays alive, and an overrun is ended", async ({ page }) => {
  await blank(page);
  const found = await page.evaluate(async () => {
    const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
    const engine = await createEngine({ workers: 1 });
    const tensor = (): Tensor => ({ shape: [1, 8, 2048, 64], data: new Float32Array(8 * 2048 * 64).fill(0.25) });
    const gaps: number[] = [];
    let last = performance.now();
    let on = true;
    const beat = () => {
      gaps.push(performance.now() - last);
      last = performance.now();
      if (on) setTimeout(beat);
    };
    beat();
    const { output } = await engine.computeAttention({ q: tensor(), k: tensor(), v: tensor() });
    on = false;
    const hasty = await createEngine({ workers: 1, deadline: 5 });
    const code = await hasty.computeAttention({ q: tensor(), k: tensor(), v: tensor() }).then(
      () => "none",
      (error) => error.code,
    );
    const after = await hasty.traceAttention({ tokens: { query: ["still", "here"] }, heads: 1, headDim: 2 });
    return { sample: output.data[1000], longest: Math.max(...gaps), code, stages: after.stages.length };
  });
  expect(found.sample).toBeCloseTo(0.25, 6);
  expect(found.longest, "longest time that the page could not act, ms").toBeLessThan(400);
  expect(found.code).toBe("deadline");
  expect(found.stages).toBeGreaterThan(10);
});

test("engine.js from another origin starts its workers too", async ({ page, baseURL }) => {
  await page.route("http://other.test/**", async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/page.html")
      return route.fulfill({ contentType: "text/html", body: "<!doctype html><title>other</title>" });
    return route.abort();
  });
  // The site's own server allows other origins, as a CDN does.
  await page.route(`${baseURL}**`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), "access-control-allow-origin": "*" } });
  });
  await page.goto("http://other.test/page.html");
  const backend = await page.evaluate(async (base) => {
    const { createEngine } = (await import(`${base}engine.js`)) as typeof EngineModule;
    const engine = await createEngine({ workers: 1 });
    const tensor = (): Tensor => ({ shape: [1, 4, 512, 64], data: new Float32Array(4 * 512 * 64).fill(0.5) });
    return (await engine.computeAttention({ q: tensor(), k: tensor(), v: tensor() })).backend;
  }, baseURL ?? "");
  expect(backend).toBe("cpu");
});

test("without the script for workers a large job is refused, and done when it can be had; a small one has no need of it", async ({
  page,
}) => {
  await page.route("**/workers-*.js", (route) => route.abort());
  await blank(page);
  const attend = (tokens: number) =>
    page.evaluate(async (tokens) => {
      const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
      const kept = globalThis as { engine?: EngineModule.Engine };
      kept.engine ??= await createEngine({ workers: 2 });
      const tensor = (): Tensor => ({ shape: [1, 1, tokens, 64], data: new Float32Array(tokens * 64).fill(0.25) });
      return kept.engine.computeAttention({ q: tensor(), k: tensor(), v: tensor() }).then(
        ({ output }) => String(output.data.at(-1)),
        ({ code, operation }) => `${code} in ${operation}`,
      );
    }, tokens);
  expect(await attend(64)).toBe("0.25");
  expect(await attend(1024)).toBe("worker in computeAttention");
  await page.unroute("**/workers-*.js");
  expect(await attend(1024)).toBe("0.25");
});

test("what is not for the kernels does not wait for them", async ({ page }) => {
  await page.route("**/kernels_*.wasm", () => {});
  await blank(page);
  const shape = await page.evaluate(async () => {
    const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
    const engine = await createEngine();
    const tensor = (): Tensor => ({ shape: [1, 1, 2, 4], data: new Float32Array(8).fill(1) });
    const { presentKey } = await engine.computeAttention({
      ...{ q: tensor(), k: tensor(), v: tensor() },
      ...{ pastKey: tensor(), pastValue: tensor() },
    });
    return presentKey?.shape;
  });
  expect(shape).toEqual([1, 1, 4, 4]);
});
