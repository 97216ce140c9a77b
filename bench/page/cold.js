/** From nothing to the first result, in a fresh page: scripts, wasm, set-up, one call. */

import { problemOf } from "./problem.js";

const CELL = { heads: 8, tokens: 64, dim: 64 };

const STARTS = {
  async ours({ q, k, v }) {
    const { createEngine } = await import("engine");
    const engine = await createEngine({ workers: 0 });
    return (await engine.computeAttention({ q, k, v })).output.data;
  },
  async onnxruntime(problem) {
    const { startGraph } = await import("/peers/onnxruntime.js");
    return startGraph(problem);
  },
};

/** Milliseconds, and the result to check. */
export async function coldStart(name) {
  const problem = problemOf(CELL);
  const start = performance.now();
  const output = await STARTS[name](problem);
  const ms = performance.now() - start;
  const { largestError, reference } = await import("./problem.js");
  return { ms, error: largestError(output, reference(problem)) };
}
