/** LiteRT.js on its CPU path (XNNPACK in wasm), or on WebGPU. */

import { adapterName } from "./adapter.js";
import { tfliteModel } from "./tflite-writer.js";

const PLACE = "/modules/@litertjs/core/wasm/";

export async function load({ threads = 1, backend = "wasm" }) {
  const litert = await import("@litertjs/core");
  await litert.loadLiteRt(PLACE, { threads: threads > 1 });
  const runtime = litert.getGlobalLiteRt();
  const detail = () =>
    backend === "webgpu"
      ? adapterName(runtime.getDefaultEnvironment().webGpuDevice?.adapterInfo)
      : `${runtime.liteRtWasm.getThreadCount()} thread(s)`;
  const prepared = (problem) => prepare(litert, { threads, backend }, problem);
  return { candidates: [{ id: "litert", name: "LiteRT.js", kind: "peer", detail, prepare: prepared }] };
}

async function prepare({ loadAndCompile, Tensor }, { threads, backend }, problem) {
  const model = await loadAndCompile(tfliteModel(problem), {
    accelerator: backend,
    cpuOptions: { numThreads: threads },
  });
  // It would go on in wasm, with a word on the console.
  if (backend === "webgpu" && !model.isFullyAccelerated)
    throw new Error("its WebGPU path does not take the whole model");
  const inputs = [problem.q, problem.k, problem.v];
  let output;
  return {
    async run() {
      const given = inputs.map(({ data, shape }) => new Tensor(data, shape));
      const results = await model.run(given);
      output = await results[0].data();
      for (const tensor of [...given, ...results]) tensor.delete();
    },
    output: () => output,
    dispose: () => model.delete(),
  };
}
