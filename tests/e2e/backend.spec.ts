/** The choice of a backend in a browser whose WebGPU has no adapter, and in one without WebGPU: the CPU, and the reason. */

import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import type * as EngineModule from "../../www/engine/engine.ts";
import { blank } from "./engine-page.ts";
import { open, type Play, rerun, state } from "./page.ts";

/** Words enough that "auto" asks for the GPU. */
const LARGE = `model=none&heads=4&head-dim=16&text=${"one+two+three+four+five+".repeat(40)}`;

const panel = (page: Page) => page.locator("details.backend");
/** What computed the trace on show. */
const ran = (page: Page) =>
  page.locator("attention-playground").evaluate((element) => (element as Play).trace?.backend);
const unfold = (page: Page) => panel(page).locator("summary").click();
const gpuLoads = (page: Page) => {
  const loads: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/\/gpu|\/desk-/.test(pathname)) loads.push(pathname);
  });
  return loads;
};

test("asked for the GPU, without an adapter: the CPU's numbers, one line with the reason, no error", async ({
  page,
}) => {
  const loads = gpuLoads(page);
  await open(page, "model=none&text=dog+bites+man&backend=webgpu");
  expect(await ran(page)).toBe("cpu");
  expect(loads.filter((path) => path.endsWith(".wasm"))).toEqual([]);
  const reason = "The browser has WebGPU, but found no graphics chip for it.";
  await expect(page.locator(".top .notice")).toHaveText(`Computed on the CPU. ${reason}`);
  await expect(page.locator(".problem")).toHaveCount(0);
  await unfold(page);
  await expect(page.locator(".backend-reason")).toHaveText(reason);
  await expect(page.locator('[data-last="cpu"]')).toHaveText(/^\d+(\.\d)? ms$/);
  await expect(page.locator('[data-last="webgpu"]')).toHaveText("none yet");
  await page.locator("[data-compare]").click();
  await expect(page.locator('[data-not-compared="no_adapter"]')).toContainText(reason);
  await rerun(page, () => page.locator('[data-field="backend"][value="cpu"]').click());
  await expect(page.locator(".top .notice"), "who asks for the CPU is told nothing").toHaveCount(0);
});

test("engine.js without an adapter: the result, and the reason as a code", async ({ page }) => {
  await blank(page);
  const found = await page.evaluate(async () => {
    const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
    const engine = await createEngine({ backend: "webgpu" });
    const tensor = { shape: [1, 1, 2, 4], data: new Float32Array(8).fill(0.5) };
    const result = await engine.computeAttention({ q: tensor, k: tensor, v: tensor });
    const { backend, adapter } = engine;
    return { ran: result.backend, reason: engine.fellBack(result), report: engine.backends(), backend, adapter };
  });
  expect(found).toMatchObject({ ran: "cpu", reason: { code: "no_adapter" }, backend: "cpu" });
  expect(found.report).toMatchObject({ state: "refused", reason: { code: "no_adapter" } });
  expect(found.adapter).toBe("CPU, WebAssembly");
});

test("auto on a small input loads nothing for the GPU; on a large one the first picture does not wait for it", async ({
  page,
}) => {
  const loads = gpuLoads(page);
  await open(page, "model=none&text=dog+bites+man");
  await open(page);
  await page.waitForTimeout(300);
  expect(loads).toEqual([]);
  await page.route("**/gpu-worker.js", () => new Promise(() => {}));
  await open(page, LARGE);
  expect(await ran(page)).toBe("cpu");
  await expect.poll(() => loads.some((path) => path.endsWith("/gpu-worker.js"))).toBe(true);
  await expect(page.locator(".top .notice")).toHaveCount(0);
  await rerun(page, async () => {
    await page.locator('[data-field="seed"]').fill("7");
    await page.locator('[data-field="seed"]').press("Tab");
  });
  expect(await ran(page), "nor does the next").toBe("cpu");
});

test("a part for the GPU that does not load: the CPU, and the reason", async ({ page }) => {
  await page.route("**/gpu-worker.js", (route) => route.fulfill({ status: 404, body: "" }));
  await open(page, "model=none&text=dog+bites+man&backend=webgpu");
  expect(await ran(page)).toBe("cpu");
  await expect(page.locator(".top .notice")).toHaveText(
    "Computed on the CPU. The engine's part for the GPU did not load.",
  );
});

test("without WebGPU nothing is loaded for it, and the panel says why", async ({ page }) => {
  const loads = gpuLoads(page);
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined });
  });
  await open(page, LARGE);
  await expect(page.locator(".top .notice")).toHaveCount(0);
  await unfold(page);
  await expect(page.locator(".backend-reason")).toHaveText("This browser has no WebGPU.");
  await rerun(page, () => page.locator('[data-field="backend"][value="webgpu"]').click());
  await expect(page.locator(".top .notice")).toHaveText("Computed on the CPU. This browser has no WebGPU.");
  expect(await ran(page)).toBe("cpu");
  expect(loads).toEqual([]);
});

test("the choice is state: in the link, in the history; Escape closes the panel", async ({ page }) => {
  await open(page, "model=none&text=dog+bites+man");
  await unfold(page);
  await rerun(page, () => page.locator('[data-field="backend"][value="cpu"]').click());
  expect(new URL(page.url()).searchParams.get("backend")).toBe("cpu");
  await rerun(page, () => page.goBack());
  expect((await state(page)).backend).toBe("auto");
  await expect(page.locator('[data-field="backend"][value="auto"]')).toBeChecked();
  await page.locator('[data-field="backend"][value="auto"]').press("Escape");
  await expect(panel(page)).not.toHaveAttribute("open");
});

for (const [query, sentence] of [
  ["backend=webgpu", "Trained models are always computed on the CPU."],
  ["attention=gated_delta&text=dog+bites+man&backend=webgpu", "Linear attention is always computed on the CPU."],
] as const) {
  test(`what stays on the CPU says so: ${sentence}`, async ({ page }) => {
    const loads = gpuLoads(page);
    await open(page, query);
    expect(await ran(page)).toBe("cpu");
    await expect(page.locator(".top .notice")).toHaveCount(0);
    await unfold(page);
    await expect(page.locator("[data-only-cpu]")).toHaveText(sentence);
    await expect(page.locator("[data-compare]")).toHaveCount(0);
    expect(loads).toEqual([]);
  });
}

for (const [width, height] of [
  [1440, 900],
  [390, 844],
] as const) {
  for (const scheme of ["light", "dark"] as const) {
    test(`the panel is whole and readable at ${width} x ${height}, ${scheme}`, async ({ page }) => {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme });
      await open(page);
      const summary = panel(page).locator("summary");
      await expect(summary).toHaveText("computed on: CPU");
      const cut = await summary.evaluate((one) => one.scrollWidth - one.clientWidth);
      expect(cut, "pixels of the header's text that are cut off").toBeLessThanOrEqual(0);
      await unfold(page);
      const box = await page.locator(".backend-card").boundingBox();
      expect(box && box.x >= 0 && box.x + box.width <= width && box.y + box.height <= height).toBe(true);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(over, "pixels that the page is wider than the window").toBeLessThanOrEqual(0);
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`)).toEqual([]);
    });
  }
}
