/** What is measured, and what it must reach. */

export const DIM = 64;
export const HEADS = [1, 8];
export const TOKENS = [16, 64, 128, 256, 512, 1024, 2048];
/** q, k, v and output are 32 MiB here. */
export const LARGE = { heads: 8, tokens: 4096 };
/** The largest error against f64 that counts as a result: ours, and (any float32 method is well below it) a peer's. */
export const TOLERANCE = { ours: 2e-6, peer: 1e-4 };

/** WebGPU: in software the largest of these takes seconds, with some peers a quarter of a minute. */
export const WEBGPU_TOKENS = [64, 256, 1024];
/** Its drivers are not held to the roundings of the CPU. */
const WEBGPU_TOLERANCE = { ours: 1e-4, peer: 1e-4 };

/** Rounds of one run by the number of tokens; a run is a fresh page. */
const ROUNDS = { full: { small: 9, large: 5, largest: 3 }, quick: { small: 5, large: 3, largest: 2 } };

/**
 * Calls are repeated until a sample takes this long, since a page that is not isolated has a clock of 100 us. Where a call
 * takes several milliseconds it is longer: a core that has slept while others were measured needs as much to be awake
 * (one call after such a pause gained 1.1 times by two workers, calls in a row 1.6 times).
 */
const SAMPLE_MS = { small: 10, large: 100 };

/** `tokens` and `heads` are lists that take the place of the usual sizes. */
export function planOf({ quick, heads: manyHeads = HEADS, tokens: sizes = TOKENS }) {
  const cells = cellsOf({ quick, manyHeads, sizes });
  return {
    quick,
    runs: quick ? 1 : 3,
    coldStarts: quick ? 3 : 15,
    cells,
    isolated: quick ? [] : cells.filter(({ tokens }) => tokens >= 1024).map((cell) => ({ ...cell, rounds: 3 })),
    ...pacesOf(quick),
    tolerance: TOLERANCE,
  };
}

/** The same for WebGPU. */
export function webgpuPlanOf({ quick, heads: manyHeads = HEADS, tokens: sizes = WEBGPU_TOKENS }) {
  return {
    quick,
    backend: "webgpu",
    runs: quick ? 1 : 2,
    cells: cellsOf({ quick, manyHeads, sizes }),
    ...pacesOf(quick),
    // In software the largest cell takes the fast ones a few seconds: one sample of them would stand for the row.
    slowMs: 5000,
    tolerance: WEBGPU_TOLERANCE,
  };
}

function cellsOf({ quick, manyHeads, sizes }) {
  const rounds = ROUNDS[quick ? "quick" : "full"];
  return manyHeads.flatMap((heads) =>
    sizes.map((tokens) => ({
      heads,
      tokens,
      dim: DIM,
      sampleMs: tokens < 1024 ? SAMPLE_MS.small : SAMPLE_MS.large,
      rounds: tokens <= 512 ? rounds.small : tokens <= 1024 ? rounds.large : rounds.largest,
    })),
  );
}

const pacesOf = (quick) => ({
  sampleMs: SAMPLE_MS,
  warmMs: 50,
  /** A candidate that takes longer than this is timed once a run. */
  slowMs: 1000,
  firstWarmMs: quick ? 150 : 400,
});

/** Multiply-adds of the two products count twice; the softmax counts nothing. */
export const flopsOf = ({ heads, tokens, dim }) => 4 * tokens * tokens * dim * heads;
