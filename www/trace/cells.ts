/** Reading a trace: its stages by name, their cells by index, and how large the slice of one head is. */

import type { Edit, Stage, Trace } from "../engine/types.ts";

export const stageOf = (trace: Trace, id: string): Stage | undefined => trace.stages.find((stage) => stage.id === id);

/** NaN for a place that the stage does not have. */
export function valueAt(trace: Trace, stage: Stage, index: readonly number[]): number {
  let linear = 0;
  for (let axis = 0; axis < stage.shape.length; axis++) {
    const [extent, at] = [stage.shape[axis] ?? 1, index[axis] ?? 0];
    if (at < 0 || at >= extent) return Number.NaN;
    linear = linear * extent + at;
  }
  return trace.data[stage.offset + linear] ?? Number.NaN;
}

/** Whether an edit sets the cell. */
export const covers = (edit: Edit, id: string, index: readonly number[]): boolean =>
  edit.stage === id && edit.index.every((at, axis) => at < 0 || at === index[axis]);

/** Whether the reader has set the number. */
export const isEdited = ({ config }: Trace, { id }: Stage, index: readonly number[]): boolean =>
  config.edits?.some((edit) => covers(edit, id, index)) ?? false;

export const hasHeads = (stage: Stage) => stage.axes[0] === "head" || stage.axes[0] === "kv_head";

/** Rows and columns of one head's slice of a stage (of the whole stage where it has no head axis). */
export function sliceSize(stage: Stage): { rows: number; columns: number } {
  const [rows = 1, ...rest] = hasHeads(stage) ? stage.shape.slice(1) : stage.shape;
  return { rows, columns: rest.reduce((a, b) => a * b, 1) };
}
