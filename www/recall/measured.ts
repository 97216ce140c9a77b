/** What was measured when the networks were made: `results.json` beside their weights. */

import type { Kind } from "./run.ts";
import type { Sequence } from "./sequence.ts";

/** Distance from the question, and the number there. */
export type Curve = [distance: number, value: number][];

export interface Network {
  parameters: number;
  /** Share of right answers. */
  accuracy: Curve;
  /** Length of the gradient of the answer with respect to the token that is asked for, and to the others. */
  gradient: Record<"trained" | "untrained", { asked: Curve; others: Curve }>;
}

export interface Measured {
  budget: { steps: number; batch: number; rate: number; decay: number };
  /** Share of right answers of one who guesses. */
  chance: number;
  lengths: Record<Sequence["task"], [least: number, most: number]>;
  networks: Record<`${Sequence["task"]}.${Kind}`, Network>;
}
