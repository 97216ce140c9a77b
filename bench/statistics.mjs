/** Medians, and ratios of samples that were taken in the same round. */

export function median(values) {
  const sorted = values.filter((value) => value !== undefined && value !== null).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** All samples of a candidate in a cell, over the runs: [run][round] milliseconds. Nothing unless all are right. */
export function samplesOf(runs, cell, id) {
  const entries = runs.map((run) => entryOf(run, cell, id));
  return entries.every((entry) => entry?.status === "right") ? entries.map(({ ms }) => ms) : undefined;
}

export function entryOf(run, { heads, tokens }, id) {
  return run.cells.find((cell) => cell.heads === heads && cell.tokens === tokens)?.candidates[id];
}

export const medianOf = (runs, cell, id) => median(samplesOf(runs, cell, id)?.flat() ?? []);

/** The one of the candidates with the least median in this cell. */
export function fastest(runs, cell, ids) {
  const timed = ids.map((id) => ({ id, ms: medianOf(runs, cell, id) })).filter(({ ms }) => ms !== undefined);
  return timed.sort((a, b) => a.ms - b.ms)[0]?.id;
}

/** The time of `above` over the time of `below`, round by round, as [run][round]. */
export function pairs(runs, cell, above, below) {
  const [top, bottom] = [samplesOf(runs, cell, above), samplesOf(runs, cell, below)];
  const ratio = (a, b) => (a === null || b === null ? null : a / b);
  return top && bottom && top.map((ms, run) => ms.map((value, round) => ratio(value, bottom[run][round])));
}

/** Over all rounds of all runs. */
export const pairedRatio = (...args) => median((pairs(...args) ?? []).flat());

/** Of the times that a tenth of the rounds did not reach: what a machine gives when nothing else wants its cores. */
export function quietRatio(runs, cell, above, below) {
  const [top, bottom] = [above, below].map((id) =>
    samplesOf(runs, cell, id)
      ?.flat()
      .filter((ms) => ms !== null),
  );
  return top?.length && bottom?.length ? quantile(top, 0.1) / quantile(bottom, 0.1) : undefined;
}

/** The median of the runs' medians. */
export const ratioOfRuns = (...args) => median((pairs(...args) ?? []).map(median));
