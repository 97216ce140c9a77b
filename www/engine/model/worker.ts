/** The worker of one model. */

import { toPlainError } from "../errors.ts";
import { holdLock, openPort } from "../port.ts";
import { transferables } from "../transfer.ts";
import { Desk } from "./desk.ts";
import type { Fields } from "./instance.ts";
import { Tokenizer } from "./tokenizer.ts";

/** The module comes with the first request. */
interface Message {
  module?: WebAssembly.Module;
  fields: Fields;
  bytes?: Uint8Array;
}

/** Gives memory back at once, where it can be said: a model comes in parts, and all of them would wait for a collection. */
function release(buffer: ArrayBuffer & { transfer?: (size: number) => ArrayBuffer }): void {
  buffer.transfer?.(0);
}

const port = await openPort<Message>();
let desk: Desk | undefined;
port.listen(async ({ module, fields, bytes }) => {
  try {
    if (module) desk = new Desk(module, async () => Tokenizer);
    if (!desk) throw new Error("this worker has no model");
    const result = await desk.answer(fields, bytes);
    if (bytes) release(bytes.buffer as ArrayBuffer);
    port.post({ result }, transferables(result));
  } catch (thrown) {
    port.post({ error: toPlainError(thrown, "model") }, []);
  }
});
port.post({ ready: true, lock: await holdLock() }, []);
