/** Numbers as bytes, and bytes as text: the same on every machine. */

import type { Stage, Trace } from "../engine/types.ts";

/** A multiple of three, so that the pieces of base64 join without padding. */
const PIECE = 3 * 8192;

/** The numbers of a stage. */
export const numbersOf = ({ data }: Trace, { shape, offset }: Stage): Float32Array =>
  data.subarray(offset, offset + sizeOf(shape));

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** f32, little-endian. */
export function bytesOf(numbers: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(numbers.length * 4);
  const view = new DataView(bytes.buffer);
  for (let n = 0; n < numbers.length; n++) view.setFloat32(4 * n, numbers[n] as number, true);
  return bytes;
}

export function numbersFrom(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, n) => view.getFloat32(4 * n, true));
}

export function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += PIECE)
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE))));
  return pieces.join("");
}

export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export const textBytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text));

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
