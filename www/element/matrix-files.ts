/** Files to matrices. */

import { type MatrixSet, matrixName } from "../input/matrices.ts";
import { MAX_TEXT, parseInSlices, refusal } from "../input/parse-matrices.ts";
import { parseJson } from "../state/codec.ts";
import type { State } from "../state/fields.ts";
import { fill } from "../text/say.ts";
import { takeSettings } from "./matrix-settings.ts";

export type Dropped =
  | { state: Record<string, unknown> }
  | { lesson: string }
  /** `settings`: what is said of the run besides. */
  | { matrices: MatrixSet; settings: Partial<State> };

/** One or more files: a saved state, or matrices whose names are those of the files (q.csv, W_K.txt) or stand in them. */
export async function readFiles(files: readonly File[]): Promise<Dropped> {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  if (total > MAX_TEXT) {
    const [most, found] = [MAX_TEXT, total].map((bytes) => bytes / 2 ** 20) as [number, number];
    throw refusal(
      (t) => t.files,
      (t) => fill(t.expected.bytes, { n: most }),
      (t) => fill(t.found.bytes, { n: found.toFixed(1) }),
    );
  }
  const set: MatrixSet = {};
  const settings: Partial<State> = {};
  for (const file of files) {
    const text = await file.text();
    if (text.includes("\0")) {
      throw refusal(
        () => file.name,
        (t) => t.expected.text,
        (t) => t.found.binary,
      );
    }
    if (text.includes('"attentionLesson"')) return { lesson: text };
    if (parseJson(text)) return { state: JSON.parse(text) as Record<string, unknown> };
    const stem = file.name.replace(/\.\w+$/, "");
    const { rest, changes, tokens } = takeSettings(text);
    Object.assign(settings, changes);
    const read = await parseInSlices(rest, matrixName(stem) ?? "x");
    for (const name of Object.keys(read)) {
      if (name in set)
        throw refusal(
          () => `${name.toUpperCase()} (${file.name})`,
          (t) => t.expected.once,
          (t) => t.found.second,
        );
    }
    Object.assign(set, read, tokens && { tokens });
  }
  return { matrices: set, settings };
}
