/** jax-js on WebGPU, two ways: its own attention, and matmul, softmax, matmul; both compiled by its `jit`. */

import { pack } from "/problem.js";
import { adapterName } from "./adapter.js";

const PLACE = "webgpu";

const FUNCTIONS = {
  attention:
    ({ nn }, { scale }) =>
    (q, k, v) =>
      nn.dotProductAttention(q, k, v, { scale }),
  graph:
    ({ nn, numpy }, { scale }) =>
    (q, k, v) => {
      const scores = numpy.matmul(q.mul(scale), numpy.matrixTranspose(k));
      return numpy.matmul(nn.softmax(scores, -1), v);
    },
};

const NAMES = { attention: "jax-js attention", graph: "jax-js graph" };

export async function load() {
  const jax = await import("@jax-js/jax");
  const devices = await jax.init(PLACE);
  if (!devices.includes(PLACE)) throw new Error(`it starts ${devices.join(", ") || "no device"}`);
  jax.defaultDevice(PLACE);
  const detail = () => adapterName(jax.getWebGPUDevice().adapterInfo);
  const candidates = Object.entries(FUNCTIONS).map(([kind, functionOf]) => ({
    id: `jax-${kind}`,
    name: NAMES[kind],
    kind: "peer",
    detail,
    // Its own layout: [batch, token, head, dim].
    packed: kind === "attention",
    prepare: (problem) => prepare(jax, functionOf(jax, problem), problem, kind === "attention"),
  }));
  return { candidates };
}

function prepare({ jit, numpy }, attention, problem, packed) {
  const { heads, tokens, dim } = problem;
  const compiled = jit(attention);
  const shape = packed ? [1, tokens, heads, dim] : [1, heads, tokens, dim];
  const inputs = [problem.q, problem.k, problem.v].map((tensor) => (packed ? pack(tensor, problem) : tensor.data));
  let output;
  return {
    async run() {
      // What goes into a call is used up by it, and a result by its reading.
      output = await compiled(...inputs.map((data) => numpy.array(data, { shape }))).data();
    },
    output: () => output,
    dispose: () => compiled.dispose(),
  };
}
