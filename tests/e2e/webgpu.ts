/** What the tests on the GPU share: its adapter, without which they are skipped, and its worker. */

import { type Browser, type Page, test } from "@playwright/test";

/** How far the GPU's numbers may be from the CPU's. */
export const TOLERANCE = 1e-4;

/** For the tests of the file that calls it. What is found stands in the result when they run. */
export function findAdapter() {
  /** `inSoftware`: a program that stands in for a graphics chip. */
  const found = { inSoftware: false };
  test.beforeAll(async ({ browser, baseURL }) => {
    const adapter = await adapterOf(browser, baseURL ?? "");
    // Continuous integration has an adapter: there these tests may not be skipped.
    if (process.env.CI && !adapter) throw new Error("expected WebGPU with an adapter, found none");
    test.skip(!adapter, "no adapter");
    if (!adapter) return;
    console.log(`WebGPU adapter: ${JSON.stringify(adapter)}`);
    found.inSoftware = adapter.isFallback;
  });
  return found;
}

async function adapterOf(browser: Browser, base: string) {
  const page = await browser.newPage();
  try {
    // WebGPU is for secure pages alone.
    await page.goto(`${base}favicon.svg`);
    return await page.evaluate(async () => {
      const { info } = (await navigator.gpu?.requestAdapter()) ?? {};
      return info && { vendor: info.vendor, architecture: info.architecture, isFallback: info.isFallbackAdapter };
    });
  } finally {
    await page.close();
  }
}

/** Has the GPU's worker run something first. It may need nothing but what it is given. */
export async function beforeWorker<T extends boolean | number>(page: Page, first: (given: T) => void, given: T) {
  await page.route("**/gpu-worker.js", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `(${first})(${given});${await response.text()}` });
  });
}
