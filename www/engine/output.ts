/**
 * Where a result goes: into an array of its own, or into one that the caller keeps. A new array is new memory for the
 * system to find and clear, which for a small call, and for the output of a large one, costs more than all copies together.
 */

import { EngineError } from "./errors.ts";
import type { AttentionRequest, AttentionResult } from "./types.ts";

/** The array of the request, or a new one, of `size` numbers. */
export function outputOf(request: AttentionRequest, size: number): Float32Array {
  const { output, q, k, v, mask, pastKey, pastValue, kvLengths } = request;
  if (output == null) return new Float32Array(size);
  if (!(output instanceof Float32Array)) throw refusal("type", "an output that is a Float32Array", typeof output);
  if (output.length !== size) throw refusal("shape", `an output of ${size} numbers`, `${output.length}`);
  const read = { q, k, v, mask, pastKey, pastValue, kvLengths: { data: kvLengths } };
  for (const [name, tensor] of Object.entries(read)) {
    if (tensor?.data && overlap(output, tensor.data))
      throw refusal("option", "an output apart from what is read", `one that lies in ${name}`);
  }
  return output;
}

/** What the engine answered, with its output in the array of the request, if there is one. */
export function inPlace(request: AttentionRequest, result: AttentionResult): AttentionResult {
  if (request.output == null) return result;
  const { shape, data } = result.output;
  const kept = outputOf(request, data.length);
  kept.set(data);
  return { ...result, output: { shape, data: kept } };
}

function overlap(a: ArrayBufferView, b: ArrayBufferView): boolean {
  if (a.buffer !== b.buffer) return false;
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}

const refusal = (code: string, expected: string, found: string) =>
  new EngineError({ code, operation: "compute_attention", expected, found });
