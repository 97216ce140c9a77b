/** The worker that has the GPU: its wasm, loaded with the first request, and one device. */

import * as glue from "../../../build/wasm/gpu.js";
import { EngineError, toPlainError } from "../errors.ts";
import { loadModule } from "../load.ts";
import { holdLock, openPort } from "../port.ts";
import { transferables } from "../transfer.ts";

const GPU_WASM = new URL("../../../build/wasm/gpu_bg.wasm", import.meta.url);

const CALLS: Record<string, (request: unknown) => Promise<unknown>> = {
  open: async () => {
    const { info } = await checkAdapter();
    glue.initSync({ module: await loadModule(GPU_WASM) });
    const adapter = await glue.open();
    return { ...adapter, name: adapter.name || nameOf(info) };
  },
  computeAttention: (request) => glue.compute_attention(request),
  traceAttention: (request) => glue.trace_attention(request),
};

/** A browser may have WebGPU and no chip for it: the wasm is not fetched to find that out. */
async function checkAdapter(): Promise<GPUAdapter> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter) return adapter;
  throw new EngineError({ code: "no_adapter", operation: "webgpu", expected: "a GPU adapter", found: "none" });
}

/** Most browsers tell who made it, and of what family it is, and no more. */
const nameOf = ({ description, vendor, architecture }: GPUAdapterInfo): string =>
  description || [vendor, architecture].filter(Boolean).join(" ");

const port = await openPort<{ name: string; request: unknown; buffer: ArrayBuffer }>();
port.listen(async ({ name, request, buffer }) => {
  try {
    const result = await CALLS[name]?.(request);
    port.post({ result, buffer }, [...transferables(result), buffer]);
  } catch (thrown) {
    port.post({ error: toPlainError(thrown, name), buffer }, [buffer]);
  }
});
port.post({ ready: true, lock: await holdLock() }, []);
