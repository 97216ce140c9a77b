/** Files to matrices. */

import { type MatrixSet, matrixName } from "../input/matrices.ts";
import { MAX_TEXT, MatrixError, parseInSlices } from "../input/parse-matrices.ts";
import { parseJson } from "../state/codec.ts";

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
