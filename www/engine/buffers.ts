/** Attention over tensors that stay in the engine's memory. */

import { checkObject, EngineError } from "./errors.ts";
import type { Kernels } from "./kernels.ts";
import * as at from "./table.ts";
import type { AttentionBuffers, BufferSizes } from "./types.ts";

const OPERATION = "attentionBuffers";

export function attentionBuffers(kernels: Kernels, sizes: BufferSizes): AttentionBuffers {
  checkObject(sizes, OPERATION);
  const { batch = 1, heads, kvHeads = heads, queries, keys = queries, dim, valueDim = dim } = sizes;
  for (const [name, size] of Object.entries({ batch, heads, kvHeads, queries, keys, dim, valueDim })) {
    if (Number.isInteger(size) && size > 0) continue;
    const expected = `${name}: a whole number of at least 1`;
    throw new EngineError({ code: "size", operation: OPERATION, expected, found: String(size) });
  }
  const table = new Float64Array(at.WORDS).fill(Number.NaN);
  table[at.MASK_KIND] = 0;
  let next = 0;
  const put = (tensor: number, shape: number[]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    at.place(table, tensor, shape, next, size);
    const part = { start: next, size };
    next = at.aligned(next + size);
    return part;
  };
  const q = put(at.Q, [batch, heads, queries, dim]);
  const k = put(at.K, [batch, kvHeads, keys, dim]);
  const v = put(at.V, [batch, kvHeads, keys, valueDim]);
  const output = { start: next, size: batch * heads * queries * valueDim };
  table[at.OUTPUT] = output.start;
  table[at.OUTPUT + 1] = output.size;
  const floats = output.start + output.size;
  if (floats > MOST_FLOATS) {
    const expected = `tensors of at most ${MOST_FLOATS * 4} bytes in all`;
    throw new EngineError({ code: "too_large", operation: OPERATION, expected, found: `${floats * 4} bytes` });
  }
  let handle = kernels.allocate(floats);
  table[at.BLOCK] = handle;

  const live = () => {
    if (handle !== 0) return handle;
    const [expected, found] = ["buffers in use", "some that were disposed of"];
    throw new EngineError({ code: "disposed", operation: OPERATION, expected, found });
  };
  const view = ({ start, size }: { start: number; size: number }) => kernels.part(live(), start, size);
  return {
    get q() {
      return view(q);
    },
    get k() {
      return view(k);
    },
    get v() {
      return view(v);
    },
    get output() {
      return view(output);
    },
    compute(options = {}) {
      live();
      checkObject(options, OPERATION);
      if (!at.options(table, options)) {
        const expected = "causal: true or false, window: [left, right], scale and softcap: numbers";
        throw new EngineError({ code: "type", operation: OPERATION, expected, found: JSON.stringify(options) });
      }
      kernels.table.set(table);
      kernels.run();
    },
    dispose() {
      if (handle !== 0) kernels.release(handle);
      handle = 0;
    },
  };
}

/** One allocation in 32-bit WebAssembly is at most 2 GiB. */
const MOST_FLOATS = 2 ** 29 - 1;
