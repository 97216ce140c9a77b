/** TensorFlow.js on its wasm backend: matMul, softmax, matMul. */

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

export async function load({ threads = 1 }) {
  await script("tfjs-core/dist/tf-core.min.js");
  await script("tfjs-backend-wasm/dist/tf-backend-wasm.min.js");
  const { tf } = globalThis;
  tf.wasm.setWasmPaths(`${PLACE}tfjs-backend-wasm/dist/`);
  if (threads > 1) tf.wasm.setThreadsCount(threads);
  if (!(await tf.setBackend("wasm"))) throw new Error("the wasm backend does not start");
  await tf.ready();
  const detail = () => `${tf.version_core}, ${tf.wasm.getThreadsCount?.() ?? 1} thread(s)`;
  return {
    candidates: [{ id: "tfjs", name: "tfjs-wasm", kind: "peer", detail, prepare: (problem) => prepare(tf, problem) }],
  };
}

function prepare(tf, { scale, q, k, v }) {
  let output;
  return {
    synchronous: true,
    run() {
      output = tf.tidy(() => {
        const [query, key, value] = [q, k, v].map(({ data, shape }) => tf.tensor(data, shape));
        const scores = tf.matMul(tf.mul(query, scale), key, false, true);
        return tf.matMul(tf.softmax(scores), value).dataSync();
      });
    },
    output: () => output,
    dispose() {},
  };
}
