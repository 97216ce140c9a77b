/** The measurements in the browser. */

import { chromium } from "@playwright/test";
import { ensureBrowser, FLAGS, WEBGPU_FLAGS } from "../scripts/lib/browser.mjs";
import { peakModule } from "./peak.mjs";
import { DIM, LARGE } from "./plan.mjs";
import { copyPackage, serve } from "./server.mjs";

const say = (text) => console.error(text);

/** Everything that the plan wants, as `{ version, runs, cold, heap, isolated? }`. */
export async function measureAll(plan) {
  copyPackage();
  const executablePath = await ensureBrowser();
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    return { version: browser.version(), ...(await measureIn(browser, plan)) };
  } finally {
    await browser.close();
  }
}

/** The WebGPU section, as `{ version, adapter, runs }`, in a browser of its own; without an adapter there are no runs. */
export async function measureWebgpu(plan) {
  copyPackage();
  const browser = await chromium.launch({ executablePath: await ensureBrowser(), args: WEBGPU_FLAGS });
  const { address, close } = await serve({ isolated: false });
  try {
    const adapter = await inPage(browser, address, (page) => page.evaluate(() => globalThis.bench.adapter()));
    return { version: browser.version(), adapter, runs: adapter ? await runsOf(browser, address, plan) : [] };
  } finally {
    close();
    await browser.close();
  }
}

async function runsOf(browser, address, plan) {
  const runs = [];
  for (let run = 0; run < plan.runs; run++) {
    say(`run ${run + 1} of ${plan.runs}`);
    runs.push(await measure(browser, address, plan));
  }
  return runs;
}

/** A fresh profile each time: nothing of an earlier page is cached. */
async function inPage(browser, address, task) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "log" && say(`  ${message.text()}`));
    page.on("pageerror", (error) => say(`  ${error.message}`));
    await page.goto(address);
    await page.waitForFunction(() => globalThis.bench);
    return await task(page);
  } finally {
    await context.close();
  }
}

const measure = (browser, address, plan) =>
  inPage(browser, address, (page) => page.evaluate((given) => globalThis.bench.measure(given), plan));

const failed = (error) => ({ failed: error.message.split("\n")[0] });

async function coldStarts(browser, address, rounds) {
  const start = (name) =>
    inPage(browser, address, (page) => page.evaluate((who) => globalThis.bench.coldStart(who), name)).catch(failed);
  const results = [];
  for (let round = 0; round < rounds; round++) {
    results.push({ ours: await start("ours"), onnxruntime: await start("onnxruntime") });
  }
  return results;
}

const heapOf = (browser, address) =>
  inPage(browser, address, (page) =>
    page.evaluate((cell) => globalThis.bench.heap(cell), { ...LARGE, dim: DIM }),
  ).catch(failed);

async function measureIn(browser, plan) {
  const peaks = { madd: peakModule("madd"), muladd: peakModule("muladd") };
  const plain = await serve({ isolated: false });
  const isolatedServer = await serve({ isolated: true });
  try {
    const runs = await runsOf(browser, plain.address, { ...plan, peaks });
    say("cold starts");
    const cold = await coldStarts(browser, plain.address, plan.coldStarts);
    say("memory");
    const heap = await heapOf(browser, plain.address);
    let isolated;
    if (plan.isolated.length > 0) {
      say("an isolated page");
      isolated = await measure(browser, isolatedServer.address, {
        ...plan,
        cells: plan.isolated,
        threads: 2,
        workers: [2],
      });
    }
    return { runs, cold, heap, isolated };
  } finally {
    plain.close();
    isolatedServer.close();
  }
}
