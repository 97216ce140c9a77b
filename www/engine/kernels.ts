/** The kernels on one thread: attention alone, by a table of numbers and a block of memory, without glue. */

import { EngineError } from "./errors.ts";
import { outputOf } from "./output.ts";
import * as at from "./table.ts";
import type { AttentionRequest, AttentionResult, Kernels as Kind, Tensor } from "./types.ts";

export const KERNELS_WASM: Record<Kind, URL> = {
  simd128: new URL("../../build/wasm/kernels_simd128.wasm", import.meta.url),
  relaxed: new URL("../../build/wasm/kernels_relaxed.wasm", import.meta.url),
};

/** (module (func (result v128) f32x4.relaxed_madd of three times i8x16.splat of i32.const 0)): valid with relaxed SIMD alone. */
const PROBE = "0061736d010000000105016000017b03020100 0a13011100 4100fd0f 4100fd0f 4100fd0f fd8502 0b";

export function hasRelaxed(): boolean {
  const bytes = PROBE.replaceAll(" ", "").match(/../g) ?? [];
  return WebAssembly.validate(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)));
}

interface Exports {
  memory: WebAssembly.Memory;
  table(): number;
  table_words(): number;
  allocate(floats: number): number;
  address(handle: number): number;
  release(handle: number): void;
  attend(): number;
  error(): number;
  error_bytes(): number;
}

/** Whether a request is for the kernels; the others are for the engine. */
export const fits = (request: AttentionRequest): boolean => at.fill(new Float64Array(at.WORDS), request);

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

export class Kernels {
  readonly #exports: Exports;
  /** Views of the whole memory; they end when it grows. */
  #table!: at.Table;
  #floats!: Float32Array;
  /** The block of what is copied in, used again while it is large enough. */
  #block = 0;
  #size = 0;
  #start = 0;

  constructor(module: WebAssembly.Module) {
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    this.#view();
    if (this.#exports.table_words() !== at.WORDS) {
      const found = `a table of ${this.#exports.table_words()}`;
      throw new EngineError({ code: "load", operation: "createEngine", expected: "kernels of this version", found });
    }
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** The cost of a request in multiply-adds; negative where the kernels leave it to the engine. It then stands in the table. */
  consider(request: AttentionRequest): number {
    return at.fill(this.table, request) ? at.costOf(this.#table) : -1;
  }

  /** Attends to the request that was just considered. */
  attend(request: AttentionRequest): AttentionResult {
    const shape = at.outputShape(this.#table);
    const data = outputOf(request, at.word(this.#table, at.OUTPUT + 1));
    this.#run(data, (floats, start) => copyIn(floats, start, this.#table, request));
    return { output: { shape, data }, backend: "cpu" };
  }

  /** Attends with a table and a block that lie in one buffer, and leaves the output at its start. */
  attendPart(buffer: ArrayBuffer): ArrayBuffer {
    this.table.set(new Float64Array(buffer, 0, at.WORDS));
    const given = new Float32Array(buffer, at.WORDS * Float64Array.BYTES_PER_ELEMENT, at.word(this.#table, at.OUTPUT));
    const output = new Float32Array(buffer, 0, at.word(this.#table, at.OUTPUT + 1));
    this.#run(output, (floats, start) => floats.set(given, start));
    return buffer;
  }

  /** A block that the caller keeps. */
  allocate(floats: number): number {
    const handle = this.#exports.allocate(floats);
    if (handle === 0) throw this.#refusal();
    return handle;
  }

  release(handle: number): void {
    this.#exports.release(handle);
  }

  /** A view of a part of a block, new where the memory has grown. */
  part(handle: number, start: number, size: number): Float32Array {
    return new Float32Array(this.#exports.memory.buffer, this.#exports.address(handle) + start * FLOAT, size);
  }

  /** Does what the table says. */
  run(): void {
    if (this.#exports.attend() === 0) throw this.#refusal();
  }

  get table(): at.Table {
    if (this.#table.length === 0) this.#view();
    return this.#table;
  }

  /** `result` may lie over what is copied in. */
  #run(result: Float32Array, copy: (floats: Float32Array, start: number) => void): void {
    const output = at.word(this.#table, at.OUTPUT);
    this.#reserve(output + result.length);
    copy(this.#floats, this.#start);
    this.#table[at.BLOCK] = this.#block;
    this.run();
    if (this.#floats.length === 0) this.#view();
    const start = this.#start + output;
    result.set(this.#floats.subarray(start, start + result.length));
  }

  #reserve(size: number): void {
    if (size <= this.#size) return;
    if (this.#block !== 0) this.release(this.#block);
    this.#block = 0;
    this.#size = 0;
    this.#block = this.allocate(size);
    this.#size = size;
    this.#view();
    this.#start = this.#exports.address(this.#block) / FLOAT;
  }

  #view(): void {
    const { buffer } = this.#exports.memory;
    this.#table = new Float64Array(buffer, this.#exports.table(), at.WORDS);
    this.#floats = new Float32Array(buffer);
  }

  #refusal(): EngineError {
    const bytes = new Uint8Array(this.#exports.memory.buffer, this.#exports.error(), this.#exports.error_bytes());
    const [code = "", operation = "", expected = "", found = ""] = new TextDecoder().decode(bytes).split("\n");
    return new EngineError({ code, operation, expected, found });
  }
}

/** Copies what a request holds to where the table says. */
function copyIn(floats: Float32Array, start: number, table: at.Table, request: AttentionRequest): void {
  copy(floats, start + at.word(table, at.Q), request.q);
  copy(floats, start + at.word(table, at.K), request.k);
  copy(floats, start + at.word(table, at.V), request.v);
  if (request.mask) copyMask(floats, start + at.word(table, at.MASK), request.mask.data);
  if (request.kvLengths) copyLengths(floats, start + at.word(table, at.LENGTHS), request.kvLengths);
}

const copy = (floats: Float32Array, start: number, { data }: Tensor) => floats.set(data, start);

export function copyMask(floats: Float32Array, start: number, data: Float32Array | Uint8Array): void {
  if (data instanceof Float32Array) floats.set(data, start);
  else new Uint8Array(floats.buffer, floats.byteOffset + start * FLOAT, data.length).set(data);
}

export function copyLengths(floats: Float32Array, start: number, data: Int32Array): void {
  new Int32Array(floats.buffer, floats.byteOffset + start * FLOAT, data.length).set(data);
}
