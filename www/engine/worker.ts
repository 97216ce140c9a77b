/** A worker of the pool: one wasm instance of each kind, one job at a time. The same file runs in browsers and in Node. */

import { toPlainError } from "./errors.ts";
import { Kernels } from "./kernels.ts";
import { holdLock, openPort } from "./port.ts";
import { transferables } from "./transfer.ts";
import type { Job } from "./wasm.ts";

/** Modules come before the first job that needs them. */
interface Message {
  engine?: WebAssembly.Module;
  kernels?: WebAssembly.Module;
  job?: Job;
  part?: ArrayBuffer;
}

const port = await openPort<Message>();
let kernels: Kernels | undefined;
port.listen(async (message) => {
  try {
    if (message.kernels) kernels = new Kernels(message.kernels);
    if (message.job) {
      const wasm = await import("./wasm.ts");
      if (message.engine) wasm.instantiate(message.engine);
      const result = wasm.run(message.job);
      port.post({ result }, transferables(result));
    }
    if (message.part) {
      if (!kernels) throw new Error("this worker has no kernels");
      const result = kernels.attendPart(message.part);
      port.post({ result }, [result]);
    }
  } catch (thrown) {
    port.post({ error: toPlainError(thrown, message.job?.name ?? "computeAttention") }, []);
  }
});
port.post({ ready: true, lock: await holdLock() }, []);
