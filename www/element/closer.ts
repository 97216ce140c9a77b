/** The zoom of the stage on show: which row or cell is looked at, and what is needed to draw it. */

import type { Explanation, Trace } from "../engine/types.ts";
import type { State } from "../state/fields.ts";
import { type Frame, WHOLE } from "../timeline/course.ts";
import type { MatrixView, Place } from "../view/matrix-view.ts";
import type { Lit } from "../view/paint.ts";
import type * as Zoom from "../view/zoom/index.ts";
import { cellKey } from "./inquiry.ts";
import { onDemand } from "./on-demand.ts";
import { sharedEngine } from "./runner.ts";

export const ZOOMS = ["matrix", "row", "cell"] as const;

/** Seconds that a cell takes at least while it plays: closer by, there is more to follow. */
const LEAST_SECONDS = { matrix: 0, row: 0.3, cell: 2.4 };

/** Of the time that passes, how much the course goes on. */
export function pace(zoom: State["zoom"], { secondsPerCell, cells }: Frame): number {
  const least = LEAST_SECONDS[zoom];
  return cells < 0 || secondsPerCell === 0 || secondsPerCell > least ? 1 : secondsPerCell / least;
}

/** The cell of the result that is looked at: where the reader stepped to; else what is held; else the largest of the chosen token's row. */
export function placeOf(
  trace: Trace,
  view: MatrixView,
  frame: Frame,
  state: State,
  held: Lit | undefined,
  token: number,
): Place {
  if (state.cell !== WHOLE) return frame.active ?? { row: 0, column: 0 };
  const at = held && view.locate(held.stage, held.index);
  if (at) return at;
  const row = ["query", "token"].includes(view.rowAxisName) ? Math.min(token, view.rows - 1) : 0;
  let column = 0;
  for (let next = 0; next < view.columns; next++) {
    const [a, b] = [view.value(trace, row, next), view.value(trace, row, column)];
    if (Number.isFinite(a) && !(b >= a)) column = next;
  }
  return { row, column };
}

/** What draws the closer zooms, and what the engine says of the cell that is looked at. */
export class Closeness {
  module: typeof Zoom | undefined;
  explanation: Explanation | undefined;
  readonly #load = onDemand(async () => {
    this.module = await import("../view/zoom/index.ts");
    this.#changed();
  });
  #asked = "";
  #trace: Trace | undefined;
  readonly #changed: () => void;
  readonly #missing: () => void;

  constructor(changed: () => void, missing: () => void) {
    this.#changed = changed;
    this.#missing = missing;
  }

  look(trace: Trace, zoom: State["zoom"], cell: Lit): void {
    if (zoom === "matrix") return;
    this.#load().catch(this.#missing);
    void this.#ask(trace, cell);
  }

  async #ask(trace: Trace, cell: Lit): Promise<void> {
    const key = cellKey(cell);
    if (key === this.#asked && trace === this.#trace) return;
    this.#asked = key;
    if (trace !== this.#trace) this.explanation = undefined;
    this.#trace = trace;
    const engine = await sharedEngine();
    const explanation = await engine.explain(trace, cell.stage, cell.index).catch(() => undefined);
    if (key !== this.#asked || trace !== this.#trace) return;
    this.explanation = explanation;
    this.#changed();
  }

  /** Of this cell, if that is the one that was asked about. */
  of(cell: Lit): Explanation | undefined {
    const { explanation } = this;
    return explanation && cellKey(explanation) === cellKey(cell) ? explanation : undefined;
  }
}
