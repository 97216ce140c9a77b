/** LiteRT.js on its CPU path (XNNPACK in wasm). */

import { tfliteModel } from "./tflite-writer.js";

const PLACE = "/modules/@litertjs/core/wasm/";

export async function load({ threads = 1 }) {
  const litert = await import("@litertjs/core");
  await litert.loadLiteRt(PLACE, { threads: threads > 1 });
  const prepared = (problem) => prepare(litert, threads, problem);
  const detail = () => `${litert.getGlobalLiteRt().liteRtWasm.getThreadCount()} thread(s)`;
  return { candidates: [{ id: "litert", name: "LiteRT.js", kind: "peer", detail, prepare: prepared }] };
}

async function prepare({ loadAndCompile, Tensor }, threads, problem) {
  const model = await loadAndCompile(tfliteModel(problem), {
    accelerator: "wasm",
    cpuOptions: { numThreads: threads },
  });
  const inputs = [problem.q, problem.k, problem.v];
  let output;
  return {
    async run() {
      const given = inputs.map(({ data, shape }) => new Tensor(data, shape));
      const results = await model.run(given);
      output = results[0].toTypedArray();
      for (const tensor of [...given, ...results]) tensor.delete();
    },
    output: () => output,
    dispose: () => model.delete(),
  };
}
