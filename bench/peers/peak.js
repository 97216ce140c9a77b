/** What one core can do at most, and what a second one adds: the loops of ../peak.mjs. */

const TURNS = 100_000;
const NAMES = { madd: "peak, relaxed madd", muladd: "peak, mul and add" };
/** From so many tokens on ours is held against one thread of its own. */
const PARALLEL_FROM = 2048;

const WORKER = `
let loop;
onmessage = async ({ data }) => {
  if (data.bytes) loop = (await WebAssembly.instantiate(data.bytes)).instance.exports;
  else loop.run(data.turns);
  postMessage(null);
};`;

export async function load({ peaks }) {
  const candidates = [];
  const missing = [];
  for (const [kind, { bytes, flopsPerTurn }] of Object.entries(peaks ?? {})) {
    try {
      const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes));
      const subject = {
        synchronous: true,
        flops: TURNS * flopsPerTurn,
        run: () => instance.exports.run(TURNS),
        dispose() {},
      };
      candidates.push({ id: `peak-${kind}`, name: NAMES[kind], kind: "peak", prepare: () => subject });
    } catch (error) {
      missing.push({ id: `peak-${kind}`, reason: error.message });
    }
  }
  if (peaks?.madd) {
    const name = "the same loop in 2 workers";
    const prepare = (problem) => inTwo(peaks.madd, problem);
    candidates.push({ id: "peak-madd-2", name, kind: "peak", from: PARALLEL_FROM, prepare });
  }
  return { candidates, missing };
}

/** Half the multiply-adds of a problem in each of two workers, which get nothing but their number. */
async function inTwo({ bytes, flopsPerTurn }, { heads, tokens, dim }) {
  const url = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
  const workers = [new Worker(url), new Worker(url)];
  const ask = (message) =>
    Promise.all(
      workers.map(
        (worker) =>
          new Promise((resolve, reject) => {
            worker.onmessage = resolve;
            worker.onerror = reject;
            worker.postMessage(message);
          }),
      ),
    );
  await ask({ bytes: new Uint8Array(bytes) });
  URL.revokeObjectURL(url);
  const turns = Math.round((2 * tokens * tokens * dim * heads) / flopsPerTurn);
  return {
    flops: 2 * turns * flopsPerTurn,
    run: () => ask({ turns }),
    dispose() {
      for (const worker of workers) worker.terminate();
    },
  };
}
