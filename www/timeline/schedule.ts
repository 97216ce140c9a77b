/**
 * How the cells of one stage are spread over time: the first few slowly, the next rows quickly, the rest as one sweep.
 * A piecewise linear map between seconds and computed cells, so that any moment can be sought, forward or back.
 */

export interface Pace {
  /** Seconds before the first cell: the operands take their places. */
  lead: number;
  /** Seconds for each of the first cells. */
  cell: number;
}

const SLOW_CELLS = 4;
const FIRST_ROW_REST = 1.2;
const QUICK_ROWS = 2;
const QUICK_ROW = 0.8;
const SWEEP = 1.4;
const PAUSE_AFTER = 0.5;

interface Knot {
  time: number;
  cells: number;
}

export class Schedule {
  readonly cells: number;
  readonly duration: number;
  readonly #knots: Knot[];
  readonly #lead: number;

  constructor(rows: number, columns: number, pace: Pace) {
    this.cells = rows * columns;
    this.#lead = pace.lead;
    const knots: Knot[] = [{ time: pace.lead, cells: 0 }];
    const add = (cells: number, seconds: number) => {
      const last = knots.at(-1) as Knot;
      const next = Math.min(cells, this.cells);
      if (next > last.cells) knots.push({ time: last.time + seconds, cells: next });
    };
    const slow = pace.cell === 0 ? 0 : Math.min(SLOW_CELLS, this.cells);
    for (let n = 1; n <= slow; n++) add(n, pace.cell);
    if (slow > 0) {
      add(columns, FIRST_ROW_REST);
      for (let row = 2; row <= 1 + QUICK_ROWS; row++) add(row * columns, QUICK_ROW);
    }
    add(this.cells, SWEEP);
    this.#knots = knots;
    this.duration = (knots.at(-1) as Knot).time + PAUSE_AFTER;
  }

  /**
   * Computed cells at `time`. Negative during the lead: -1 at its start, 0 at its end. Beyond `cells` in the rest that follows the
   * last cell: one more at its end. So a position is a moment, and the clock can go on from any.
   */
  cellsAt(time: number): number {
    if (time < this.#lead) return Math.max(time, 0) / this.#lead - 1;
    const knots = this.#knots;
    for (let k = 1; k < knots.length; k++) {
      const [a, b] = [knots[k - 1] as Knot, knots[k] as Knot];
      if (time < b.time) return a.cells + ((time - a.time) / (b.time - a.time)) * (b.cells - a.cells);
    }
    const rest = Math.min(1, (time - this.#end) / PAUSE_AFTER);
    return this.cells + rest;
  }

  get #end(): number {
    return this.duration - PAUSE_AFTER;
  }

  timeOf(cells: number): number {
    if (cells < 0) return (1 + Math.max(cells, -1)) * this.#lead;
    const knots = this.#knots;
    for (let k = 1; k < knots.length; k++) {
      const [a, b] = [knots[k - 1] as Knot, knots[k] as Knot];
      if (cells <= b.cells) return a.time + ((cells - a.cells) / (b.cells - a.cells)) * (b.time - a.time);
    }
    return this.#end + Math.min(1, cells - this.cells) * PAUSE_AFTER;
  }

  /** Seconds that the cell at `cells` takes: what is too quick to follow is not animated cell by cell. */
  secondsPerCell(cells: number): number {
    const knots = this.#knots;
    for (let k = 1; k < knots.length; k++) {
      const [a, b] = [knots[k - 1] as Knot, knots[k] as Knot];
      if (cells < b.cells) return (b.time - a.time) / (b.cells - a.cells);
    }
    return 0;
  }
}
