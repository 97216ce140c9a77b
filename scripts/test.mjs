/** `npm test`: sets up, a browser too, and runs every test; `node scripts/test.mjs NAME...` only the steps named. */

import { ensureBrowser } from "./lib/browser.mjs";
import { countTests } from "./lib/count.mjs";
import { ensureOtherBrowsers } from "./lib/other-browsers.mjs";
import { freePort } from "./lib/ports.mjs";
import { ensureNumpy } from "./lib/python.mjs";
import { main, run, runTool, step } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";
import { ensureVulkan } from "./lib/vulkan.mjs";

const node = (script) => (options) => run(process.execPath, [`scripts/${script}.mjs`], options);
const cargoTest = (args) => (options) => run("cargo", ["test", "--package", "attention-playground", ...args], options);

/** In order. */
const STEPS = {
  check: node("check"),
  build: node("build"),
  rust: cargoTest([]),
  wasm: cargoTest([
    "--target",
    "wasm32-unknown-unknown",
    "--no-default-features",
    "--features",
    "engine",
    "--test",
    "wasm*",
  ]),
  unit: (options) => runTool("vitest", "vitest", ["run"], options),
  e2e: async (options) => {
    const env = { ...options.env, E2E_PORT: String(await freePort()) };
    return runTool("@playwright/test", "playwright", ["test"], { ...options, env });
  },
  engines: (options) => runTool("vitest", "vitest", ["run", "--mode", "engines"], options),
  size: node("size"),
};
/** Their tests are counted from their output; any other step counts as one. */
const WITH_TESTS = ["rust", "wasm", "unit", "e2e", "engines"];
const IN_BROWSER = ["wasm", "e2e"];

await main(async () => {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(STEPS);
  const unknown = names.filter((name) => !Object.hasOwn(STEPS, name));
  if (unknown.length > 0) {
    throw new Error(`unknown step: ${unknown.join(", ")}; the steps are ${Object.keys(STEPS).join(", ")}`);
  }
  await setUp();
  const env = {};
  if (names.includes("rust")) await ensureVulkan();
  if (names.some((name) => IN_BROWSER.includes(name))) env.CHROME_PATH = await ensureBrowser();
  const python = names.includes("unit") && (await ensureNumpy());
  if (python) env.PYTHON_PATH = python;

  if (names.includes("engines")) Object.assign(env, await ensureOtherBrowsers());

  const others = env.FIREFOX_PATH ?? env.WEBKIT_DRIVER;
  const results = [];
  for (const name of names) {
    const skipped = name === "engines" && !others;
    results.push(
      skipped
        ? { name, passed: 0, failed: 0, flaky: 0, names: [], seconds: 0, skipped }
        : await runStep(name, { env, keep: true }),
    );
  }

  console.log(`\n== summary\n${results.map(describe).join("\n")}`);
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`\n${sum("passed") + sum("flaky")} passed, ${sum("failed")} failed`);
  process.exitCode = sum("failed") > 0 || sum("passed") === 0 ? 1 : 0;
});

async function runStep(name, options) {
  let output = "";
  let broken = false;
  const seconds = await step(name, async () => {
    try {
      output = await STEPS[name](options);
    } catch (error) {
      console.error(error.message);
      output = error.output ?? "";
      broken = true;
    }
  });
  const one = { passed: broken ? 0 : 1, failed: 0, flaky: 0, names: [] };
  const counts = WITH_TESTS.includes(name) ? countTests(output) : one;
  // Nor may a step pass because it found no test.
  if (broken || counts.passed === 0) counts.failed ||= 1;
  return { name, seconds, ...counts };
}

function describe({ name, passed, failed, flaky, names, seconds, skipped }) {
  if (skipped) return `ignored ${name}: there is no such browser`;
  const numbers = [`${passed} passed`, `${failed} failed`, ...(flaky > 0 ? [`${flaky} at the second try`] : [])];
  const line = `${failed > 0 ? "FAILED" : "ok    "} ${name.padEnd(6)} ${numbers.join(", ")}, ${seconds.toFixed(1)} s`;
  return [line, ...names.map((one) => `         ${one}`)].join("\n");
}
