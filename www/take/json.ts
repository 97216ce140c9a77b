/**
 * A trace as a JSON file, and back.
 *
 *     { "version": 1, "config": {..}, "backend": "cpu", "tokens": { "query": [..], "key": [..] },
 *       "stages": [{ "id", "axes", "shape", "offset", "from", "op", "formula" }, ..],
 *       "nonFinite": [..], "nonFiniteCount": 0,
 *       "data": { "dtype": "<f4", "encoding": "base64", "length": 1234, "text": ".." } }
 *
 * `data` is the arena: f32, little-endian, in base64. The cells of a stage are the product of its `shape` many from its `offset`
 * on, row-major. Numbers that JSON does not have stand as "NaN", "Infinity", "-Infinity" and "-0".
 */

import type { Trace } from "../engine/types.ts";
import { bytesOf, fromBase64, numbersFrom, sizeOf, toBase64 } from "./bytes.ts";

const VERSION = 1;
const DTYPE = "<f4";

export function traceToJson({ data, ...rest }: Trace): string {
  const arena = { dtype: DTYPE, encoding: "base64", length: data.length, text: toBase64(bytesOf(data)) };
  return toJsonText({ ...rest, data: arena });
}

/** JSON in which every number is what it was. */
export const toJsonText = (value: unknown): string =>
  JSON.stringify(value, (_, one) => {
    if (Object.is(one, -0)) return "-0";
    return typeof one === "number" && !Number.isFinite(one) ? String(one) : one;
  });

/** Throws a RangeError that says what is wrong. */
export function traceFromJson(text: string): Trace {
  const { data, ...rest } = JSON.parse(text);
  expect("version", VERSION, rest.version);
  expect("data.dtype", DTYPE, data?.dtype);
  expect("data.encoding", "base64", data.encoding);
  const numbers = numbersFrom(fromBase64(data.text));
  expect("data.length", numbers.length, data.length);
  for (const { id, offset, shape } of rest.stages) {
    if (!(offset >= 0 && offset + sizeOf(shape) <= numbers.length))
      throw new RangeError(`trace: expected ${id} within ${numbers.length} numbers, found it at ${offset}`);
  }
  for (const edit of rest.config.edits ?? []) edit.value = Number(edit.value);
  return { ...rest, data: numbers };
}

function expect(name: string, wanted: unknown, found: unknown): void {
  if (wanted !== found) throw new RangeError(`trace: expected ${name} ${wanted}, found ${found}`);
}
