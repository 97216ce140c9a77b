/** This engine: one thread, its plainer build, two workers, and data that stays in the engine's memory. */

export async function load({ workers = [0, 2], threads = 1 }) {
  const { createEngine } = await import("engine");
  const candidates = [];
  const missing = [];
  const add = (candidate) => candidates.push({ kind: "ours", ...candidate });

  if (workers.includes(0)) {
    const engine = await createEngine({ workers: 0, backend: "cpu" });
    if (engine.attentionBuffers) {
      add({ id: "ours-buffers", name: "ours, in place", prepare: (problem) => inPlace(engine, problem) });
    } else {
      missing.push({ id: "ours-buffers", reason: "the engine has no attentionBuffers" });
    }
    add({ id: "ours", name: "ours", detail: () => engine.kernels, prepare: (problem) => called(engine, problem) });
    add({ id: "ours-new", name: "ours, new output", prepare: (problem) => called(engine, problem, { fresh: true }) });
    const plainer = await createEngine({ workers: 0, backend: "cpu", kernels: "simd128" });
    if (plainer.kernels === "simd128") {
      add({ id: "ours-simd128", name: "ours, simd128", prepare: (problem) => called(plainer, problem) });
    } else {
      missing.push({ id: "ours-simd128", reason: "the engine has no choice of kernels" });
    }
  }
  if (workers.includes(2)) {
    const engine = await createEngine({ workers: 2, backend: "cpu" });
    // Smaller problems do not reach the workers.
    const from = threads > 1 ? 0 : 1024;
    add({ id: "ours-2", name: "ours, 2 workers", from, prepare: (problem) => called(engine, problem) });
  }
  return { candidates, missing };
}

/** Into one array again and again, as a caller in a loop does, or into a new one each time. */
export function called(engine, { q, k, v }, { fresh = false } = {}) {
  const output = fresh ? undefined : new Float32Array(q.data.length);
  let result;
  return {
    async run() {
      result = await engine.computeAttention({ q, k, v, output });
    },
    output: () => result.output.data,
    dispose() {},
  };
}

async function inPlace(engine, { heads, tokens, dim, q, k, v }) {
  const buffers = await engine.attentionBuffers({ heads, queries: tokens, keys: tokens, dim });
  buffers.q.set(q.data);
  buffers.k.set(k.data);
  buffers.v.set(v.data);
  return {
    synchronous: true,
    run: () => buffers.compute({}),
    output: () => buffers.output.slice(),
    dispose: () => buffers.dispose(),
  };
}
