/** One instance of the models' wasm, which holds one model: requests of JSON and bytes, replies of JSON and floats. */

import { EngineError } from "../errors.ts";
import type { Tensor } from "../types.ts";

export const MODELS_WASM = new URL("../../../build/wasm/models.wasm", import.meta.url);

interface Exports {
  memory: WebAssembly.Memory;
  request(bytes: number): number;
  answer(json: number): number;
  text(): number;
  text_bytes(): number;
  floats(): number;
  float_count(): number;
}

export type Fields = { do: string } & Record<string, unknown>;

/** A tensor of a reply, before its numbers are copied out. */
interface Place {
  shape: number[];
  at: number;
}

export class Instance {
  readonly #exports: Exports;

  constructor(module: WebAssembly.Module) {
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
  }

  /** Its answer, with every tensor copied out. */
  call(fields: Fields, bytes: Uint8Array = new Uint8Array()): Record<string, unknown> {
    const json = new TextEncoder().encode(JSON.stringify(fields));
    const size = json.length + bytes.length;
    const start = this.#exports.request(size);
    if (start === 0) {
      const found = `${size} bytes, which are not to be had`;
      throw new EngineError({ code: "too_large", operation: "model", expected: "a request that fits", found });
    }
    const memory = new Uint8Array(this.#exports.memory.buffer, start, size);
    memory.set(json);
    memory.set(bytes, json.length);
    const done = this.#exports.answer(json.length) === 1;
    const { buffer } = this.#exports.memory;
    const text = new TextDecoder().decode(new Uint8Array(buffer, this.#exports.text(), this.#exports.text_bytes()));
    const reply = JSON.parse(text) as Record<string, unknown>;
    if (!done) throw new EngineError(reply as unknown as ConstructorParameters<typeof EngineError>[0]);
    const floats = new Float32Array(buffer, this.#exports.floats(), this.#exports.float_count());
    return resolve(reply, floats) as Record<string, unknown>;
  }
}

function resolve(value: unknown, floats: Float32Array): unknown {
  if (!value || typeof value !== "object" || Array.isArray(value)) return value;
  const { shape, at } = value as Partial<Place>;
  if (shape && at !== undefined) {
    const size = shape.reduce((a, b) => a * b, 1);
    return { shape, data: floats.slice(at, at + size) } satisfies Tensor;
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolve(part, floats)]));
}

/** A number that was sent by its bits: text where they are more than JavaScript's whole numbers. */
export function fromBits(bits: unknown): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(bits as string | number));
  return view.getFloat64(0);
}
