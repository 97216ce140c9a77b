/** What a model says: for one place of its logits the likeliest choices, with their probabilities as the engine computes them. */

import type { Model, ModelOutput, Tensor } from "../engine/engine.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface Choice {
  id: number;
  label: string;
  probability: number;
}

/** A written token, as likely as it was when it was written. */
export interface Written extends Choice {
  row: number;
}

export interface Answer {
  /** A word for a token of the text; the next token; one of some classes; a text. */
  kind: "word" | "next" | "label" | "text";
  /** The row of the logits; -1 where they have no rows. */
  row: number;
  choices: Choice[];
  /** What was written before, token by token. */
  written: Written[];
}

export async function answerAt(
  model: Model,
  logits: Tensor,
  row: number,
  temperature: number,
  label: (id: number) => string,
  most: number,
): Promise<Choice[]> {
  const { data } = await model.probabilities(rowOf(logits, row), temperature);
  return largest(data, most).map((id) => ({ id, label: label(id), probability: data[id] ?? Number.NaN }));
}

/** How likely each token of the target was after those before it. */
export async function likelihoods(model: Model, output: ModelOutput, vocabulary: Vocabulary): Promise<Written[]> {
  const { logits, targetIds = [] } = output;
  if (!logits) return [];
  const written = targetIds.slice(1).map(async (id, row) => {
    const { data } = await model.probabilities(rowOf(logits, row));
    return { id, row, label: vocabulary.label(id), probability: data[id] ?? Number.NaN };
  });
  return Promise.all(written);
}

function rowOf({ shape, data }: Tensor, row: number): Tensor {
  const width = shape.at(-1) ?? 0;
  return row < 0 ? { shape, data } : { shape: [width], data: data.slice(row * width, (row + 1) * width) };
}

/** The places of the largest numbers, in order. */
function largest(data: Float32Array, most: number): number[] {
  const found: number[] = [];
  for (const [id, value] of data.entries()) {
    if (found.length === most && value <= (data[found.at(-1) ?? 0] ?? 0)) continue;
    const at = found.findIndex((other) => (data[other] ?? 0) < value);
    found.splice(at < 0 ? found.length : at, 0, id);
    if (found.length > most) found.pop();
  }
  return found;
}
