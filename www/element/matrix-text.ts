/** Files and text to matrices, and the matrices on show to text. */

import type { Trace } from "../engine/types.ts";
import { MATRIX_NAMES, type MatrixName, type MatrixSet, matrixName } from "../input/matrices.ts";
import { MAX_TEXT, MatrixError, parseInSlices } from "../input/parse-matrices.ts";
import { parseJson } from "../state/codec.ts";
import { shortest } from "../view/format.ts";
import { stageOf } from "../view/matrix-view.ts";

export type Dropped = { state: Record<string, unknown> } | { matrices: MatrixSet };

/** One or more files: a saved state, or matrices whose names are those of the files (q.csv, W_K.txt) or stand in them. */
export async function readFiles(files: readonly File[]): Promise<Dropped> {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  if (total > MAX_TEXT) {
    throw new MatrixError(
      `Files: expected at most ${MAX_TEXT / 2 ** 20} MiB, found ${(total / 2 ** 20).toFixed(1)} MiB.`,
    );
  }
  const set: MatrixSet = {};
  for (const file of files) {
    const text = await file.text();
    if (text.includes("\0")) {
      throw new MatrixError(
        `${file.name}: expected text (CSV, TSV, JSON, NumPy or PyTorch print), found a binary file.`,
      );
    }
    if (parseJson(text)) return { state: JSON.parse(text) as Record<string, unknown> };
    const stem = file.name.replace(/\.\w+$/, "");
    Object.assign(set, await parseInSlices(text, matrixName(stem) ?? "x"));
  }
  return { matrices: set };
}

const STAGES: Record<string, MatrixName> = {
  input: "x",
  memory: "memory",
  w_query: "wq",
  w_key: "wk",
  w_value: "wv",
  w_output: "wo",
};

/** The numbers on show as named matrices, every digit kept. */
export function matricesAsText(trace: Trace): string {
  const named = Object.entries(STAGES).flatMap(([id, name]) => {
    const stage = stageOf(trace, id) ?? (id === "input" ? stageOf(trace, "embeddings") : undefined);
    if (!stage) return [];
    const [rows = 1, columns = 1] = stage.shape;
    const lines = Array.from({ length: rows }, (_, r) => {
      const start = stage.offset + r * columns;
      return `[${Array.from(trace.data.subarray(start, start + columns), shortest).join(", ")}]`;
    });
    return [`${name} = [${lines.join(",\n ")}]`];
  });
  return named.sort((a, b) => order(a) - order(b)).join("\n");
}

const order = (text: string) => MATRIX_NAMES.findIndex((name) => text.startsWith(`${name} =`));
