/** Numbers as NumPy reads them: one array (.npy, format 1.0), or all stages of a trace (.npz). */

import type { Trace } from "../engine/types.ts";
import { bytesOf, joined, numbersOf, textBytes } from "./bytes.ts";
import { zip } from "./zip.ts";

const MAGIC = [0x93, ..."NUMPY"].map((one) => (typeof one === "number" ? one : one.charCodeAt(0)));
const FORMAT = [1, 0];
/** The numbers begin at a multiple of this. */
const ALIGNED = 64;

export function npy(shape: readonly number[], numbers: Float32Array): Uint8Array<ArrayBuffer> {
  const extents = shape.map((extent) => `${extent},`).join(" ");
  const about = `{'descr': '<f4', 'fortran_order': False, 'shape': (${extents}), }`;
  const before = MAGIC.length + FORMAT.length + 2;
  const length = Math.ceil((before + about.length + 1) / ALIGNED) * ALIGNED - before;
  const size = new Uint8Array([length & 255, length >> 8]);
  const header = textBytes(`${about.padEnd(length - 1)}\n`);
  return joined([new Uint8Array([...MAGIC, ...FORMAT]), size, header, bytesOf(numbers)]);
}

export function npz(trace: Trace): Uint8Array<ArrayBuffer> {
  return zip(
    trace.stages.map((stage) => ({ name: `${stage.id}.npy`, bytes: npy(stage.shape, numbersOf(trace, stage)) })),
  );
}
