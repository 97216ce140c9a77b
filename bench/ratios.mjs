/** The ratios that the engine is held to: each with the cells that it is taken over, its floor and its aim. */

import { flopsOf, LARGE, TOLERANCE } from "./plan.mjs";
import { entryOf, fastest, median, pairedRatio, quietRatio, ratioOfRuns } from "./statistics.mjs";

const ORT = ["ort-graph", "ort-mha", "ort-attention"];
const PEERS = [...ORT, "litert", "tfjs"];
const OURS = ["ours", "ours-2"];

const atLeast = (least) => (cell) => cell.tokens >= least;

/** The best of `peers` over the best of `ours`, by the median in the cell; the ratio itself is paired. */
const over =
  (peers, ours, ratio = pairedRatio) =>
  (runs, cell) => {
    const [peer, own] = [fastest(runs, cell, peers), fastest(runs, cell, ours)];
    return peer && own && { value: ratio(runs, cell, peer, own), of: `${peer} / ${own}` };
  };

/** The rate of ours over the rate of the loop that starts as many multiply-adds as the core can with the same instructions. */
const share =
  (own, ratio = pairedRatio) =>
  (runs, cell) => {
    const plain = own === "ours-simd128" || kernelsOf(runs) === "simd128";
    const kind = plain ? "peak-muladd" : "peak-madd";
    const found = ratio(runs, cell, kind, own);
    const flops = entryOf(runs[0], cell, kind)?.flops;
    return found && { value: (found * flopsOf(cell)) / flops, of: `${own} / ${kind}` };
  };

/** What a second core adds to the loop of multiply-adds: what it can add to anything here, at that time. */
function gainOfLoop(runs, cell) {
  const [one, two] = ["peak-madd", "peak-madd-2"];
  const ratio = ratioOfRuns(runs, cell, one, two);
  const flops = (id) => entryOf(runs[0], cell, id).flops;
  return ratio && { value: (ratio * flops(two)) / flops(one), of: `${one} / ${two}` };
}

const kernelsOf = (runs) => runs[0].candidates.find(({ id }) => id === "ours")?.detail;

const ROWS = [
  {
    key: "ort",
    name: "1 thread: best onnxruntime-web / ours, N in 64..2048",
    cells: atLeast(64),
    floor: 1.65,
    aim: 2.2,
    of: over(ORT, ["ours"]),
  },
  {
    key: "ort-16",
    name: "the same at N = 16, h = 1, Float32Array in and out",
    cells: (cell) => cell.tokens === 16 && cell.heads === 1,
    floor: 3.3,
    aim: 6,
    of: over(ORT, ["ours"]),
  },
  {
    key: "litert",
    name: "1 thread: LiteRT.js / ours, N >= 256",
    cells: atLeast(256),
    floor: 1.2,
    aim: 1.4,
    of: over(["litert"], ["ours"]),
  },
  {
    key: "simd128",
    name: "simd128-only build: best onnxruntime-web / ours, N >= 64",
    cells: atLeast(64),
    floor: 1.45,
    aim: 1.8,
    of: over(ORT, ["ours-simd128"]),
  },
  {
    key: "share-simd128",
    name: "that build's share of one core's peak without multiply-adds, N >= 1024",
    cells: atLeast(1024),
    of: share("ours-simd128"),
  },
  {
    key: "share",
    name: "share of one core's multiply-add peak, N >= 1024",
    cells: atLeast(1024),
    floor: 0.78,
    aim: 0.88,
    of: share("ours"),
  },
  {
    key: "share-buffers",
    name: "the same, data in the engine's memory, N >= 64",
    cells: atLeast(64),
    floor: 0.8,
    aim: 0.92,
    of: share("ours-buffers"),
  },
  {
    key: "share-quiet",
    name: "share of the peak in the quietest tenth of the rounds, N >= 1024",
    cells: atLeast(1024),
    of: share("ours", quietRatio),
  },
  {
    key: "share-buffers-quiet",
    name: "the same, data in the engine's memory, N >= 64",
    cells: atLeast(64),
    of: share("ours-buffers", quietRatio),
  },
  {
    key: "workers",
    name: "own 1 thread / 2 workers, N >= 2048 (median of runs)",
    cells: atLeast(2048),
    floor: 1.6,
    aim: 1.9,
    of: over(["ours"], ["ours-2"], ratioOfRuns),
  },
  {
    key: "workers-most",
    name: "a loop that touches no memory: 1 thread / 2 workers",
    cells: atLeast(2048),
    of: gainOfLoop,
  },
  {
    key: "best",
    name: "page not isolated: best peer / our best, N >= 1024 (median of runs)",
    cells: atLeast(1024),
    floor: 1.7,
    aim: 2.6,
    of: over(PEERS, OURS, ratioOfRuns),
  },
];

/** `{ key, name, floor, aim, verdict, value?, where?, cells }` for each; `value` is that of the worst cell. */
export function ratiosOf({ plan, runs, cold, heap }) {
  return [...ROWS.map((row) => ratioOfCells(row, plan, runs)), heapRow(heap), coldRow(cold)];
}

export function ratioOfCells({ cells, of, ...row }, plan, runs) {
  const found = plan.cells.filter(cells).map((cell) => ({ heads: cell.heads, tokens: cell.tokens, ...of(runs, cell) }));
  if (found.length === 0 || found.some(({ value }) => value === undefined))
    return { ...row, verdict: "not measured", cells: found };
  const worst = found.reduce((a, b) => (b.value < a.value ? b : a));
  const where = `h = ${worst.heads}, N = ${worst.tokens}: ${worst.of}`;
  return { ...row, value: worst.value, where, verdict: verdictOf(worst.value, row), cells: found };
}

function heapRow(heap) {
  const row = {
    key: "heap",
    name: `wasm heap at h = ${LARGE.heads}, N = ${LARGE.tokens} / (q + k + v + output)`,
    floor: 1.25,
    aim: 1.05,
    less: true,
    cells: [],
  };
  if (heap.failed) return { ...row, verdict: "not measured", where: heap.failed };
  const value = heap.kernel / heap.tensors;
  const right = heap.error <= TOLERANCE.ours;
  const where = `${(heap.kernel / 2 ** 20).toFixed(1)} of ${heap.tensors / 2 ** 20} MiB`;
  return { ...row, value, where, verdict: right ? verdictOf(value, row) : "wrong" };
}

function coldRow(cold) {
  const row = {
    key: "cold",
    name: "cold start to the first N = 64 result: onnxruntime-web / ours",
    floor: 15,
    aim: 30,
    cells: [],
  };
  const failed = cold.flatMap(({ ours, onnxruntime }) => [ours.failed, onnxruntime.failed]).find(Boolean);
  if (failed) return { ...row, verdict: "not measured", where: failed };
  const of = (name) => median(cold.map((round) => round[name].ms));
  const value = median(cold.map(({ ours, onnxruntime }) => onnxruntime.ms / ours.ms));
  return {
    ...row,
    value,
    where: `${of("onnxruntime").toFixed(0)} ms / ${of("ours").toFixed(0)} ms`,
    verdict: verdictOf(value, row),
  };
}

/** Nothing for a row that is there for information. */
function verdictOf(value, { floor, aim, less = false }) {
  if (floor === undefined) return "";
  const reaches = (bound) => (less ? value <= bound : value >= bound);
  return reaches(aim) ? "aim met" : reaches(floor) ? "floor met" : "missed";
}

/** Peers that may use threads, in an isolated page, against our best in that page. For information: nothing is held to it. */
export function isolatedRatios({ plan, isolated }) {
  if (!isolated) return [];
  const best = over(PEERS, ["ours-2"]);
  return plan.isolated.map((cell) => ({ heads: cell.heads, tokens: cell.tokens, ...best([isolated], cell) }));
}
