/** How large our kernel's memory is after one large call, on the thread that calls. */

import { largestError, problemOf, reference } from "./problem.js";

/** Every memory that a wasm instance of this thread exports, the engine's word being one and this the other. */
function watchMemories() {
  const memories = new Set();
  const { Instance } = WebAssembly;
  const keep = (instance) => {
    for (const value of Object.values(instance.exports)) if (value instanceof WebAssembly.Memory) memories.add(value);
    return instance;
  };
  WebAssembly.Instance = new Proxy(Instance, {
    construct: (target, [module, imports]) => keep(new target(module, imports)),
  });
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await original.apply(WebAssembly, args);
      keep(made.instance ?? made);
      return made;
    };
  }
  return () => [...memories].map((memory) => memory.buffer.byteLength);
}

/** `kernel` is what the engine says of itself, or else the largest memory seen; `observed` all of them. */
export async function heap(cell) {
  const observed = watchMemories();
  const { createEngine } = await import("engine");
  const engine = await createEngine({ workers: 0 });
  const problem = problemOf(cell);
  const { q, k, v } = problem;
  const { output } = await engine.computeAttention({ q, k, v });
  const sizes = observed();
  const kernel = engine.memoryBytes ?? Math.max(...sizes);
  const error = largestError(output.data, reference(problem, 64));
  engine.dispose();
  return { kernel, observed: sizes, told: engine.memoryBytes !== undefined, tensors: 4 * q.data.byteLength, error };
}
