/**
 * `npm run bench`: this engine and what a page could use instead, side by side in Chromium.
 *
 * `--quick` has fewer rounds; `--json` prints one object; `--no-build` takes dist/package as it is; `--tokens=16,64` and
 * `--heads=8` choose other sizes.
 */

import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { main, ROOT } from "../scripts/lib/run.mjs";
import { LARGE, planOf, TOLERANCE } from "./plan.mjs";
import { isolatedRatios, ratiosOf } from "./ratios.mjs";
import { reportOf } from "./report.mjs";

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
function wrongOfOurs({ runs, cold, heap }) {
  const entries = runs.flatMap(({ cells }) =>
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
  const bad = entries.filter(({ id, status }) => id.startsWith("ours") && status !== "right");
  if (cold.some(({ ours }) => !ours.failed && !(ours.error <= TOLERANCE.ours)))
    bad.push({ id: "ours", where: "cold start" });
  if (!heap.failed && !(heap.error <= TOLERANCE.ours)) bad.push({ id: "ours", ...LARGE, error: heap.error });
  return bad;
}

await main(async () => {
  if (!has("--no-build")) build();
  // What it imports is installed by the build.
  const { measureAll } = await import("./session.mjs");
  const { measureFrames } = await import("./page-frames.mjs");
  const plan = planOf({ quick: has("--quick"), heads: listOf("--heads"), tokens: listOf("--tokens") });
  const { version, ...measured } = await measureAll(plan);
  console.error("the page");
  const page = await measureFrames();
  const [cpu] = cpus();
  const machine = { browser: `Chromium ${version}`, cpu: cpu.model, cores: cpus().length };
  const result = { machine, plan, ...measured, page };
  result.ratios = ratiosOf(result);
  result.isolatedRatios = isolatedRatios(result);
  console.log(has("--json") ? JSON.stringify(result) : reportOf(result));
  const bad = wrongOfOurs(measured);
  if (bad.length > 0) throw new Error(`wrong or failed: ${JSON.stringify(bad)}`);
});
