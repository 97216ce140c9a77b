/** TensorFlow.js on its wasm or its WebGPU backend: matMul, softmax, matMul. */

import { adapterName } from "./adapter.js";

const PLACE = "/modules/@tensorflow/";

/** Its ordinary bundles are plain scripts that share a global. */
function script(path) {
  return new Promise((done, fail) => {
    const element = document.createElement("script");
    Object.assign(element, {
      src: PLACE + path,
      onload: done,
      onerror: () => fail(new Error(`${path} does not load`)),
    });
    document.head.append(element);
  });
}

const SUBJECTS = { wasm: onWasm, webgpu: onWebgpu };

export async function load({ threads = 1, backend = "wasm" }) {
  await script("tfjs-core/dist/tf-core.min.js");
  await script(`tfjs-backend-${backend}/dist/tf-backend-${backend}.min.js`);
  const { tf } = globalThis;
  tf.wasm?.setWasmPaths(`${PLACE}tfjs-backend-wasm/dist/`);
  if (threads > 1) tf.wasm?.setThreadsCount(threads);
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend does not start`);
  await tf.ready();
  const where = () =>
    tf.wasm ? `${tf.wasm.getThreadsCount?.() ?? 1} thread(s)` : adapterName(tf.backend().device.adapterInfo);
  const detail = () => `${tf.version_core}, ${where()}`;
  const prepare = (problem) => SUBJECTS[backend](tf, problem);
  return { candidates: [{ id: "tfjs", name: `tfjs-${backend}`, kind: "peer", detail, prepare }] };
}

function attention(tf, { scale, q, k, v }) {
  const [query, key, value] = [q, k, v].map(({ data, shape }) => tf.tensor(data, shape));
  const scores = tf.matMul(tf.mul(query, scale), key, false, true);
  return tf.matMul(tf.softmax(scores), value);
}

function onWasm(tf, problem) {
  let output;
  return {
    synchronous: true,
    run() {
      output = tf.tidy(() => attention(tf, problem).dataSync());
    },
    output: () => output,
    dispose() {},
  };
}

/** A GPU's numbers come later. */
function onWebgpu(tf, problem) {
  let output;
  return {
    async run() {
      const result = tf.tidy(() => attention(tf, problem));
      output = await result.data();
      result.dispose();
    },
    output: () => output,
    dispose() {},
  };
}
