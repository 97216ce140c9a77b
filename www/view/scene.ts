/**
 * The scene of a stage: operands and result in the geometry of the operation.
 *
 *   product      left operand, top operand, result at the crossing
 *   elementwise  operands and result side by side, the operator between them
 *   row          a matrix, and one number at the end of each row
 */

import type { Stage, Trace } from "../engine/types.ts";
import { en, fill } from "../text/en.ts";
import {
  columnsOf,
  headIndex,
  type MatrixView,
  type Role,
  rowOf,
  sliceForHead,
  stageOf,
  transposed,
} from "./matrix-view.ts";

/** The name over a matrix: its operator, its stage, transposed or not, of which head. */
export function titleOf(part: Part): string {
  if (part.brief) return part.note;
  const name = en.stages[part.view.stage.id] ?? part.view.stage.id;
  const transposed = part.place === "top" && /^key/.test(part.view.stage.id) ? "ᵀ" : "";
  return [part.sign, `${name}${transposed}`, part.note].filter(Boolean).join(" ");
}

/** How an operand's cells lead to those of the result. */
export type Reads = "row" | "column" | "same" | "row-of-result" | "shared" | "concat" | "none";

export interface Part {
  view: MatrixView;
  place: "left" | "top" | "between" | "result" | "under";
  role: Role;
  reads: Reads;
  /** Where this operand's columns begin in the result (heads that are joined). */
  columnOffset: number;
  /** What stands in front of the matrix: an operator and its number. */
  sign: string;
  /** What tells it from others of the same stage. */
  note: string;
  /** The note alone is its title: one of many of the same stage. */
  brief: boolean;
}

export interface Scene {
  geometry: "product" | "elementwise" | "row" | "given";
  parts: Part[];
  result: Part;
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

const SIGNS: Record<string, string> = { add: "+", subtract: "−", divide: "÷", alibi: "+" };

export function sceneFor(trace: Trace, stage: Stage, head: number): Scene {
  const result = part(sliceForHead(trace, stage, head), "result", "none");
  const operands = stage.from.map((id) => stageOf(trace, id)).filter((s): s is Stage => s !== undefined);
  switch (stage.op) {
    case "matmul":
    case "affine":
      return { geometry: "product", result, parts: productParts(trace, stage, operands, head) };
    case "max":
    case "sum":
      return {
        geometry: "row",
        result,
        parts: operands.map((from) => part(sliceForHead(trace, from, head), "left", "row-of-result")),
      };
    case "concat":
      return { geometry: "elementwise", result, parts: headParts(operands) };
    default:
      return {
        geometry: operands.length > 0 ? "elementwise" : "given",
        result,
        parts: operands.map((from, n) => {
          const view = sliceForHead(trace, from, head);
          const reads: Reads =
            view.columns === 1 && result.view.columns > 1
              ? "row-of-result"
              : view.columns === result.view.columns
                ? "same"
                : "row";
          return { ...part(view, n === 0 ? "left" : "between", reads), sign: n === 0 ? "" : (SIGNS[stage.op] ?? "") };
        }),
      };
  }
}

function part(view: MatrixView, place: Part["place"], reads: Reads): Part {
  return { view, place, reads, role: roleOf(view.stage.id), columnOffset: 0, sign: "", note: "", brief: false };
}

function productParts(trace: Trace, stage: Stage, operands: Stage[], head: number): Part[] {
  const [left, right, bias] = operands;
  if (!left || !right) return [];
  const parts = [part(sliceForHead(trace, left, head), "left", "row")];
  // Scores meet the keys' rows; everything else meets the right operand's columns.
  if (stage.id === "scores") parts.push(part(transposed(sliceForHead(trace, right, head)), "top", "column"));
  else if (right.id.startsWith("w_") && right.id !== "w_output") {
    const { from, count } = channels(trace, stage, head);
    parts.push(part(columnsOf(right, from, count), "top", "column"));
    if (bias) parts.push(part(rowOf(bias, from, count), "under", "column"));
  } else {
    parts.push(part(sliceForHead(trace, right, head), "top", "column"));
    if (bias) parts.push(part(rowOf(bias, 0, bias.shape[0] ?? 0), "under", "column"));
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
function headParts(operands: Stage[]): Part[] {
  const [mixed] = operands;
  if (!mixed) return [];
  const [heads = 1, , dim = 1] = mixed.shape;
  return Array.from({ length: heads }, (_, head) => ({
    ...part(sliceOfHead(mixed, head), "left" as const, "concat" as const),
    columnOffset: head * dim,
    note:
      head === 0 ? fill(en.ofHead, { n: 1 }) : heads > FEW_HEADS ? String(head + 1) : fill(en.ofHead, { n: head + 1 }),
    brief: head > 0,
  }));
}

function sliceOfHead(stage: Stage, head: number): MatrixView {
  return sliceForHead({ config: { heads: stage.shape[0] ?? 1 } } as Trace, stage, head);
}

/** The cells of `part` that the result's cell (row, column) reads, as a rectangle of cells. */
export function operandCells(
  operand: Part,
  row: number,
  column: number,
): { row: number; column: number; rows: number; columns: number } | undefined {
  const { view } = operand;
  switch (operand.reads) {
    case "row":
      return { row: Math.min(row, view.rows - 1), column: 0, rows: 1, columns: view.columns };
    case "column":
      return { row: 0, column: Math.min(column, view.columns - 1), rows: view.rows, columns: 1 };
    case "same":
      return { row: Math.min(row, view.rows - 1), column, rows: 1, columns: 1 };
    case "row-of-result":
      return { row, column: 0, rows: 1, columns: view.columns };
    case "concat": {
      const local = column - operand.columnOffset;
      return local >= 0 && local < view.columns ? { row, column: local, rows: 1, columns: 1 } : undefined;
    }
    default:
      return undefined;
  }
}
