/** A view of one stage as a matrix: which axis runs down, which across, and where the others stand. Knows cells, not pixels. */

import type { Stage, Trace } from "../engine/types.ts";
import { hasHeads, sliceSize } from "../trace/cells.ts";
import type { Scale } from "./palette.ts";

export type Role = "query" | "key" | "value" | "output" | "weights" | "plain";

export type Side = "row" | "column";

export interface Place {
  row: number;
  column: number;
}

/** Cells in rows and columns: those of a matrix, or those that meet in one cell. */
export interface CellsView {
  readonly stage: Stage;
  readonly rows: number;
  readonly columns: number;
  /** No two views of a scene have the same. */
  readonly key: string;
  /** The cell of the trace that stands there. */
  index(row: number, column: number): number[];
  value(trace: Trace, row: number, column: number): number;
  /** Row and column of a cell of the trace, if this view shows it. */
  locate(stageId: string, index: readonly number[]): Place | undefined;
  readonly rowAxisName: string;
  readonly columnAxisName: string;
  /** What an element says of a cell that is none of the trace, as data attributes. */
  names?: ((row: number, column: number) => Record<string, string>) | undefined;
  /** Its own scale of colours, where it is not the stage's. */
  readonly scale?: Scale | undefined;
  /** The place of a row or a column along its axis in the stage. */
  along(side: Side, n: number): number;
}

export class MatrixView implements CellsView {
  readonly stage: Stage;
  readonly rows: number;
  readonly columns: number;
  /** The index of the cell at row 0, column 0. */
  readonly origin: readonly number[];
  /** Where in the arena the cell at row 0, column 0 stands, and how far apart neighbours lie, down and across. */
  readonly start: number;
  readonly down: number;
  readonly across: number;
  readonly #rowAxis: number;
  readonly #columnAxis: number;
  /** Columns run over two axes, this many of the second to one of the first: a state of [key_dim, dim] lies in one row. */
  readonly #inner: number;
  readonly #name: string;

  constructor(
    stage: Stage,
    slice: {
      origin: number[];
      rowAxis: number;
      columnAxis: number;
      rows: number;
      columns: number;
      inner?: number;
      name?: string;
    },
  ) {
    this.#name = slice.name ?? "";
    this.#inner = slice.inner ?? 0;
    this.stage = stage;
    this.origin = slice.origin;
    this.rows = slice.rows;
    this.columns = slice.columns;
    this.#rowAxis = slice.rowAxis;
    this.#columnAxis = slice.columnAxis;
    const strides = stage.shape.map((_, axis) => stage.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    this.start = strides.reduce((at, stride, axis) => at + stride * (slice.origin[axis] ?? 0), stage.offset);
    this.down = strides[slice.rowAxis] ?? 0;
    this.across = strides[slice.columnAxis + (this.#inner > 0 ? 1 : 0)] ?? 0;
  }

  get key(): string {
    return `${this.stage.id}:${this.origin.join(",")}${this.#name}`;
  }

  index(row: number, column: number): number[] {
    const index = [...this.origin];
    if (this.#rowAxis >= 0) index[this.#rowAxis] = (index[this.#rowAxis] ?? 0) + row;
    if (this.#inner > 0) {
      index[this.#columnAxis] = Math.floor(column / this.#inner);
      index[this.#columnAxis + 1] = column % this.#inner;
    } else if (this.#columnAxis >= 0) index[this.#columnAxis] = (index[this.#columnAxis] ?? 0) + column;
    return index;
  }

  value(trace: Trace, row: number, column: number): number {
    const inside = row >= 0 && row < this.rows && column >= 0 && column < this.columns;
    return inside ? (trace.data[this.start + row * this.down + column * this.across] ?? Number.NaN) : Number.NaN;
  }

  locate(stageId: string, index: readonly number[]): Place | undefined {
    if (stageId !== this.stage.id || index.length !== this.origin.length) return undefined;
    const at = { row: 0, column: 0 };
    for (let axis = 0; axis < index.length; axis++) {
      const delta = (index[axis] ?? 0) - (this.origin[axis] ?? 0);
      if (axis === this.#rowAxis) at.row = delta;
      else if (axis === this.#columnAxis) at.column += this.#inner > 0 ? delta * this.#inner : delta;
      else if (this.#inner > 0 && axis === this.#columnAxis + 1) at.column += delta;
      else if (delta !== 0) return undefined;
    }
    const inside = at.row >= 0 && at.row < this.rows && at.column >= 0 && at.column < this.columns;
    return inside ? at : undefined;
  }

  along(side: Side, n: number): number {
    const axis = side === "row" ? this.#rowAxis : this.#columnAxis;
    return (this.origin[axis] ?? 0) + n;
  }

  /** One row of it alone. */
  row(n: number): MatrixView {
    const origin = [...this.origin];
    if (this.#rowAxis >= 0) origin[this.#rowAxis] = (origin[this.#rowAxis] ?? 0) + n;
    const [rowAxis, columnAxis] = [this.#rowAxis, this.#columnAxis];
    return new MatrixView(this.stage, {
      origin,
      rowAxis,
      columnAxis,
      rows: 1,
      columns: this.columns,
      inner: this.#inner,
    });
  }

  /** All rows but the last. */
  butLast(): MatrixView {
    return new MatrixView(this.stage, {
      origin: [...this.origin],
      rowAxis: this.#rowAxis,
      columnAxis: this.#columnAxis,
      rows: this.rows - 1,
      columns: this.columns,
      inner: this.#inner,
      name: ":but-last",
    });
  }

  /** Some of its columns, of a matrix whose columns run over one axis. */
  part(from: number, to: number): MatrixView {
    const origin = [...this.origin];
    const columnAxis = this.#columnAxis;
    if (columnAxis >= 0) origin[columnAxis] = (origin[columnAxis] ?? 0) + from;
    return new MatrixView(this.stage, {
      origin,
      rowAxis: this.#rowAxis,
      columnAxis,
      rows: this.rows,
      columns: to - from,
    });
  }

  get inOneAxis(): boolean {
    return this.#inner === 0;
  }

  get rowAxisName(): string {
    return this.stage.axes[this.#rowAxis] ?? "";
  }

  get columnAxisName(): string {
    return this.stage.axes[this.#columnAxis] ?? "";
  }
}

/** The slice of a stage that belongs to `head`; a stage without heads is shown whole. */
export function sliceForHead(trace: Trace, stage: Stage, head: number): MatrixView {
  const at = hasHeads(stage) ? [headIndex(trace, stage, head)] : [];
  const axes = stage.shape.length - at.length;
  const rowAxis = at.length;
  const columnAxis = axes > 1 ? rowAxis + 1 : -1;
  const inner = axes > 2 ? (stage.shape[columnAxis + 1] ?? 1) : 0;
  return new MatrixView(stage, {
    inner,
    origin: [...at, ...Array<number>(axes).fill(0)],
    rowAxis,
    columnAxis,
    ...sliceSize(stage),
  });
}

/** Query head h reads key/value head floor(h / group). */
export function headIndex(trace: Trace, stage: Stage, head: number): number {
  const count = stage.shape[0] ?? 1;
  if (stage.axes[0] !== "kv_head") return Math.min(head, count - 1);
  return Math.min(Math.floor((head * count) / trace.config.heads), count - 1);
}

export function transposed(view: MatrixView): MatrixView {
  const rank = view.origin.length;
  return new MatrixView(view.stage, {
    origin: [...view.origin],
    rowAxis: rank - 1,
    columnAxis: rank - 2,
    rows: view.columns,
    columns: view.rows,
  });
}

/** The columns `from` .. `from + count` of a headless matrix, as those of w_query that a head owns. */
export function columnsOf(stage: Stage, from: number, count: number): MatrixView {
  return new MatrixView(stage, {
    origin: [0, from],
    rowAxis: 0,
    columnAxis: 1,
    rows: stage.shape[0] ?? 1,
    columns: count,
  });
}

/** The entries `from` .. `from + count` of a vector, laid out as one row. */
export function rowOf(stage: Stage, from: number, count: number): MatrixView {
  return new MatrixView(stage, { origin: [from], rowAxis: -1, columnAxis: 0, rows: 1, columns: count });
}
