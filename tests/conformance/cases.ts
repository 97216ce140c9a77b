/** The ONNX project's published vectors as requests to engine.js, and the comparison of what comes back. */

import { readFileSync } from "node:fs";
import type { Mask, Tensor } from "../../www/engine/types.ts";

interface Entry {
  name: string;
  dtype: string;
  shape: number[];
  tensor: string;
}
interface RawCase {
  name: string;
  op: "Attention" | "LinearAttention" | "RotaryEmbedding";
  attributes: Record<string, number | string>;
  inputs: Entry[];
  outputs: Entry[];
}

export interface Case {
  name: string;
  op: RawCase["op"];
  method: "computeAttention" | "linearAttention" | "rotaryEmbedding";
  request: Record<string, unknown>;
  expected: { name: string; field: string; tensor: Tensor; tolerance: { absolute: number; relative: number } }[];
}

/** As many as were published: a shorter file is a failure, not a shorter table. */
export const COUNT = 115;

const FIELDS: Record<string, string> = {
  Y: "output",
  present_key: "presentKey",
  present_value: "presentValue",
  qk_matmul_output: "scores",
  output: "output",
  present_state: "state",
};
const MODES = ["raw", "capped", "masked", "weights"];

export function readCases(): Case[] {
  const folder = new URL("./", import.meta.url);
  const cases = JSON.parse(readFileSync(new URL("cases.json", folder), "utf8")) as RawCase[];
  const read = safetensors(readFileSync(new URL("tensors.safetensors", folder)));
  return cases.map((raw) => ({
    name: raw.name,
    op: raw.op,
    ...requestOf(raw, (name) => {
      const entry = raw.inputs.find((input) => input?.name === name);
      return entry && read(entry.tensor);
    }),
    expected: raw.outputs.map((entry) => ({
      name: entry.name,
      field: raw.op === "RotaryEmbedding" ? "" : (FIELDS[entry.name] ?? ""),
      tensor: read(entry.tensor) as Tensor,
      tolerance: /^b?float16$/.test(entry.dtype)
        ? { absolute: 1e-2, relative: 1e-2 }
        : { absolute: 1e-5, relative: 1e-4 },
    })),
  }));
}

type Read = Tensor | Mask | { shape: number[]; data: Int32Array };

function requestOf(raw: RawCase, input: (name: string) => Read | undefined): Pick<Case, "method" | "request"> {
  const { attributes: a } = raw;
  if (raw.op === "RotaryEmbedding") {
    return {
      method: "rotaryEmbedding",
      request: defined({
        x: input("X"),
        cos: input("cos_cache"),
        sin: input("sin_cache"),
        positions: input("position_ids"),
        heads: a.num_heads,
        rotaryDim: a.rotary_embedding_dim,
        interleaved: a.interleaved === 1,
      }),
    };
  }
  if (raw.op === "LinearAttention") {
    return {
      method: "linearAttention",
      request: defined({
        q: input("query"),
        k: input("key"),
        v: input("value"),
        decay: input("decay"),
        beta: input("beta"),
        pastState: input("past_state"),
        qHeads: a.q_num_heads,
        kvHeads: a.kv_num_heads,
        rule: a.update_rule ?? "gated_delta",
        scale: a.scale,
      }),
    };
  }
  const wantsScores = raw.outputs.some(({ name }) => name === "qk_matmul_output");
  return {
    method: "computeAttention",
    request: defined({
      q: input("Q"),
      k: input("K"),
      v: input("V"),
      mask: input("attn_mask"),
      pastKey: input("past_key"),
      pastValue: input("past_value"),
      kvLengths: input("nonpad_kv_seqlen")?.data,
      qHeads: a.q_num_heads,
      kvHeads: a.kv_num_heads,
      causal: a.is_causal === 1,
      window: [a.left_window_size ?? -1, a.right_window_size ?? -1],
      scale: a.scale,
      softcap: a.softcap,
      scores: wantsScores ? MODES[Number(a.qk_matmul_output_mode ?? 0)] : undefined,
    }),
  };
}

const defined = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** The few lines of the format that these files need: a length, a JSON header, the bytes. */
function safetensors(file: Buffer): (key: string) => Read {
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + length).toString("utf8"));
  return (key) => {
    const {
      dtype,
      shape,
      data_offsets: [from, to],
    } = header[key];
    const bytes = Uint8Array.from(file.subarray(8 + length + from, 8 + length + to));
    if (dtype === "F32") return { shape, data: new Float32Array(bytes.buffer) };
    if (dtype === "I64") return { shape, data: Int32Array.from(new BigInt64Array(bytes.buffer), Number) };
    if (dtype === "U8" || dtype === "BOOL") return { shape, data: bytes };
    throw new Error(`${key} has the type ${dtype}`);
  };
}

export interface Outcome {
  name: string;
  /** The largest absolute difference over all outputs. */
  difference: number;
  problem?: string;
}

/**
 * Holds every expected output against what came back. `results` are tensors by field ("" = the result itself); `least`: an absolute
 * difference that is allowed in any case.
 */
export function judge(one: Case, results: (field: string) => Tensor | undefined, least = 0): Outcome {
  let largest = 0;
  for (const { name, field, tensor, tolerance } of one.expected) {
    const found = results(field);
    if (!found) return { name: one.name, difference: Number.NaN, problem: `no ${name}` };
    if (found.shape.join() !== tensor.shape.join()) {
      return {
        name: one.name,
        difference: Number.NaN,
        problem: `${name}: shape [${found.shape}], expected [${tensor.shape}]`,
      };
    }
    for (let n = 0; n < tensor.data.length; n++) {
      const [a, b] = [found.data[n] as number, tensor.data[n] as number];
      if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
      const difference = Math.abs(a - b);
      largest = Math.max(largest, difference);
      if (!(difference <= Math.max(least, tolerance.absolute) + tolerance.relative * Math.abs(b))) {
        return { name: one.name, difference, problem: `${name}[${n}]: found ${a}, expected ${b}` };
      }
    }
  }
  return { name: one.name, difference: largest };
}

/** A line an operator: how many of its cases agree, and the largest difference. */
export function table(cases: Case[], outcomes: Outcome[]): string {
  const lines = [...new Set(cases.map(({ op }) => op))].map((op) => {
    const own = outcomes.filter((_, n) => cases[n]?.op === op);
    const agreed = own.filter(({ problem }) => problem === undefined);
    const worst = Math.max(...agreed.map(({ difference }) => difference));
    return `${op.padEnd(16)} ${String(agreed.length).padStart(3)} of ${String(own.length).padStart(3)} agree, largest difference ${worst.toExponential(1)}`;
  });
  return lines.join("\n");
}
