/** The worker of one model. */

import { toPlainError } from "../errors.ts";
import { holdLock, openPort } from "../port.ts";
import { transferables } from "../transfer.ts";
import { Desk } from "./desk.ts";
import type { Fields } from "./instance.ts";

/** The module comes with the first request. */
interface Message {
  module?: WebAssembly.Module;
  fields: Fields;
  bytes?: Uint8Array;
}

const port = await openPort<Message>();
let desk: Desk | undefined;
port.listen(async ({ module, fields, bytes }) => {
  try {
    if (module) desk = new Desk(module);
    if (!desk) throw new Error("this worker has no model");
    const result = await desk.answer(fields, bytes);
    port.post({ result }, transferables(result));
  } catch (thrown) {
    port.post({ error: toPlainError(thrown, "model") }, []);
  }
});
port.post({ ready: true, lock: await holdLock() }, []);
