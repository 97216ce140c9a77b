/** The results as text. */

import { pageReport } from "./page-frames.mjs";
import { flopsOf } from "./plan.mjs";
import { entryOf, medianOf } from "./statistics.mjs";

export function reportOf(result) {
  const { plan, runs, machine } = result;
  const candidates = runs[0].candidates;
  return [
    `${machine.browser}; ${machine.cpu}, ${machine.cores} core(s)`,
    `d = 64; ${plan.runs} run(s), each in a fresh page that is not cross-origin isolated; candidates interleaved round by round;`,
    `a sample is as many calls as take ${plan.sampleMs.small} ms (${plan.sampleMs.large} ms from N = 1024 on); what takes longer than ${plan.slowMs} ms is timed once a run.`,
    ...candidates.filter(({ detail }) => detail).map(({ name, detail }) => `  ${name}: ${detail}`),
    ...missingOf(runs).map(({ id, reason }) => `  not run: ${id}: ${reason}`),
    ...failuresOf(runs),
    "",
    "Milliseconds of a call, median",
    table(
      result,
      (cell, id) => time(medianOf(runs, cell, id)),
      candidates.filter(({ kind }) => kind !== "peak"),
    ),
    "",
    "GFLOP/s (4 N^2 d h)",
    table(result, (cell, id) => rate(runs, cell, id), candidates),
    "",
    "Largest error against f64",
    table(
      result,
      (cell, id) => error(runs, cell, id),
      candidates.filter(({ kind }) => kind !== "peak"),
    ),
    "",
    "Ratios: the ratio of each round, then their median; the worst cell stands for the row",
    ratioTable(result.ratios),
    "",
    "Ratios cell by cell",
    cellTable(result),
    ...isolatedPart(result),
    "",
    pageReport(result.page),
  ].join("\n");
}

const missingOf = (runs) => runs[0].missing;

function failuresOf(runs) {
  const lines = runs.flatMap(({ cells }) =>
    cells.flatMap(({ heads, tokens, candidates }) =>
      Object.entries(candidates)
        .filter(([, { status }]) => status !== "right")
        .map(([id, { status, error, reason }]) => {
          const why = reason?.slice(0, 120) ?? `error ${error.toExponential(1)}`;
          return `  ${status}: ${id} at h = ${heads}, N = ${tokens}: ${why}`;
        }),
    ),
  );
  return [...new Set(lines)];
}

/** Rows of strings, in columns: the first to the left, the others to the right. */
function align(rows, left = 1) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const pad = (text, column) => (column < left ? text.padEnd(widths[column]) : text.padStart(widths[column]));
  return rows.map((row) => `  ${row.map(pad).join("  ").trimEnd()}`).join("\n");
}

function table({ plan, runs }, show, candidates) {
  const head = ["h", "N", ...candidates.map(({ name }) => name)];
  const rows = plan.cells.map((cell) => [
    String(cell.heads),
    String(cell.tokens),
    ...candidates.map(({ id }) => statusOf(runs, cell, id) ?? show(cell, id)),
  ]);
  return align([head, ...rows]);
}

/** What stands in the place of a number. */
function statusOf(runs, cell, id) {
  const entries = runs.map((run) => entryOf(run, cell, id));
  if (entries.some((entry) => !entry)) return "-";
  return entries.find(({ status }) => status !== "right")?.status;
}

const time = (ms) => (ms < 0.1 ? ms.toFixed(4) : ms < 10 ? ms.toFixed(3) : ms.toFixed(1));

function rate(runs, cell, id) {
  const flops = entryOf(runs[0], cell, id).flops ?? flopsOf(cell);
  return (flops / medianOf(runs, cell, id) / 1e6).toFixed(1);
}

function error(runs, cell, id) {
  return Math.max(...runs.map((run) => entryOf(run, cell, id).error)).toExponential(1);
}

const ratio = (value) => (value === undefined ? "-" : value >= 10 ? value.toFixed(1) : value.toFixed(2));

function ratioTable(ratios) {
  const rows = ratios.map(({ name, value, floor, aim, verdict, where = "" }) => [
    name,
    where.slice(0, 60),
    ratio(value),
    ratio(floor),
    ratio(aim),
    verdict,
  ]);
  return align([["ratio", "worst", "value", "floor", "aim", ""], ...rows], 2);
}

function cellTable({ plan, ratios }) {
  const rows = ratios.filter(({ cells }) => cells.length > 0);
  const head = ["h", "N", ...rows.map(({ key }) => key)];
  const lines = plan.cells.map(({ heads, tokens }) => {
    const at = (cells) => cells.find((cell) => cell.heads === heads && cell.tokens === tokens);
    return [String(heads), String(tokens), ...rows.map(({ cells }) => ratio(at(cells)?.value))];
  });
  return align([head, ...lines]);
}

function isolatedPart({ isolated, isolatedRatios }) {
  if (!isolated) return [];
  const rows = isolatedRatios.map(({ heads, tokens, value, of = "" }) => [
    String(heads),
    String(tokens),
    of,
    ratio(value),
  ]);
  return [
    "",
    "For information: a page that is isolated, peers with two threads in shared memory, against ours with two workers",
    ...isolated.candidates.filter(({ detail }) => detail).map(({ name, detail }) => `  ${name}: ${detail}`),
    ...isolated.missing.map(({ id, reason }) => `  not run: ${id}: ${reason}`),
    align([["h", "N", "best peer / ours", ""], ...rows], 3),
  ];
}
