/**
 * One call of attention as several that workers run at once: heads apart first, since those share nothing, then rows of
 * queries. A part is one buffer, moved and not copied: the table, then what is read; it comes back with the output.
 */

import type { BufferStore } from "./buffer-store.ts";
import { copyLengths, copyMask } from "./kernels.ts";
import { outputOf } from "./output.ts";
import type { Task } from "./pool.ts";
import * as at from "./table.ts";
import type { AttentionRequest, AttentionResult, Mask } from "./types.ts";

/**
 * Multiply-adds below which a part is not halved again: some 20 ms of work. Between two parts a worker waits for its answer
 * to be taken and the next part to be copied, on cores that are all busy (Chromium, two workers on two cores, medians of 25:
 * one head of 2,048 tokens gained 1.65 times in two parts and 1.46 in four, eight heads 1.71 and 1.76).
 */
const SMALL_PART = 400_000_000;
/** Rows below which queries are not cut: K and V are copied for every part. */
const FEW_ROWS = 64;
/** Rows of a panel of the kernel. */
const PANEL = 8;

/** What all parts have in common. Heads that share keys and values go together: a unit. */
export interface Whole {
  request: AttentionRequest;
  table: at.Table;
  packed: boolean;
  batch: number;
  kvHeads: number;
  /** Query heads of a unit. */
  group: number;
  queries: number;
  keys: number;
  dim: number;
  valueDim: number;
}

/** Units and rows of a part, ends excluded. */
interface Cut {
  units: [number, number];
  rows: [number, number];
}

/** The sizes of a request that stands in a table; none where they do not fit each other: the kernels then say why. */
export function wholeOf(request: AttentionRequest, table: at.Table): Whole | undefined {
  const packed = at.axes(table, at.Q) === 3;
  const rank = packed ? 3 : 4;
  if ([at.Q, at.K, at.V].some((tensor) => at.axes(table, tensor) !== rank)) return undefined;
  const [batch, queries] = [at.extent(table, at.Q, 0), at.extent(table, at.Q, rank - 2)];
  const given = (option: number, otherwise: number) => {
    const value = at.word(table, option);
    return Number.isNaN(value) ? otherwise : value;
  };
  const heads = given(at.HEADS, packed ? Number.NaN : at.extent(table, at.Q, 1));
  const kvHeads = given(at.KV_HEADS, packed ? heads : at.extent(table, at.K, 1));
  const size = (tensor: number, count: number) => at.extent(table, tensor, rank - 1) / (packed ? count : 1);
  const whole: Whole = {
    request,
    table,
    packed,
    batch,
    kvHeads,
    group: heads / kvHeads,
    queries,
    keys: at.extent(table, at.K, rank - 2),
    dim: size(at.Q, heads),
    valueDim: size(at.V, kvHeads),
  };
  const { keys, dim, valueDim, group } = whole;
  const same =
    [at.K, at.V].every((tensor) => at.extent(table, tensor, 0) === batch) &&
    at.extent(table, at.V, rank - 2) === keys &&
    size(at.K, kvHeads) === dim &&
    (packed || [at.Q, at.K, at.V].every((t) => at.extent(table, t, 1) === (t === at.Q ? heads : kvHeads)));
  const sizes = [batch, kvHeads, group, queries, keys, dim, valueDim].every((n) => Number.isInteger(n) && n > 0);
  return same && sizes && lengthsFit(whole) && maskFits(whole) ? whole : undefined;
}

function lengthsFit({ request, batch, keys }: Whole): boolean {
  const lengths = request.kvLengths;
  return !lengths || (lengths.length === batch && lengths.every((length) => length <= keys));
}

function maskFits(whole: Whole): boolean {
  if (!whole.request.mask) return true;
  const full = [whole.batch, whole.kvHeads * whole.group, whole.queries];
  const [reach = 1, ...rest] = maskShape(whole.request.mask).reverse();
  return reach <= whole.keys && rest.reverse().every((extent, axis) => extent === 1 || extent === full[axis]);
}

const maskShape = ({ shape }: Mask) => [...Array(4 - shape.length).fill(1), ...shape] as number[];

/** Where a request is cut, for so many workers. */
export function cutsOf(whole: Whole, workers: number): Cut[] {
  const units = whole.batch * whole.kvHeads;
  // Two parts for each where they are large, so that none waits long for the last.
  const parts = Math.max(workers, Math.min(2 * workers, Math.floor(at.costOf(whole.table) / SMALL_PART)));
  const between = (count: number, pieces: number, end: (share: number) => number) =>
    Array.from({ length: pieces }, (_, n) => [end(n / pieces), end((n + 1) / pieces)] as [number, number]).filter(
      ([from, to]) => from < to && to <= count,
    );
  if (units >= parts) {
    const rows: Cut["rows"] = [0, whole.queries];
    return between(units, parts, (share) => Math.round(share * units)).map((units) => ({ units, rows }));
  }
  const pieces = Math.max(1, Math.min(Math.ceil(parts / units), Math.floor(whole.queries / FEW_ROWS)));
  // A causal query sees the keys before it, so the work grows with the square of the rows.
  const { causal, window, kvLengths } = whole.request;
  const grows = causal && !window && !kvLengths;
  const rows = between(whole.queries, pieces, (share) => {
    const row = whole.queries * (grows ? Math.sqrt(share) : share);
    return share === 1 ? whole.queries : Math.round(row / PANEL) * PANEL;
  });
  return Array.from({ length: units }, (_, unit) =>
    rows.map((rows) => ({ units: [unit, unit + 1], rows }) as Cut),
  ).flat();
}

/** Runs the parts and puts their outputs together. */
export async function attendInParts(
  whole: Whole,
  cuts: Cut[],
  store: BufferStore,
  run: (task: Task) => Promise<unknown>,
): Promise<AttentionResult> {
  const shape = at.outputShape(whole.table);
  const data = outputOf(whole.request, at.word(whole.table, at.OUTPUT + 1));
  let failed = false;
  await Promise.all(
    cuts.map(async (cut) => {
      // Made when a worker is there for it, and again should that one be lost: the buffer moves away with it.
      const message = () => {
        const buffer = pack(whole, cut, store);
        return { message: { part: buffer }, transfer: [buffer] };
      };
      try {
        const buffer = (await run({ name: "computeAttention", message, wanted: () => !failed })) as
          | ArrayBuffer
          | undefined;
        if (!buffer) return;
        if (!failed) unpack(whole, cut, new Float32Array(buffer), data);
        store.give(buffer);
      } catch (thrown) {
        failed = true;
        throw thrown;
      }
    }),
  );
  return { output: { shape, data }, backend: "cpu" };
}

/** A part as a call of its own: units are sequences, the heads of a unit are heads. */
function pack(whole: Whole, { units, rows }: Cut, store: BufferStore): ArrayBuffer {
  const { request, group, keys, dim, valueDim, queries } = whole;
  const table = whole.table.slice();
  const [count, length] = [units[1] - units[0], rows[1] - rows[0]];
  let next = 0;
  const put = (tensor: number, shape: number[]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    at.place(table, tensor, shape, next, size);
    next = at.aligned(next + size);
  };
  put(at.Q, [count, group, length, dim]);
  put(at.K, [count, 1, keys, dim]);
  put(at.V, [count, 1, keys, valueDim]);
  const mask = request.mask && maskOf(whole, request.mask, units, rows);
  if (mask) {
    at.place(table, at.MASK, mask.shape, next, mask.data.length);
    next = at.aligned(next + Math.ceil(mask.data.byteLength / 4));
  }
  if (request.kvLengths) {
    table[at.LENGTHS] = next;
    table[at.LENGTHS + 1] = count;
    next = at.aligned(next + count);
  }
  table[at.OUTPUT] = next;
  table[at.OUTPUT + 1] = count * group * length * valueDim;
  table[at.HEADS] = Number.NaN;
  table[at.KV_HEADS] = Number.NaN;
  table[at.ROWS] = rows[0];
  table[at.ROWS + 1] = queries;

  const head = at.WORDS * Float64Array.BYTES_PER_ELEMENT;
  const buffer = store.take(Math.max(head + next * 4, at.word(table, at.OUTPUT + 1) * 4));
  new Float64Array(buffer, 0, at.WORDS).set(table);
  const floats = new Float32Array(buffer, head, next);
  const start = (tensor: number) => at.word(table, tensor);
  const gather = (tensor: number, data: Float32Array, side: Side) =>
    eachSpan(whole, side, units, (from, to, size) => floats.set(data.subarray(from, from + size), start(tensor) + to));
  gather(at.Q, request.q.data, { heads: group, tokens: queries, dim, rows });
  gather(at.K, request.k.data, { heads: 1, tokens: keys, dim, rows: [0, keys] });
  gather(at.V, request.v.data, { heads: 1, tokens: keys, dim: valueDim, rows: [0, keys] });
  if (mask) copyMask(floats, start(at.MASK), mask.data);
  if (request.kvLengths) copyLengths(floats, start(at.LENGTHS), lengthsOf(whole, request.kvLengths, units));
  return buffer;
}

/** Puts a part's output in its place. */
function unpack(whole: Whole, { units, rows }: Cut, part: Float32Array, data: Float32Array): void {
  const side = { heads: whole.group, tokens: whole.queries, dim: whole.valueDim, rows };
  eachSpan(whole, side, units, (to, from, size) => data.set(part.subarray(from, from + size), to));
}

/** A tensor of the whole, and the rows of it that a part has. */
interface Side {
  /** Heads of a unit. */
  heads: number;
  tokens: number;
  dim: number;
  rows: [number, number];
}

/** Each run of numbers that lies together in the whole and in the part: where, there and here, and how many. */
function eachSpan(
  { packed, kvHeads }: Whole,
  { heads, tokens, dim, rows: [first, end] }: Side,
  units: [number, number],
  visit: (whole: number, part: number, size: number) => void,
): void {
  const all = kvHeads * heads;
  const size = (end - first) * dim;
  let part = 0;
  for (let head = units[0] * heads; head < units[1] * heads; head++, part += size) {
    if (!packed) {
      visit((head * tokens + first) * dim, part, size);
      continue;
    }
    const [sequence, own] = [Math.floor(head / all), head % all];
    for (let row = first; row < end; row++)
      visit(((sequence * tokens + row) * all + own) * dim, part + (row - first) * dim, dim);
  }
}

/** The mask of a part: as it is where it is the same for all, otherwise the rows of the heads and queries of the part. */
function maskOf({ kvHeads, group, queries }: Whole, mask: Mask, units: Cut["units"], rows: Cut["rows"]): Mask {
  const [batch = 1, heads = 1, tokens = 1, reach = 1] = maskShape(mask);
  const [first, end] = tokens === queries && tokens > 1 ? rows : [0, tokens];
  if (batch === 1 && heads === 1 && end - first === tokens) return mask;
  const shared = batch === 1 && heads === 1;
  const [count, own] = shared ? [1, 1] : [units[1] - units[0], heads === 1 ? 1 : group];
  const size = (end - first) * reach;
  const Kind = mask.data.constructor as new (size: number) => Float32Array | Uint8Array;
  const data = new Kind(count * own * size);
  for (let n = 0; n < count; n++) {
    const unit = units[0] + n;
    const sequence = batch === 1 ? 0 : Math.floor(unit / kvHeads);
    for (let h = 0; h < own; h++) {
      const head = heads === 1 ? 0 : (unit % kvHeads) * group + h;
      const from = ((sequence * heads + head) * tokens + first) * reach;
      data.set(mask.data.subarray(from, from + size), (n * own + h) * size);
    }
  }
  return { shape: [count, own, end - first, reach], data };
}

function lengthsOf({ kvHeads }: Whole, lengths: Int32Array, [first, end]: Cut["units"]): Int32Array {
  const own = new Int32Array(end - first);
  for (let unit = first; unit < end; unit++) own[unit - first] = lengths[Math.floor(unit / kvHeads)] as number;
  return own;
}
