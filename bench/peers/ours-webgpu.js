/** This engine on WebGPU as a caller has it, its bare module without the worker in between, and one thread of the CPU beside. */

import { called } from "./ours.js";

export async function load() {
  const { createEngine } = await import("engine");
  const engine = await createEngine({ workers: 0, backend: "cpu" });
  const bare = await openModule();
  const candidates = [
    { id: "ours-webgpu", name: "ours", prepare: (problem) => calling(asked(engine), problem) },
    {
      id: "ours-module",
      name: "ours, no worker",
      detail: () => bare.name,
      prepare: (problem) => calling(bare, problem),
    },
    {
      id: "ours",
      name: "ours, 1 thread CPU",
      detail: () => engine.kernels,
      prepare: (problem) => called(engine, problem, { fresh: true }),
    },
  ];
  return { candidates: candidates.map((candidate) => ({ kind: "ours", ...candidate })) };
}

/** The public way. */
const asked = (engine) => ({
  compute: (request) => engine.computeAttention({ ...request, backend: "webgpu" }),
  why: (result) => engine.fellBack?.(result)?.text,
});

/** What the engine's worker runs, here on the page's thread. */
async function openModule() {
  const [{ initSync, open, compute_attention: compute }, bytes] = await Promise.all([
    import("/wasm/gpu.js"),
    fetch("/wasm/gpu_bg.wasm").then((response) => response.arrayBuffer()),
  ]);
  initSync({ module: await WebAssembly.compile(bytes) });
  const { name, isFallback } = await open();
  return { compute, name: `${name || "unnamed"}${isFallback ? " (fallback)" : ""}` };
}

function calling({ compute, why }, { q, k, v }) {
  let result;
  return {
    async run() {
      result = await compute({ q, k, v });
      // The engine would finish on the CPU, which is not what is measured here.
      if (result.backend !== "webgpu") throw new Error(why?.(result) ?? `it ran on ${result.backend}`);
    },
    output: () => result.output.data,
    dispose() {},
  };
}
