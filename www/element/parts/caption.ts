/** One sentence for a frame, in plain words with the real tokens and numbers: shown, and spoken. */

import type { Explanation, Factor, Stage, Trace } from "../../engine/types.ts";
import { marked, type Term } from "../../text/marks.ts";
import { fill, say } from "../../text/say.ts";
import type { Frame } from "../../timeline/course.ts";
import { isEdited, stageOf, valueAt } from "../../trace/cells.ts";
import { angleOf, largestIn, mostIn, rowAt, standingOf } from "../../trace/facts.ts";
import { stageName, storyOf } from "../../trace/story.ts";
import { formatCell, formatPercent } from "../../view/format.ts";
import { sliceForHead } from "../../view/matrix-view.ts";
import type { Lit } from "../../view/paint.ts";
import { tokenName } from "./context.ts";

/** Text, a number with the cell that it is, or a term that the glossary knows. */
export type Piece = string | { cell: Lit; text: string } | Term;

/** What a stage is, in one sentence: the reader's own numbers have no story of where they came from. */
export function aboutStage(stage: Stage): string {
  const story = storyOf(stage)?.about;
  if (story) return story;
  if (stage.op === "softmax") return say.softmaxAbout;
  return (stage.op === "given" ? say.about.given : say.about[stage.id]) ?? stage.formula;
}

const BYTES_PER_MIB = 2 ** 20;

/** Why a trace of many tokens holds no scores; nothing to say where it does. */
export function whatIsKept(trace: Trace, tracedTokens: number): string {
  const weights = stageOf(trace, "weights");
  if (weights?.op !== "softmax") return "";
  const [heads = 1, queries = 1, keys = 1] = weights.shape;
  const bytes = heads * queries * keys * Float32Array.BYTES_PER_ELEMENT;
  const plain = (n: number) => n.toLocaleString("en");
  return fill(say.kept, {
    max: plain(tracedTokens),
    queries: plain(queries),
    keys: plain(keys),
    size: plain(Math.ceil(bytes / BYTES_PER_MIB)),
  });
}

export function captionFor(trace: Trace, frame: Frame, head: number, explanation?: Explanation): Piece[] {
  const { stage } = frame.segment;
  if (!frame.active || frame.cells < 0) return marked(aboutStage(stage));
  const view = sliceForHead(trace, stage, head);
  return cellCaption(trace, stage, view.index(frame.active.row, frame.active.column), explanation);
}

/** `explanation`, where it is that of this cell, says which rule hides a key, how query and key lie, and which value counts most. */
export function cellCaption(trace: Trace, stage: Stage, index: number[], explanation?: Explanation): Piece[] {
  const same = explanation?.stage === stage.id && explanation.index.join() === index.join();
  const known = same ? explanation : undefined;
  const slots = slotsOf(trace, stage, index, known);
  return sentencesOf(trace, stage, index, known).flatMap((message) =>
    message.split(/(\{\w+\})/).flatMap((part) => (part in slots ? [slots[part] as Piece] : marked(part))),
  );
}

/** By their names in braces, as they stand in a message. */
function slotsOf(trace: Trace, stage: Stage, index: number[], known?: Explanation): Record<string, Piece> {
  const number = (of: Stage, at: readonly number[], format = formatCell): Piece => ({
    cell: { stage: of.id, index: [...at] },
    text: format(valueAt(trace, of, at)),
  });
  const axis = (name: string) => index[stage.axes.indexOf(name)];
  const query = axis("query") ?? axis("token");
  const key = axis("key");
  const channel = axis("dim") ?? axis("key_dim") ?? axis("width") ?? axis("channel") ?? 0;
  const token = (name: "query" | "key", n: number | undefined) =>
    `“${n === undefined ? "" : tokenName(trace, name, n)}”`;
  const standing = standingOf(trace, stage, index);
  const slots: Record<string, Piece> = {
    "{q}": token(query === undefined ? "key" : "query", query ?? key),
    "{k}": token("key", key),
    "{c}": String(channel + 1),
    "{v}": number(stage, index),
    "{p}": number(stage, index, formatPercent),
    "{n}": String(standing.n),
    "{all}": String(standing.all),
    "{r}": known?.reason ? ` (${say.reasons[known.reason] ?? known.reason})` : "",
    "{head}": String(Math.floor(channel / (stageOf(trace, "mixed")?.shape[2] ?? 1)) + 1),
  };
  // The same place of the operands; and the largest of the row that a row's number stands for.
  for (const [n, id] of stage.from.entries()) {
    const from = stageOf(trace, id);
    if (from?.axes.join() === stage.axes.join()) slots[`{${"ab"[n]}}`] = number(from, index);
  }
  const top = topOf(trace, stage, index);
  if (top >= 0) slots["{top}"] = token("key", top);
  const [weight, value] = (stage.id === "mixed" && known && mostIn(known)) || [];
  if (weight && value) {
    const piece = (factor: Factor): Piece => ({ cell: factor, text: formatCell(factor.value) });
    Object.assign(slots, { "{top}": token("key", weight.index.at(-1)), "{w}": piece(weight), "{x}": piece(value) });
  }
  return slots;
}

/** The key of the largest score, where that is taken or subtracted; -1 where there is none. */
function topOf(trace: Trace, { id, from }: Stage, index: readonly number[]): number {
  const scores = (id === "row_max" || id === "shifted") && from[0] ? stageOf(trace, from[0]) : undefined;
  return scores ? largestIn(rowAt(trace, scores, index)) : -1;
}

function sentencesOf(trace: Trace, stage: Stage, index: number[], known?: Explanation): string[] {
  const value = valueAt(trace, stage, index);
  if (isEdited(trace, stage, index)) return [say.cell.edited ?? ""];
  if ((known ?? stage).op === "given") return [say.cell.given ?? ""];
  const unseen = value === Number.NEGATIVE_INFINITY;
  // What no sentence fits, NaN for one, is told by its name alone.
  const plain = `${stageName(stage)}: {v}.`;
  const { kind } = standingOf(trace, stage, index);
  switch (stage.id) {
    case "scores": {
      const angle = known && angleOf(known);
      return [(angle ? say.angle[angle] : say.cell.scores) ?? "", say.rank[kind]];
    }
    case "weights":
      return [say.cell.weights ?? "", say.rankOfWeight[maskedOut(trace, index) ? "unseen" : kind]];
    case "mixed":
      return [say.cell.mixed ?? "", known && mostIn(known) ? say.counts : say.rank.none];
    case "masked":
      return [say.cell[unseen ? "masked_out" : "masked"] ?? ""];
    case "row_max":
      return [(unseen ? say.cell.row_max_unseen : Number.isNaN(value) ? plain : say.cell.row_max) ?? plain];
    case "shifted":
      if (Number.isNaN(value) || topOf(trace, stage, index) < 0) return [plain];
      return [say.cell[value === 0 ? "shifted_top" : "shifted"] ?? plain];
    default:
      return [say.cell[stage.id] ?? plain];
  }
}

function maskedOut(trace: Trace, index: readonly number[]): boolean {
  const masked = stageOf(trace, "masked");
  return masked !== undefined && valueAt(trace, masked, index) === Number.NEGATIVE_INFINITY;
}

export const spoken = (pieces: Piece[]): string => pieces.map((p) => (typeof p === "string" ? p : p.text)).join("");
