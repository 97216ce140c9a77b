/** Files in one file: a zip archive that stores them as they are. Numbers hardly compress. */

import { joined, textBytes } from "./bytes.ts";

export interface Entry {
  name: string;
  bytes: Uint8Array;
}

/** The polynomial of CRC-32, its bits reversed. */
const POLYNOMIAL = 0xedb88320;
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
  return c;
});

function checksum(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = (c >>> 8) ^ (TABLE[(c ^ byte) & 255] as number);
  return (c ^ 0xffffffff) >>> 0;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** Version 2.0; names are UTF-8. */
const VERSION = 20;
const UTF8 = 0x0800;
/** The first day that the format has: the same trace gives the same bytes. */
const FIRST_DAY = 0x0021;

/** Numbers of two and of four bytes, little-endian. */
function fields(...each: [bytes: 2 | 4, value: number][]): Uint8Array {
  const out = new Uint8Array(each.reduce((sum, [bytes]) => sum + bytes, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [bytes, value] of each) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return out;
}

export function zip(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const files: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes } of entries) {
    const [called, size] = [textBytes(name), bytes.length];
    const about = fields(
      [2, VERSION],
      [2, UTF8],
      [2, 0],
      [2, 0],
      [2, FIRST_DAY],
      [4, checksum(bytes)],
      [4, size],
      [4, size],
      [2, called.length],
      [2, 0],
    );
    directory.push(fields([4, CENTRAL], [2, VERSION]), about, fields([2, 0], [2, 0], [2, 0], [4, 0], [4, at]), called);
    const file = [fields([4, LOCAL]), about, called, bytes];
    files.push(...file);
    at += file.reduce((sum, { length }) => sum + length, 0);
  }
  const listed = joined(directory);
  const count = entries.length;
  const end = fields([4, END], [2, 0], [2, 0], [2, count], [2, count], [4, listed.length], [4, at], [2, 0]);
  return joined([...files, listed, end]);
}
