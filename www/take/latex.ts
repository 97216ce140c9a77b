/** A row of weights, worked out: a line for each key, from its score to its weight, with the numbers as the page shows them. */

import type { Stage, Trace } from "../engine/types.ts";
import { stageOf, valueAt } from "../trace/cells.ts";
import { formatCell } from "../view/format.ts";
import { visible } from "./visible.ts";

/** What stands in the columns, in the order in which it is worked out, and how a column is headed. */
const STEPS: Record<string, string> = {
  scores: "q \\cdot k",
  scaled: "\\times \\text{scale}",
  capped: "\\text{softcap}",
  bias: "\\text{bias}",
  biased: "+ \\text{bias}",
  masked: "\\text{mask}",
  shifted: "- \\max",
  exp: "\\exp",
  weights: "\\div \\textstyle\\sum",
};

/** The stages of which a trace has a worked row. */
export const workedStages = (trace: Trace): Stage[] => Object.keys(STEPS).flatMap((id) => stageOf(trace, id) ?? []);

export function workedRow(trace: Trace, head: number, query: number): string {
  const stages = workedStages(trace);
  const at = (id: string, key: number) => {
    const stage = stageOf(trace, id);
    return stage ? mathNumber(valueAt(trace, stage, [head, query, key].slice(0, stage.shape.length))) : "";
  };
  const keys = trace.tokens.key.map((token, key) =>
    [`\\text{${escaped(token)}}`, ...stages.map(({ id }) => at(id, key))].join(" & "),
  );
  const query_ = escaped(trace.tokens.query[query] ?? "");
  const result = stageOf(trace, "row_max") ? [`\\max = ${at("row_max", 0)}`, `\\sum \\exp = ${at("row_sum", 0)}`] : [];
  const { scale, softcap } = trace.config;
  const constants = [`\\text{scale} = ${mathNumber(scale)}`];
  if (typeof softcap === "number" && softcap > 0) constants.push(`\\text{softcap} = ${mathNumber(softcap)}`);
  return [
    // For \text.
    "% \\usepackage{amsmath}",
    `\\[`,
    `\\begin{array}{l${"r".repeat(stages.length)}}`,
    `${[`\\text{${query_}}`, ...stages.map(({ id }) => STEPS[id])].join(" & ")} \\\\`,
    `\\hline`,
    ...keys.map((line) => `${line} \\\\`),
    `\\end{array}`,
    `\\]`,
    `\\[`,
    [...constants, ...result].join(" \\qquad "),
    `\\]`,
    "",
  ].join("\n");
}

/** As the page has it, in the signs of LaTeX. */
function mathNumber(value: number): string {
  if (Number.isNaN(value)) return "\\text{NaN}";
  return formatCell(value)
    .replaceAll("−", "-")
    .replace("∞", "\\infty")
    .replace(/e(-?\d+)$/, " \\cdot 10^{$1}");
}

const SPECIAL: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  '"': "{\\char34}",
  "`": "\\textasciigrave{}",
};

/** Text that LaTeX sets and does not obey. */
export const escaped = (text: string): string =>
  visible(text).replace(/[\\~^<>|"`{}$&#%_]/g, (letter) => SPECIAL[letter] ?? `\\${letter}`);
