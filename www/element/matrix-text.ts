/** What is on show as a text of matrices, which gives the same numbers again. */

import type { Trace } from "../engine/types.ts";
import { MATRIX_NAMES, type MatrixName } from "../input/matrices.ts";
import type { State } from "../state/fields.ts";
import { stageOf } from "../trace/cells.ts";
import { shortest } from "../view/format.ts";
import { settingLines } from "./matrix-settings.ts";

/** Embeddings, not the input: positions are added to them again. */
const STAGES: Record<string, MatrixName> = {
  embeddings: "x",
  memory_embeddings: "memory",
  w_query: "wq",
  w_key: "wk",
  w_value: "wv",
  w_output: "wo",
  b_query: "bq",
  b_key: "bk",
  b_value: "bv",
  b_output: "bo",
};
const DIRECT: Record<string, MatrixName> = { query: "q", key: "k", value: "v", ...STAGES };

/** Named matrices, every digit kept, after how the run goes. `tokens`: the names of the rows, where they have any. */
export function matricesAsText(trace: Trace, state: State, tokens: readonly string[] | undefined): string {
  const given = stageOf(trace, "embeddings") ? STAGES : DIRECT;
  const named = Object.entries(given).flatMap(([id, name]) => {
    const stage = stageOf(trace, id);
    return stage ? [`${name} = ${nested(trace.data, stage.shape, stage.offset)}`] : [];
  });
  return [...settingLines(trace, state, tokens), ...named.sort((a, b) => order(a) - order(b))].join("\n");
}

/** Nested lists, a row a line. */
function nested(data: Float32Array, shape: number[], offset: number): string {
  const [length = 0, ...rest] = shape;
  if (rest.length === 0) return `[${Array.from(data.subarray(offset, offset + length), shortest).join(", ")}]`;
  const size = rest.reduce((a, b) => a * b, 1);
  return `[${Array.from({ length }, (_, n) => nested(data, rest, offset + n * size)).join(",\n ")}]`;
}

const order = (text: string) => MATRIX_NAMES.findIndex((name) => text.startsWith(`${name} =`));
