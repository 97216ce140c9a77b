/** All stages of a trace as a safetensors file: a header in JSON, then the numbers. */

import type { Trace } from "../engine/types.ts";
import { bytesOf, joined, numbersOf, textBytes } from "./bytes.ts";
import { toJsonText } from "./json.ts";

/** The header is as long as a multiple of this. */
const ALIGNED = 8;

export function safetensors(trace: Trace): Uint8Array<ArrayBuffer> {
  const { version, backend, config, tokens } = trace;
  // The values of the metadata are strings, whatever they hold.
  const header: Record<string, unknown> = {
    __metadata__: {
      format: "pt",
      version: String(version),
      backend,
      config: toJsonText(config),
      tokens: JSON.stringify(tokens),
    },
  };
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const stage of trace.stages) {
    const bytes = bytesOf(numbersOf(trace, stage));
    header[stage.id] = { dtype: "F32", shape: stage.shape, data_offsets: [at, at + bytes.length] };
    parts.push(bytes);
    at += bytes.length;
  }
  const text = textBytes(JSON.stringify(header));
  const padding = new Uint8Array((ALIGNED - (text.length % ALIGNED)) % ALIGNED).fill(" ".charCodeAt(0));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, text.length + padding.length, true);
  return joined([length, text, padding, ...parts]);
}
