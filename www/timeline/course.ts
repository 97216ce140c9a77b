/** The course: the stages of a trace in order, each with its place in time. A frame is a pure function of (trace, time). */

import type { Stage, Trace } from "../engine/types.ts";
import { sliceSize } from "../trace/cells.ts";
import { Schedule } from "./schedule.ts";

/** Stages that are parameters: shown as operands of the stage that reads them, not as a stop of their own. */
const PARAMETERS = /^(w|b)_|^(cos|sin|alibi|mask|bias|decay|beta|past_state)$/;
const PRODUCTS = new Set(["matmul", "affine"]);
const INPUTS = new Set(["given", "seeded", "sinusoid"]);

/** Whether its numbers were there before anything was computed. */
export const isInput = ({ op }: Stage): boolean => INPUTS.has(op);

export const isParameter = (id: string): boolean => PARAMETERS.test(id);

export interface Segment {
  stage: Stage;
  /** Seconds from the start of the course. */
  start: number;
  schedule: Schedule;
  rows: number;
  columns: number;
}

export const STEP_UNITS = ["cell", "row", "stage"] as const;
export type StepUnit = (typeof STEP_UNITS)[number];

/** `cell` of the state: all of the stage is computed. */
export const WHOLE = -2;

export interface Frame {
  segment: Segment;
  /** Segment before, whose result takes its new place during the lead. */
  previous: Segment | undefined;
  /** Computed cells in row-major order of the slice on show, as a fraction; negative in the lead, see Schedule. */
  cells: number;
  /** The cell that is being computed, or was computed last: its row and column. */
  active: { row: number; column: number } | undefined;
  /** Progress of the active cell, 0 to 1. */
  progress: number;
  secondsPerCell: number;
  time: number;
}

export class Course {
  readonly segments: Segment[] = [];
  readonly duration: number;

  constructor(trace: Trace) {
    let start = 0;
    for (const stage of trace.stages) {
      if (isParameter(stage.id)) continue;
      const { rows, columns } = sliceSize(stage);
      // Nothing goes before the first.
      const lead = start === 0 ? 0 : 0.7;
      const cell = PRODUCTS.has(stage.op) ? 1 : isInput(stage) ? 0 : 0.5;
      const schedule = new Schedule(rows, columns, { lead, cell });
      this.segments.push({ stage, start, schedule, rows, columns });
      start += schedule.duration;
    }
    this.duration = start;
  }

  segmentOf(stageId: string): Segment | undefined {
    return this.segments.find(({ stage }) => stage.id === stageId);
  }

  /** The stop of the course at which `stageId` can be seen: its own, or the stage that reads it. */
  stopFor(stageId: string): Segment | undefined {
    return this.segmentOf(stageId) ?? this.segments.find(({ stage }) => stage.from.includes(stageId));
  }

  /** The position, as the state names it, at a time. */
  positionAt(time: number): { stage: string; cell: number } {
    const bounded = Math.min(Math.max(time, 0), this.duration);
    const segment = this.segments.findLast(({ start }) => start <= bounded) ?? (this.segments[0] as Segment);
    return { stage: segment.stage.id, cell: segment.schedule.cellsAt(bounded - segment.start) };
  }

  timeOf(stageId: string, cell: number): number {
    const segment = this.segmentOf(stageId) ?? (this.segments[0] as Segment);
    const { schedule, start } = segment;
    return start + (cell === WHOLE ? schedule.duration - 1e-6 : schedule.timeOf(cell));
  }

  frame(stageId: string, cell: number): Frame {
    const segment = this.segmentOf(stageId) ?? (this.segments[0] as Segment);
    const { schedule } = segment;
    const previous = this.segments[this.segments.indexOf(segment) - 1];
    const cells = cell === WHOLE ? schedule.cells : Math.min(previous ? cell : Math.max(cell, 0), schedule.cells);
    const running = Math.floor(cells) !== cells;
    const linear = cell === WHOLE || cells <= 0 ? -1 : running ? Math.floor(cells) : cells - 1;
    return {
      segment,
      previous,
      cells,
      active: linear < 0 ? undefined : { row: Math.floor(linear / segment.columns), column: linear % segment.columns },
      progress: running ? cells - Math.floor(cells) : 1,
      secondsPerCell: schedule.secondsPerCell(Math.max(cells, 0)),
      time: this.timeOf(segment.stage.id, cell),
    };
  }

  /** `n` steps by cell, row or stage from a position, over the ends of stages; at an end of the course it stays. */
  step(at: { stage: string; cell: number }, by: StepUnit, n: number): { stage: string; cell: number } {
    let next = at;
    for (let left = Math.abs(n); left > 0; left--) {
      const before = next;
      next = by === "stage" ? this.#nextStage(before, Math.sign(n)) : this.#nextCells(before, by, Math.sign(n));
      if (next === before) break;
    }
    return next;
  }

  #nextStage(at: { stage: string; cell: number }, sign: number): { stage: string; cell: number } {
    const next = this.segments[this.#place(at.stage) + sign];
    return next ? { stage: next.stage.id, cell: WHOLE } : at;
  }

  #nextCells(at: { stage: string; cell: number }, by: StepUnit, sign: number): { stage: string; cell: number } {
    const segment = this.segments[this.#place(at.stage)] as Segment;
    const unit = by === "cell" ? 1 : segment.columns;
    const all = segment.schedule.cells;
    const cells = at.cell === WHOLE ? all : Math.min(Math.max(at.cell, 0), all);
    if (sign > 0 && cells < all) {
      return { stage: at.stage, cell: Math.min(all, (Math.floor(cells / unit + 1e-9) + 1) * unit) };
    }
    if (sign < 0 && cells > 0) return { stage: at.stage, cell: (Math.ceil(cells / unit - 1e-9) - 1) * unit };
    const next = this.segments[this.#place(at.stage) + sign];
    if (!next) return at;
    const first = by === "cell" ? 1 : next.columns;
    return { stage: next.stage.id, cell: sign > 0 ? first : next.schedule.cells };
  }

  #place(stageId: string): number {
    return Math.max(
      0,
      this.segments.findIndex(({ stage }) => stage.id === stageId),
    );
  }
}
