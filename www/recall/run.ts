/** The three networks on one sequence. */

import type { Model, Recalled } from "../engine/engine.ts";
import type { Sequence } from "./sequence.ts";

export const KINDS = ["rnn", "lstm", "attention"] as const;
export type Kind = (typeof KINDS)[number];

export type Results = Record<Kind, Recalled>;

export async function recallAll(model: Model, { task, tokens }: Sequence): Promise<Results> {
  const [rnn, lstm, attention] = await Promise.all(KINDS.map((kind) => model.recall({ task, kind, tokens })));
  return { rnn, lstm, attention } as Results;
}
