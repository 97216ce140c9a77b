/** The page in a real browser. `npm test` names the browser and a free port; by hand the usual ones are tried. */

import { defineConfig } from "@playwright/test";
import { FLAGS, findBrowser, WEBGPU_FLAGS } from "./scripts/lib/browser.mjs";

const port = process.env.E2E_PORT ?? "4173";
const executablePath = await findBrowser();
const launch = (args: string[]) => ({ args, ...(executablePath === undefined ? {} : { executablePath }) });

export default defineConfig({
  testDir: "tests/e2e",
  outputDir: "test-results",
  snapshotPathTemplate: "{testDir}/__screenshots__/{arg}{ext}",
  // The baselines were drawn with Linux's fonts.
  ignoreSnapshots: process.platform !== "linux",
  // A picture without a baseline fails; only by hand is one drawn.
  updateSnapshots: process.env.CI ? "none" : "missing",
  forbidOnly: Boolean(process.env.CI),
  // Where others' work slows the machine a test may be late for what it waits for; what needed a second try is named in the summary.
  retries: process.env.CI ? 1 : 0,
  // Two files at a time: more would wait for each other where there are two cores.
  workers: 2,
  // Of a test; a busy machine takes several times what a free one does.
  timeout: 60_000,
  reporter: "list",
  expect: { toHaveScreenshot: { threshold: 0.1, maxDiffPixels: 100, animations: "disabled" } },
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    browserName: "chromium",
    // What a test takes from the page or keeps from it is the page's own; where the page is without a network, they are tested.
    serviceWorkers: "block",
    launchOptions: launch(FLAGS),
  },
  projects: [
    { name: "page", testIgnore: "webgpu-*.spec.ts" },
    // A browser with WebGPU, computed in software where the machine has no graphics chip. The others have none.
    {
      name: "webgpu",
      testMatch: "webgpu-*.spec.ts",
      use: { launchOptions: launch(WEBGPU_FLAGS) },
    },
  ],
  webServer: {
    command: "node scripts/serve.mjs",
    env: { PORT: port },
    url: `http://127.0.0.1:${port}/`,
    reuseExistingServer: !process.env.CI && !process.env.E2E_PORT,
  },
});
