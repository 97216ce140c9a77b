/** The checkpoints of this folder for tests of engine.js, in Node and in a browser. */

import { readFileSync } from "node:fs";
import type { Tensor } from "../../www/engine/types.ts";

export const NAMES = ["bert-0", "bert-1", "gpt2-0", "gpt2-1", "vit-0", "bart-0"] as const;

const at = (name: string, file: string) => new URL(`./${name}/${file}`, import.meta.url);

export const bytesOf = (name: string, file = "model.safetensors") => new Uint8Array(readFileSync(at(name, file)));
export const jsonOf = (name: string, file: string) => JSON.parse(readFileSync(at(name, file), "utf8"));
export const urlOf = at;

export interface Expected {
  text?: string;
  target?: string;
  tokens?: string[];
  target_tokens?: string[];
  tensors: Record<string, Tensor>;
}

/** What the reference library computed. */
export function expectedOf(name: string): Expected {
  return { ...jsonOf(name, "expected.json"), tensors: readTensors(bytesOf(name, "expected.safetensors")) };
}

function readTensors(bytes: Uint8Array): Record<string, Tensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, body))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  delete header.__metadata__;
  return Object.fromEntries(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [start, end],
        },
      ]) => {
        const part = bytes.slice(body + start, body + end).buffer;
        const data =
          dtype === "F32" ? new Float32Array(part) : Float32Array.from(new BigInt64Array(part), (id) => Number(id));
        return [name, { shape, data }];
      },
    ),
  );
}

/** The largest difference, or where it is more than 1e-4 absolute and relative. */
export function differ(found: Tensor | undefined, expected: Tensor): string | undefined {
  if (!found) return "is absent";
  if (String(found.shape) !== String(expected.shape)) return `has shape ${found.shape} instead of ${expected.shape}`;
  const n = Array.from(expected.data).findIndex((value, n) => {
    const difference = Math.abs((found.data[n] as number) - value);
    return !(difference <= 1e-4 + 1e-4 * Math.abs(value));
  });
  return n < 0 ? undefined : `has ${found.data[n]} instead of ${expected.data[n]} at ${n}`;
}
