/** Holds what was built against the budgets of bytes that are sent, compressed with gzip. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { withImports } from "./lib/closure.mjs";
import { firstPicture } from "./lib/first.mjs";
import { main, ROOT } from "./lib/run.mjs";

const KB = 1000;
const at = (name) => join(ROOT, "dist/site", name);

const wasm = [at("engine_bg.wasm")];
const kernels = ["kernels_simd128.wasm", "kernels_relaxed.wasm"].map(at);
const element = [...withImports(at("element.js"))];

const BUDGETS = [
  { part: "engine wasm", most: 150 * KB, files: wasm },
  // A page loads one of the two, and only to compute attention without a trace.
  { part: "kernels wasm, the larger build", most: 47 * KB, files: [kernels.sort(bySize).at(-1)] },
  // A page loads it with its first model.
  { part: "models wasm", most: 110 * KB, files: [at("models.wasm")] },
  // A page loads these with the first call that may gain by a GPU; the second, where one is asked for.
  { part: "desk for the GPU", most: 4 * KB, files: onDemand("desk") },
  { part: "GPU wasm", most: 160 * KB, files: [at("gpu_bg.wasm")] },
  { part: "element (script and what it imports)", most: 60 * KB, files: element },
  // Not fetched by any page of ours: for pages from a disk, and hosts that cannot serve files beside it.
  { part: "standalone.js, everything in it", most: 1400 * KB, files: [at("standalone.js")] },
  {
    part: "all that the first picture needs",
    most: 400 * KB,
    files: firstPicture(join(ROOT, "dist/site")),
  },
];

/** A chunk, by the beginning of its name. */
function onDemand(name) {
  const found = readdirSync(join(ROOT, "dist/site")).filter((file) => file.startsWith(`${name}-`));
  if (found.length !== 1) throw new Error(`sizes: expected one script ${name}-*.js, found ${found.length}`);
  return found.map(at);
}

function bySize(a, b) {
  return compressed(a) - compressed(b);
}

function compressed(file) {
  return gzipSync(readFileSync(file), { level: 9 }).length;
}

await main(() => {
  const over = [];
  for (const { part, most, files } of BUDGETS) {
    const bytes = [...files].reduce((sum, file) => sum + compressed(file), 0);
    const used = `${(bytes / KB).toFixed(1)} of ${most / KB} KB`;
    console.log(`${part.padEnd(38)} ${used.padStart(18)}  ${Math.round((100 * bytes) / most)} %`);
    if (bytes > most) over.push(`${part}: ${used}`);
  }
  if (over.length > 0) throw new Error(`over budget: ${over.join("; ")}`);
});
