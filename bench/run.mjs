/**
 * `npm run bench`: this engine and what a page could use instead, side by side in Chromium.
 *
 * `--quick` has fewer rounds; `--webgpu` has the WebGPU section alone, and `--page` how the page feels alone; `--json` prints one object; `--no-build` takes
 * dist/package as it is; `--tokens=16,64` and `--heads=8` choose other sizes.
 */

import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { main, ROOT } from "../scripts/lib/run.mjs";
import { LARGE, planOf, TOLERANCE, webgpuPlanOf } from "./plan.mjs";
import { isolatedRatios, ratiosOf } from "./ratios.mjs";
import { reportOf } from "./report.mjs";
import { webgpuRatios } from "./webgpu-ratios.mjs";

const has = (flag) => process.argv.includes(flag);

function listOf(flag) {
  const given = process.argv.find((argument) => argument.startsWith(`${flag}=`));
  return given
    ?.slice(flag.length + 1)
    .split(",")
    .map(Number);
}

/** Its output goes where the progress goes: the results stand alone on the standard output. */
function build() {
  const { status } = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: ROOT, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("the build failed");
}

/** Of ours alone: a peer's wrong result is its own affair, and the report says so. */
function wrongOfOurs({ runs = [], cold = [], heap, webgpu }) {
  const all = [...runs, ...webgpu.runs];
  const entries = all.flatMap(({ cells }) =>
    cells.flatMap(({ heads, tokens, candidates }) =>
      Object.entries(candidates).map(([id, { status, error, reason }]) => ({
        id,
        heads,
        tokens,
        status,
        error,
        reason,
      })),
    ),
  );
  const isOurs = ({ id }) => id.startsWith("ours");
  const bad = entries.filter((entry) => isOurs(entry) && entry.status !== "right");
  bad.push(...all.flatMap(({ missing }) => missing.filter(isOurs)));
  if (cold.some(({ ours }) => !ours.failed && !(ours.error <= TOLERANCE.ours)))
    bad.push({ id: "ours", where: "cold start" });
  if (heap && !heap.failed && !(heap.error <= TOLERANCE.ours)) bad.push({ id: "ours", ...LARGE, error: heap.error });
  return bad;
}

function machineOf(version) {
  const [cpu] = cpus();
  return { browser: `Chromium ${version}`, cpu: cpu.model, cores: cpus().length };
}

/** What is imported here is installed by the build. */
async function measureEngine(chosen) {
  const { measureAll } = await import("./session.mjs");
  const { measureFrames } = await import("./page-frames.mjs");
  const plan = planOf(chosen);
  const { version, ...measured } = await measureAll(plan);
  console.error("the page");
  const page = await measureFrames();
  const result = { machine: machineOf(version), plan, ...measured, page };
  return { ...result, ratios: ratiosOf(result), isolatedRatios: isolatedRatios(result) };
}

async function measureGpu(chosen) {
  const { measureWebgpu } = await import("./session.mjs");
  console.error("WebGPU");
  const plan = webgpuPlanOf(chosen);
  const { version, ...measured } = await measureWebgpu(plan);
  const result = { machine: machineOf(version), plan, ...measured };
  return { ...result, ratios: webgpuRatios(result) };
}

/** Edits, frames and long tasks, without the peers. */
async function measureFeel() {
  const { measureFrames, pageReport } = await import("./page-frames.mjs");
  const page = await measureFrames();
  console.log(has("--json") ? JSON.stringify({ machine: machineOf(page.browser), page }) : pageReport(page));
}

await main(async () => {
  if (!has("--no-build")) build();
  if (has("--page")) {
    await measureFeel();
    return;
  }
  const chosen = { quick: has("--quick"), heads: listOf("--heads"), tokens: listOf("--tokens") };
  const result = has("--webgpu") ? {} : await measureEngine(chosen);
  result.webgpu = await measureGpu(chosen);
  console.log(has("--json") ? JSON.stringify(result) : reportOf(result));
  if (has("--webgpu") && !result.webgpu.adapter) throw new Error("this browser gives no adapter");
  const bad = wrongOfOurs(result);
  if (bad.length > 0) throw new Error(`wrong or failed: ${JSON.stringify(bad)}`);
});
