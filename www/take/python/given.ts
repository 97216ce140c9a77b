/** What a trace does not work out: its numbers before edits, and which pairs its boolean mask hides. */

import type { Stage, Trace } from "../../engine/types.ts";
import { stageOf } from "../../trace/cells.ts";
import { numbersOf } from "../bytes.ts";

/** The numbers of a stage as they were before edits set some of them. */
export function originalOf(trace: Trace, stage: Stage): Float32Array {
  const numbers = numbersOf(trace, stage).slice();
  for (const { stage: id, index, offset } of trace.config.edits ?? []) {
    if (id !== stage.id) continue;
    let from = offset;
    for (const at of cellsOf(stage.shape, index)) numbers[at] = trace.data[from++] as number;
  }
  return numbers;
}

/** The places of the cells that an index names, row-major; -1 stands for all along its axis. */
function cellsOf(shape: readonly number[], index: readonly number[]): number[] {
  return shape.reduce<number[]>(
    (places, extent, axis) => {
      const at = index[axis] ?? 0;
      const along = at < 0 ? Array.from({ length: extent }, (_, n) => n) : [at];
      return places.flatMap((place) => along.map((n) => place * extent + n));
    },
    [0],
  );
}

/** Of keys and values before the first token: the rows that were given. */
export function pastOf(trace: Trace, stage: Stage): { shape: number[]; numbers: Float32Array } {
  const { past } = trace.config as { past?: number };
  const [heads = 1, tokens = 1, dim = 1] = stage.shape;
  const all = originalOf(trace, stage);
  const rows = (past ?? 0) * dim;
  const numbers = new Float32Array(heads * rows);
  for (let head = 0; head < heads; head++)
    numbers.set(all.subarray(head * tokens * dim, head * tokens * dim + rows), head * rows);
  return { shape: [heads, past ?? 0, dim], numbers };
}

/** Which keys a query may see by their place. */
export interface Places {
  causal: boolean;
  window: readonly [left: number, right: number];
  past: number;
  length: number;
}

export function placesOf({ config }: Trace): Places {
  const { causal, window, past, maskLength } = config as { causal: boolean } & Partial<
    Pick<Places, "window" | "past"> & { maskLength: number }
  >;
  return { causal, window: window ?? [-1, -1], past: past ?? 0, length: maskLength ?? Number.POSITIVE_INFINITY };
}

const inPlace = ({ causal, window: [left, right], past, length }: Places, i: number, j: number) =>
  j < length &&
  !(causal && j > past + i) &&
  !(left >= 0 && j < past + i - left) &&
  !(right >= 0 && j > past + i + right);

/** 1 where a pair is hidden by nothing but a boolean mask, [head, query, key], or [1, query, key] where heads do not differ. */
export function hiddenByMask(trace: Trace, masked: Stage): { shape: number[]; numbers: Float32Array } | undefined {
  const [heads = 1, queries = 1, keys = 1] = masked.shape;
  const before = stageOf(trace, masked.from[0] ?? "");
  const bias = stageOf(trace, "bias");
  if (!before) return undefined;
  const [after, old] = [originalOf(trace, masked), numbersOf(trace, before)];
  const added = bias && numbersOf(trace, bias);
  const places = placesOf(trace);
  const hidden = after.map((value, n) => {
    const [i, j] = [Math.floor(n / keys) % queries, n % keys];
    const otherwise = !inPlace(places, i, j) || old[n] === Number.NEGATIVE_INFINITY;
    return value === Number.NEGATIVE_INFINITY && !otherwise && added?.[n] !== Number.NEGATIVE_INFINITY ? 1 : 0;
  });
  if (!hidden.includes(1)) return undefined;
  const size = queries * keys;
  const alike = hidden.every((one, n) => one === hidden[n % size]);
  return { shape: [alike ? 1 : heads, queries, keys], numbers: alike ? hidden.slice(0, size) : hidden };
}
