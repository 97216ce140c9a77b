/**
 * The scene of a stage: operands and result in the geometry of the operation.
 *
 *   product      left operand, top operand, result at the crossing
 *   elementwise  operands and result side by side, the operator between them
 *   row          a matrix, and one number at the end of each row
 */

import type { Stage, Trace } from "../engine/types.ts";
import { fill, say } from "../text/say.ts";
import { stageOf } from "../trace/cells.ts";
import { stageName } from "../trace/story.ts";
import {
  type CellsView,
  columnsOf,
  headIndex,
  type MatrixView,
  type Role,
  rowOf,
  sliceForHead,
  transposed,
} from "./matrix-view.ts";

/** The name over a matrix: its operator, its stage, transposed or not, of which head. */
export function titleOf(part: Part): string {
  if (part.brief) return [part.sign, part.note].filter(Boolean).join(" ");
  const stage = stageName(part.view.stage);
  const name = part.before ? fill(say.tokenBefore, { stage }) : stage;
  const transposed = part.place === "top" && /^key/.test(part.view.stage.id) ? "ᵀ" : "";
  return [part.sign, `${name}${transposed}`, part.note].filter(Boolean).join(" ");
}

export interface Part {
  view: CellsView;
  place: "left" | "top" | "between" | "result" | "under";
  role: Role;
  /** What stands in front of the matrix: an operator and its number. */
  sign: string;
  /** What tells it from others of the same stage. */
  note: string;
  /** The note alone is its title: one of many of the same stage. */
  brief: boolean;
  /** Read of the token before: of a whole matrix a row less, which ends where the others do. */
  before?: boolean;
  /** Its title where there is no room for all of it; "" where it is cut. */
  short: string;
}

/** A matrix of the trace, or some rows or columns of it. */
export interface MatrixPart extends Part {
  view: MatrixView;
}

export interface Scene {
  product: boolean;
  parts: MatrixPart[];
  result: MatrixPart;
}

const ROLES: Record<string, Role> = {
  query: "query",
  query_rotated: "query",
  w_query: "query",
  b_query: "query",
  key: "key",
  key_rotated: "key",
  w_key: "key",
  b_key: "key",
  value: "value",
  w_value: "value",
  b_value: "value",
  exp: "weights",
  weights: "weights",
  mixed: "output",
  concat: "output",
  output: "output",
  w_output: "output",
  b_output: "output",
};

export const roleOf = (id: string): Role => ROLES[id] ?? "plain";

const SIGNS: Record<string, string> = {
  add: "+",
  subtract: "−",
  divide: "÷",
  alibi: "+",
  accumulate: "+",
  decay: "×",
  error: "−",
};

/** What does not come before a stage is read of the token before. */
export const readBefore = (trace: Trace, operand: Stage, stage: Stage): boolean =>
  trace.stages.indexOf(operand) >= trace.stages.indexOf(stage);

/** `note`: what tells the numbers of the result from others of its stage. */
export function sceneFor(trace: Trace, stage: Stage, head: number, note = ""): Scene {
  const result = { ...part(sliceForHead(trace, stage, head), "result"), note };
  const operands = stage.from.map((id) => stageOf(trace, id)).filter((s): s is Stage => s !== undefined);
  if (stage.op === "matmul" || stage.op === "affine" || stage.op === "softmax") {
    return { product: true, result, parts: productParts(trace, stage, operands, head) };
  }
  if (stage.op === "concat") return { product: false, result, parts: headParts(trace, operands) };
  const own = operands.filter((from) => !readBefore(trace, from, stage));
  const before = operands.filter((from) => readBefore(trace, from, stage));
  // What has a row for each token comes first: its rows are named.
  const views = [
    ...own.map((from) => ({ view: sliceForHead(trace, from, head) })),
    ...before.map((from) => ({ view: sliceForHead(trace, from, head).butLast(), before: true })),
  ];
  const parts = views
    .filter(({ view }) => view.rows > 0)
    .map(({ view, ...more }, n) => {
      const sign = n === 0 ? "" : (SIGNS[stage.op] ?? "");
      return { ...part(view, n === 0 ? "left" : "between"), ...more, sign };
    });
  const signed = parts.some(({ sign }) => sign !== "");
  return { product: false, result: { ...result, sign: signed ? "=" : "" }, parts };
}

function part(view: MatrixView, place: Part["place"]): MatrixPart {
  return { view, place, role: roleOf(view.stage.id), sign: "", note: "", brief: false, short: "" };
}

function productParts(trace: Trace, stage: Stage, operands: Stage[], head: number): MatrixPart[] {
  const [left, right, bias] = operands;
  if (!left || !right) return [];
  const parts = [part(sliceForHead(trace, left, head), "left")];
  // Scores meet the keys' rows; everything else meets the right operand's columns.
  if (stage.id === "scores" || stage.op === "softmax")
    parts.push(part(transposed(sliceForHead(trace, right, head)), "top"));
  else if (right.id.startsWith("w_") && right.id !== "w_output") {
    const { from, count } = channels(trace, stage, head);
    parts.push(part(columnsOf(right, from, count), "top"));
    if (bias) parts.push(part(rowOf(bias, from, count), "under"));
  } else {
    parts.push(part(sliceForHead(trace, right, head), "top"));
    if (bias) parts.push(part(rowOf(bias, 0, bias.shape[0] ?? 0), "under"));
  }
  return parts;
}

/** Head h owns channels h * dim .. (h + 1) * dim of a projection. */
function channels(trace: Trace, stage: Stage, head: number): { from: number; count: number } {
  const count = stage.shape[2] ?? 1;
  return { from: headIndex(trace, stage, head) * count, count };
}

/** With more heads than this their matrices are numbered alone. */
const FEW_HEADS = 4;

/** Joining heads: each head's mix keeps its rows, and its columns go side by side. */
function headParts(trace: Trace, operands: Stage[]): MatrixPart[] {
  const [mixed] = operands;
  if (!mixed) return [];
  const heads = mixed.shape[0] ?? 1;
  return Array.from({ length: heads }, (_, head) => ({
    ...part(sliceForHead(trace, mixed, head), "left"),
    note: head > 0 && heads > FEW_HEADS ? String(head + 1) : fill(say.ofHead, { n: head + 1 }),
    brief: head > 0,
    short: String(head + 1),
  }));
}
