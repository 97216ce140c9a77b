/** Cells from anywhere in the trace, or what lies between them and their result, in one row: the terms of a sum. */

import type { Explanation, Factor, Stage, Trace } from "../../engine/types.ts";
import { stageOf, valueAt } from "../../trace/cells.ts";
import type { CellsView, Place, Side } from "../matrix-view.ts";
import type { Scale } from "../palette.ts";

/** One factor of each term: the cells of the trace that they are. */
export class FactorsView implements CellsView {
  readonly stage: Stage;
  readonly rows = 1;
  readonly columns: number;
  readonly key: string;
  readonly #cells: readonly Factor[];

  constructor(stage: Stage, cells: readonly Factor[], key: string) {
    this.stage = stage;
    this.#cells = cells;
    this.columns = cells.length;
    this.key = key;
  }

  index(_: number, column: number): number[] {
    return this.#cells[column]?.index ?? [];
  }

  value(trace: Trace, _: number, column: number): number {
    return valueAt(trace, this.stage, this.index(0, column));
  }

  locate(stageId: string, index: readonly number[]): Place | undefined {
    if (stageId !== this.stage.id) return undefined;
    const column = this.#cells.findIndex((cell) => cell.index.join() === index.join());
    return column < 0 ? undefined : { row: 0, column };
  }

  readonly rowAxisName = "";

  /** The axis along which its cells lie. */
  get columnAxisName(): string {
    return this.stage.axes[this.#axis] ?? "";
  }

  get #axis(): number {
    const [first, second] = this.#cells;
    const axis = first?.index.findIndex((place, n) => place !== second?.index[n]) ?? -1;
    return second ? axis : -1;
  }

  along(_: Side, n: number): number {
    return this.#cells[n]?.index[this.#axis] ?? n;
  }
}

export type Between = "product" | "running";

/** What the engine says of each term besides its factors: its product, and the sum or the largest so far. */
export class BetweenView implements CellsView {
  readonly stage: Stage;
  readonly rows = 1;
  readonly columns: number;
  readonly key: string;
  readonly scale: Scale;
  readonly rowAxisName = "";
  readonly columnAxisName = "";
  readonly #of: Explanation;
  readonly #what: Between;
  readonly #from: number;

  constructor(trace: Trace, of: Explanation, what: Between, range: { from: number; to: number }) {
    this.stage = stageOf(trace, of.stage) as Stage;
    this.#of = of;
    this.#what = what;
    this.#from = range.from;
    this.columns = range.to - range.from;
    this.key = `${what}:${of.stage}:${of.index.join()}:${range.from}`;
    this.scale = betweenScale(of);
  }

  index(): number[] {
    return this.#of.index;
  }

  value(_: Trace, __: number, column: number): number {
    return this.#of.terms[this.#from + column]?.[this.#what] ?? Number.NaN;
  }

  names(_: number, column: number): Record<string, string> {
    const { stage, index } = this.#of;
    return { between: this.#what, term: String(this.#from + column), of: [stage, ...index].join() };
  }

  locate(): undefined {
    return undefined;
  }

  along(_: Side, n: number): number {
    return n;
  }
}

/** A view in one row, stood on end. */
export class Standing implements CellsView {
  readonly columns = 1;
  readonly #lying: CellsView;

  constructor(lying: CellsView) {
    this.#lying = lying;
  }

  get stage(): Stage {
    return this.#lying.stage;
  }

  get rows(): number {
    return this.#lying.columns;
  }

  get key(): string {
    return `${this.#lying.key}:standing`;
  }

  get scale(): Scale | undefined {
    return this.#lying.scale;
  }

  get names(): CellsView["names"] {
    const { names } = this.#lying;
    return names && ((row, column) => names.call(this.#lying, column, row));
  }

  index(row: number, column: number): number[] {
    return this.#lying.index(column, row);
  }

  value(trace: Trace, row: number, column: number): number {
    return this.#lying.value(trace, column, row);
  }

  locate(stageId: string, index: readonly number[]): Place | undefined {
    const at = this.#lying.locate(stageId, index);
    return at && { row: at.column, column: at.row };
  }

  get rowAxisName(): string {
    return this.#lying.columnAxisName;
  }

  readonly columnAxisName = "";

  along(_: Side, n: number): number {
    return this.#lying.along("column", n);
  }
}

/** The number in an operation that is no cell, as the scale. */
export class ConstantView implements CellsView {
  readonly stage: Stage;
  readonly rows = 1;
  readonly columns = 1;
  readonly key = "constant";
  readonly rowAxisName = "";
  readonly columnAxisName = "";
  readonly scale: Scale;
  readonly #index: number[];
  readonly #constant: { name: string; value: number };

  constructor(stage: Stage, index: number[], constant: { name: string; value: number }) {
    this.stage = stage;
    this.#index = index;
    this.#constant = constant;
    // A number of its own kind: it has no place on a scale of cells.
    this.scale = { kind: "positive", end: Number.POSITIVE_INFINITY, holes: false };
  }

  index(): number[] {
    return this.#index;
  }

  value(): number {
    return this.#constant.value;
  }

  names(): Record<string, string> {
    return { constant: this.#constant.name };
  }

  locate(): undefined {
    return undefined;
  }

  along(_: Side, n: number): number {
    return n;
  }
}

const scales = new WeakMap<Explanation, Scale>();

/** One scale for all that lies between, so that a product and a sum of the same size look the same. */
function betweenScale(of: Explanation): Scale {
  const known = scales.get(of);
  if (known) return known;
  const numbers = of.terms.flatMap(({ product, running = 0 }) => [product, running]);
  const sizes = numbers.map(Math.abs);
  const end = sizes.filter(Number.isFinite).reduce((most, size) => Math.max(most, size), 0);
  const scale: Scale = { kind: "signed", end, holes: sizes.some((size) => !Number.isFinite(size)) };
  scales.set(of, scale);
  return scale;
}
