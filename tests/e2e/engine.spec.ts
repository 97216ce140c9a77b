/** engine.js in Chromium: the published vectors, large jobs in workers, errors with codes, and another origin's script. */

import { expect, type Page, test } from "@playwright/test";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { Tensor } from "../../www/engine/types.ts";
import { COUNT, judge, readCases, table } from "../conformance/cases.ts";

type Packed = { kind: string; data: number[] };

/** Typed arrays do not cross into the page as such. */
const pack = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value))
    return { kind: value.constructor.name, data: Array.from(value as Float32Array) } satisfies Packed;
  if (Array.isArray(value)) return value;
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, pack(part)]));
  }
  return value;
};

async function blank(page: Page): Promise<void> {
  await page.route("**/blank.html", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>blank</title>" }),
  );
  await page.goto("./blank.html");
}

for (const kernels of ["simd128", "relaxed"] as const) {
  test(`all published vectors agree through engine.js in Chromium, ${kernels}`, async ({ page }) => {
    test.setTimeout(120_000);
    await blank(page);
    const cases = readCases();
    expect(cases.length).toBe(COUNT);
    const results = await page.evaluate(
      async ({ jobs, kernels }) => {
        const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
        const engine = await createEngine({ kernels });
        const kinds = { Float32Array, Uint8Array, Int32Array } as Record<string, { from(data: number[]): unknown }>;
        const unpack = (value: unknown): unknown => {
          if (!value || typeof value !== "object" || Array.isArray(value)) return value;
          const { kind, data } = value as Packed;
          if (typeof kind === "string" && Array.isArray(data)) return kinds[kind]?.from(data);
          return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unpack(part)]));
        };
        const plain = (tensor: Tensor) => ({ shape: tensor.shape, data: Array.from(tensor.data) });
        const all: Record<string, { shape: number[]; data: number[] }>[] = [];
        for (const { method, request } of jobs) {
          const result = (await engine[method](unpack(request) as never)) as unknown as Record<string, Tensor> & Tensor;
          const fields: Record<string, { shape: number[]; data: number[] }> = {};
          if (result.data && result.shape) fields[""] = plain(result);
          else for (const [name, tensor] of Object.entries(result)) if (tensor?.shape) fields[name] = plain(tensor);
          all.push(fields);
        }
        return all;
      },
      { jobs: cases.map(({ method, request }) => ({ method, request: pack(request) })), kernels },
    );
    const outcomes = cases.map((one, n) => judge(one, (field) => results[n]?.[field] as unknown as Tensor | undefined));
    console.log(`engine.js in Chromium, ${kernels}\n${table(cases, outcomes)}`);
    expect(outcomes.filter(({ problem }) => problem)).toEqual([]);
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
