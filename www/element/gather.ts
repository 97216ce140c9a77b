/** The reader's matrices on their way into the state: read, gathered file by file until they are a whole input. Loaded with the first. */

import { lackOf, type MatrixSet } from "../input/matrices.ts";
import { parseInSlices } from "../input/parse-matrices.ts";
import type { State } from "../state/fields.ts";
import { readFiles } from "./matrix-files.ts";
import { takeSettings } from "./matrix-settings.ts";

export { matricesAsText } from "./matrix-text.ts";

/** What a paste or a drop comes to: changes of the state, a saved state, a lesson, or matrices that are not yet whole. */
export type Gathered =
  | { kind: "changes"; changes: Partial<State> }
  | { kind: "state"; json: Record<string, unknown> }
  | { kind: "lesson"; text: string }
  | { kind: "incomplete"; have: string; missing: string };

const NONE: { matrices: MatrixSet; settings: Partial<State> } = { matrices: {}, settings: {} };

export class Gatherer {
  /** Matrices that came one by one. */
  #pending = NONE;

  /** What is pasted stands for itself. */
  async text(text: string): Promise<Gathered> {
    this.#pending = NONE;
    const { rest, changes, tokens } = takeSettings(text);
    const matrices = await parseInSlices(rest);
    return gathered({ ...matrices, ...(tokens && { tokens }) }, changes);
  }

  async files(files: readonly File[]): Promise<Gathered> {
    const found = await readFiles(files);
    if ("state" in found) return { kind: "state", json: found.state };
    if ("lesson" in found) return { kind: "lesson", text: found.lesson };
    const matrices = { ...this.#pending.matrices, ...found.matrices };
    const settings = { ...this.#pending.settings, ...found.settings };
    const all = gathered(matrices, settings);
    this.#pending = all.kind === "incomplete" ? { matrices, settings } : NONE;
    return all;
  }
}

/** `settings`: what is said of the run besides. */
function gathered(matrices: MatrixSet, settings: Partial<State> = {}): Gathered {
  const lack = lackOf(matrices);
  if (lack) return { kind: "incomplete", ...lack };
  const fresh = { model: "none", mask: "", token: -1, pin: "" };
  return { kind: "changes", changes: { ...fresh, matrices, ...headsFor(matrices), ...settings } };
}

/** Given q, k and v say how many heads there are: one, unless they have an axis for them. */
function headsFor({ q, k }: MatrixSet): Partial<State> {
  if (!q) return {};
  const count = (shape: number[] | undefined) => (shape?.length === 3 ? (shape[0] ?? 1) : 1);
  const [heads, kvHeads] = [count(q.shape), count(k?.shape)];
  return { heads, kvHeads: kvHeads === heads ? 0 : kvHeads };
}
