/** Measurements and ratios as tables of text. */

import { flopsOf } from "./plan.mjs";
import { entryOf, medianOf } from "./statistics.mjs";

const LONGEST_REASON = 200;

/** Who was there, and what each took, did and missed: lines for the plan's cells. */
export function measuredPart(result) {
  const { runs } = result;
  const { candidates } = runs[0];
  const computing = candidates.filter(({ kind }) => kind !== "peak");
  return [
    ...presentPart(runs[0]),
    ...failuresOf(runs),
    "",
    "Milliseconds of a call, median",
    table(result, (cell, id) => time(medianOf(runs, cell, id)), computing),
    "",
    "GFLOP/s (4 N^2 d h)",
    table(result, (cell, id) => rate(runs, cell, id), candidates),
    "",
    "Largest error against f64",
    table(result, (cell, id) => error(runs, cell, id), computing),
  ];
}

/** By which build or on what each runs, and who does not. */
export const presentPart = ({ candidates, missing }) => [
  ...candidates.filter(({ detail }) => detail).map(({ name, detail }) => `  ${name}: ${detail}`),
  ...missing.map(({ id, reason }) => `  not run: ${id}: ${reason}`),
];

/** The ratios, and then cell by cell. */
export const ratioPart = (result) => [
  "Ratios: the ratio of each round, then their median; the worst cell stands for the row",
  ratioTable(result.ratios),
  "",
  "Ratios cell by cell",
  cellTable(result),
];

/** A line for each reason, with the sizes where it was met. */
function failuresOf(runs) {
  const places = new Map();
  for (const { heads, tokens, candidates } of runs.flatMap(({ cells }) => cells)) {
    for (const [id, { status, error, reason }] of Object.entries(candidates)) {
      if (status === "right") continue;
      const why = reason?.replace(/\s+/g, " ").slice(0, LONGEST_REASON) ?? `error ${error.toExponential(1)}`;
      const line = `  ${status}: ${id}: ${why}`;
      places.set(line, (places.get(line) ?? new Set()).add(`(${heads}, ${tokens})`));
    }
  }
  return [...places].map(([line, cells]) => `${line}; at (h, N) = ${[...cells].join(", ")}`);
}

/** Rows of strings, in columns: the first to the left, the others to the right. */
export function align(rows, left = 1) {
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

export const ratio = (value) => (value === undefined ? "-" : value >= 10 ? value.toFixed(1) : value.toFixed(2));

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
