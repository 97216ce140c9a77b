/** onnxruntime-web on wasm or WebGPU, three ways: the plain graph, com.microsoft MultiHeadAttention, opset-23 Attention. */

import { pack } from "/problem.js";
import { adapterName } from "./adapter.js";
import { onnxModel } from "./onnx-writer.js";

const PLACE = "/modules/onnxruntime-web/dist/";
const MICROSOFT = "com.microsoft";

const GRAPHS = {
  graph: ({ heads, tokens, dim, scale }) => ({
    // Scaling the queries is the cheap place; the optimiser folds it, and the transposition, into the product.
    nodes: [
      { op: "Mul", inputs: ["q", "scale"], outputs: ["scaled"] },
      { op: "Transpose", inputs: ["k"], outputs: ["transposed"], attributes: { perm: [0, 1, 3, 2] } },
      { op: "MatMul", inputs: ["scaled", "transposed"], outputs: ["scores"] },
      { op: "Softmax", inputs: ["scores"], outputs: ["weights"], attributes: { axis: 3 } },
      { op: "MatMul", inputs: ["weights", "v"], outputs: ["output"] },
    ],
    constants: { scale },
    shape: [1, heads, tokens, dim],
    opsets: { "": 17 },
  }),
  mha: ({ heads, tokens, dim, scale }) => ({
    nodes: [
      {
        op: "MultiHeadAttention",
        domain: MICROSOFT,
        inputs: ["q", "k", "v"],
        outputs: ["output"],
        attributes: { num_heads: heads, scale },
      },
    ],
    shape: [1, tokens, heads * dim],
    opsets: { "": 17, [MICROSOFT]: 1 },
  }),
  attention: ({ heads, tokens, dim, scale }) => ({
    nodes: [{ op: "Attention", inputs: ["q", "k", "v"], outputs: ["output"], attributes: { scale } }],
    shape: [1, heads, tokens, dim],
    opsets: { "": 23 },
  }),
};

/** What the two backends need. A node that the GPU does not take is not left to the CPU quietly: the session fails. */
const BACKENDS = {
  wasm: {
    start: () => import("onnxruntime-web"),
    options: { executionProviders: ["wasm"] },
    detail: async (ort) => `${ort.env.wasm.numThreads} thread(s)`,
  },
  webgpu: {
    start: () => import("onnxruntime-web/webgpu"),
    options: { executionProviders: ["webgpu"], extra: { session: { disable_cpu_ep_fallback: "1" } } },
    detail: async (ort) => adapterName((await ort.env.webgpu.device).adapterInfo),
  },
};

const NAMES = { graph: "ort graph", mha: "ort MHA", attention: "ort Attention" };

export async function load({ threads = 1, backend = "wasm" }) {
  const ort = await start(threads, backend);
  const detail = async () => `${ort.env.versions.web}, ${await BACKENDS[backend].detail(ort)}`;
  const { options } = BACKENDS[backend];
  const candidates = Object.entries(GRAPHS).map(([kind, graphOf]) => ({
    id: `ort-${kind}`,
    name: NAMES[kind],
    kind: "peer",
    detail,
    // Its own layout: [batch, token, head * dim].
    packed: kind === "mha",
    prepare: (problem) => prepare(ort, graphOf(problem), problem, { packed: kind === "mha", options }),
  }));
  return { candidates };
}

/** For the cold start: everything that the first result of the plain graph needs. */
export async function startGraph(problem) {
  const ort = await start(1, "wasm");
  const subject = await prepare(ort, GRAPHS.graph(problem), problem, { options: BACKENDS.wasm.options });
  await subject.run();
  return subject.output();
}

async function start(threads, backend) {
  const ort = await BACKENDS[backend].start();
  ort.env.wasm.wasmPaths = PLACE;
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
  return ort;
}

async function prepare(ort, { nodes, constants, shape, opsets }, problem, { packed = false, options }) {
  const model = onnxModel({
    nodes,
    constants,
    opsets,
    inputs: { q: shape, k: shape, v: shape },
    outputs: { output: shape },
  });
  const session = await ort.InferenceSession.create(model, {
    ...options,
    graphOptimizationLevel: "all",
  });
  const [q, k, v] = [problem.q, problem.k, problem.v].map((tensor) => (packed ? pack(tensor, problem) : tensor.data));
  const tensor = (data) => new ort.Tensor("float32", data, shape);
  let output;
  return {
    // A tensor for the output can be handed over too, but on wasm it comes back as it went (1.30.0).
    async run() {
      output = (await session.run({ q: tensor(q), k: tensor(k), v: tensor(v) })).output.data;
    },
    output: () => output,
    dispose: () => session.release(),
  };
}
