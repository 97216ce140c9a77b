/** The cell that is asked about: what the reader points at, else what is held, else what is being computed; and the engine's answer. */

import type { Explanation, Trace } from "../engine/types.ts";
import { stageOf } from "../trace/cells.ts";
import type { Lit } from "../view/paint.ts";
import { sharedEngine } from "./runner.ts";

export const sameCell = (a: Lit, b: Lit): boolean => a.stage === b.stage && a.index.join() === b.index.join();

export const cellKey = (cell: Lit): string => [cell.stage, ...cell.index].join(",");

export function parseCell(text: string): Lit | undefined {
  const [stage = "", ...index] = text.split(",");
  return stage === "" ? undefined : { stage, index: index.map(Number) };
}

const NOTHING: readonly Lit[] = [];

export class Inquiry {
  hover: Lit | undefined;
  /** Cells that are pointed at in running text: they light up, and the equation stays as it is. */
  glance: readonly Lit[] | undefined;
  /** Cells held on the way here: from the first that was asked, operand by operand, to the one on show. */
  path: Lit[] = [];
  explanation: Explanation | undefined;
  /** All terms of a long sum are on show. */
  expanded = false;
  error = "";
  readonly #changed: () => void;
  #operands: { of: Explanation | undefined; cells: readonly Lit[] } = { of: undefined, cells: NOTHING };
  #lit: { asked: Lit | undefined; operands: readonly Lit[]; cells: readonly Lit[] } = {
    asked: undefined,
    operands: NOTHING,
    cells: NOTHING,
  };
  #asking = "";
  #trace: Trace | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get held(): Lit | undefined {
    return this.path.at(-1);
  }

  /** A cell on the path is gone back to; another is walked on to. */
  hold(cell: Lit | undefined, trace: Trace | undefined): void {
    this.hover = undefined;
    this.glance = undefined;
    if (!cell || (trace && !contains(trace, cell))) {
      this.path = [];
      return;
    }
    const known = this.path.findIndex((one) => sameCell(one, cell));
    this.path = known >= 0 ? this.path.slice(0, known + 1) : [...this.path, cell];
  }

  /** Another trace: what is held stays held where it still exists. */
  restart(trace: Trace): void {
    this.#trace = trace;
    this.#asking = "";
    this.explanation = undefined;
    this.hover = undefined;
    this.path = this.path.filter((cell) => contains(trace, cell));
  }

  ask(active: Lit | undefined): void {
    const trace = this.#trace;
    const focus = this.hover ?? this.held ?? active;
    const key = focus ? cellKey(focus) : "";
    if (key === this.#asking) return;
    this.#asking = key;
    this.expanded = false;
    this.error = "";
    if (!focus || !trace) {
      this.explanation = undefined;
      return;
    }
    const current = () => this.#asking === key && this.#trace === trace;
    sharedEngine()
      .then((engine) => engine.explain(trace, focus.stage, focus.index))
      .then(
        (explanation) => {
          if (current()) this.explanation = explanation;
        },
        (error: Error) => {
          if (!current()) return;
          this.explanation = undefined;
          this.error = error.message;
        },
      )
      .then(() => current() && this.#changed());
  }

  /** The cell that the reader asks about, by pointing or by holding. */
  get asked(): Lit | undefined {
    return this.hover ?? this.held;
  }

  /** The operands of a cell, if it is the one that the engine was asked about. The same list as long as it is. */
  operandsOf(cell: Lit | undefined): readonly Lit[] {
    const { explanation } = this;
    if (!cell || !explanation || !sameCell(explanation, cell)) return NOTHING;
    if (this.#operands.of !== explanation) {
      this.#operands = { of: explanation, cells: explanation.terms.flatMap(({ factors }) => factors) };
    }
    return this.#operands.cells;
  }

  /** What is outlined: the cell that the reader asks about, and its operands. The same list as long as they are. */
  lit(): readonly Lit[] {
    if (this.glance) return this.glance;
    const { asked } = this;
    const operands = this.operandsOf(asked);
    if (this.#lit.asked !== asked || this.#lit.operands !== operands) {
      this.#lit = { asked, operands, cells: asked ? [asked, ...operands] : NOTHING };
    }
    return this.#lit.cells;
  }
}

export function contains(trace: Trace, cell: Lit): boolean {
  const stage = stageOf(trace, cell.stage);
  return (
    stage?.shape.length === cell.index.length &&
    cell.index.every((n, axis) => Number.isInteger(n) && n >= 0 && n < (stage.shape[axis] ?? 0))
  );
}
