/** A fixed call of each kind, with all that can go wrong in it, computed on both: a GPU that says something else is not used. */

import type { Call, Request, Result } from "../backends.ts";
import { largestDifference } from "../difference.ts";
import { EngineError } from "../errors.ts";
import type { AttentionResult, Tensor, Trace } from "../types.ts";

/** Between f32 sums of another order some 1e-6 are usual; a wrong kernel is off by far more. */
const TOLERANCE = 1e-4;

const [HEADS, KV_HEADS, QUERIES, KEYS, DIM] = [4, 2, 19, 21, 8];

/** Numbers that repeat nowhere, of both signs. */
function wave(shape: number[], step: number): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, n) => 2 * Math.sin((n + 1) * step)) };
}

/** Each third pair may not be seen, and of one row nothing. */
function mask() {
  const data = Uint8Array.from({ length: QUERIES * KEYS }, (_, n) => (n % 3 === 0 || n < KEYS ? 0 : 1));
  return { shape: [QUERIES, KEYS], data };
}

function requestFor(call: Call): Request {
  const options = { mask: mask(), causal: true, softcap: 3, scale: 0.4 };
  const q = wave([HEADS, QUERIES, DIM], 0.7);
  const [k, v] = [wave([KV_HEADS, KEYS, DIM], 1.3), wave([KV_HEADS, KEYS, DIM], 2.1)];
  if (call === "traceAttention") return { q, k, v, heads: HEADS, kvHeads: KV_HEADS, ...options };
  const batch = ({ shape, data }: Tensor): Tensor => ({ shape: [1, ...shape], data });
  return { q: batch(q), k: batch(k), v: batch(v), ...options };
}

const numbersOf = (result: Result) => ("data" in result ? (result as Trace) : (result as AttentionResult).output).data;

type Run = (request: Request) => Promise<Result>;

/** Throws an EngineError of the code `probe` where the two disagree. */
export async function prove(call: Call, gpu: Run, cpu: Run): Promise<void> {
  const request = requestFor(call);
  const [found, expected] = [numbersOf(await gpu(request)), numbersOf(await cpu(request))];
  const { at, size } = largestDifference(found, expected);
  if (size <= TOLERANCE) return;
  throw new EngineError({
    code: "probe",
    operation: call,
    expected: `the CPU's numbers within ${TOLERANCE}, ${expected[at]} at ${at}`,
    found: String(found[at]),
  });
}
