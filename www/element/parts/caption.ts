/** One sentence for a frame, in plain words with the real tokens and numbers: shown, and spoken. */

import type { Explanation, Factor, Stage, Trace } from "../../engine/types.ts";
import { marked, type Term } from "../../text/marks.ts";
import { fill, say } from "../../text/say.ts";
import type { Frame } from "../../timeline/course.ts";
import { hasHeads, isEdited, stageOf, valueAt } from "../../trace/cells.ts";
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
  const [query, key] = [axis("query") ?? axis("token"), axis("key")];
  const channel = axis("dim") ?? axis("key_dim") ?? axis("width") ?? axis("channel") ?? 0;
  const token = (name: "query" | "key", n = 0) => `“${tokenName(trace, name, n)}”`;
  /** The first of some keys, and how many more there are that are as good. */
  const keyOf = (keys: number[]) =>
    token("key", keys[0]) + (keys.length > 1 ? fill(say.andMore, { n: keys.length - 1 }) : "");
  const standing = standingOf(trace, stage, index);
  // Each head owns as many columns of a projection as it has channels.
  const before = hasHeads(stage) ? (index[0] ?? 0) * (stage.shape[2] ?? 0) : 0;
  const slots: Record<string, Piece> = {
    "{q}": token(query === undefined ? "key" : "query", query ?? key),
    "{k}": token("key", key),
    "{c}": String(channel + 1),
    "{column}": String(before + channel + 1),
    "{bias}": stage.op === "affine" ? say.withBias : "",
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
  if (top.length > 0) slots["{top}"] = keyOf(top);
  const most = mostOf(stage, known);
  const [weight, value] = most[0] ?? [];
  if (weight && value) {
    const piece = (factor: Factor): Piece => ({ cell: factor, text: formatCell(factor.value) });
    const keys = most.map(([{ index: at } = weight]) => at.at(-1) ?? 0);
    Object.assign(slots, { "{top}": keyOf(keys), "{w}": piece(weight), "{x}": piece(value) });
  }
  return slots;
}

/** Of a sum of weights times values, what counts most in it. */
const mostOf = (stage: Stage, known?: Explanation) =>
  stage.id === "mixed" && known?.op === "matmul" ? mostIn(known) : [];

/** The keys of the largest score, where that is what is taken or subtracted. */
function topOf(trace: Trace, { id, from }: Stage, index: readonly number[]): number[] {
  const scores = (id === "row_max" || id === "shifted") && from[0] ? stageOf(trace, from[0]) : undefined;
  const max = stageOf(trace, "row_max");
  if (!scores || !max) return [];
  const row = rowAt(trace, scores, index);
  const top = largestIn(row);
  // The reader may have set another number than the largest.
  return row[top[0] ?? -1] === valueAt(trace, max, index.slice(0, 2)) ? top : [];
}

function sentencesOf(trace: Trace, stage: Stage, index: number[], known?: Explanation): string[] {
  const value = valueAt(trace, stage, index);
  // What no sentence fits, NaN for one, is told by its name alone.
  const plain = `${stageName(stage)}: {v}.`;
  if (isEdited(trace, stage, index)) return [say.cell.edited ?? ""];
  if ((known ?? stage).op === "given" || isPast(trace, stage, index))
    return [(OF_TOKEN.test(stage.axes.join()) ? say.cell.given : say.cell.given_plain) ?? plain];
  if (Number.isNaN(value) && stage.id !== "scores") return [plain];
  const { kind } = standingOf(trace, stage, index);
  switch (stage.id) {
    case "scores": {
      const angle = known && angleOf(known);
      return [(angle ? say.angle[angle] : say.cell.scores) ?? "", say.rank[kind]];
    }
    case "weights":
      return [
        say.cell.weights ?? "",
        say.rankOfWeight[value === 0 && (known?.reason || isHidden(trace, index)) ? "unseen" : kind],
      ];
    case "mixed":
      return [say.cell.mixed ?? "", mostOf(stage, known).length > 0 ? say.counts : say.rank.none];
    case "masked":
      if (value !== Number.NEGATIVE_INFINITY) return [say.cell.masked ?? plain];
      return [known?.reason || isHidden(trace, index) ? (say.cell.masked_out ?? plain) : plain];
    case "row_max":
      if (topOf(trace, stage, index).length > 0) return [say.cell.row_max ?? plain];
      return [(seesNothing(trace, index) && say.cell.row_max_unseen) || plain];
    case "shifted":
      if (topOf(trace, stage, index).length === 0) return [plain];
      return [say.cell[value === 0 ? "shifted_top" : "shifted"] ?? plain];
    case "row_sum":
      return [say.cell[value === 0 ? "row_sum_none" : "row_sum"] ?? plain];
    default:
      return [say.cell[stage.id] ?? plain];
  }
}

/** Axes of which one number belongs to one token. */
const OF_TOKEN = /^(\w*head,)?(query|key|token),(dim|key_dim|width|channel)$/;

/** Keys and values from before come first, and none of the tokens here made them. */
const isPast = ({ config }: Trace, { id }: Stage, index: readonly number[]): boolean =>
  (id === "key" || id === "value") && (index[1] ?? 0) < Number(config.past ?? 0);

/** Whether it is the mask that hides the key: a score may be −∞ without it, or have been set so. */
function isHidden(trace: Trace, index: readonly number[]): boolean {
  const at = (stage: Stage | undefined) =>
    stage !== undefined && valueAt(trace, stage, index) === Number.NEGATIVE_INFINITY;
  const masked = stageOf(trace, "masked");
  if (!masked || !at(masked) || isEdited(trace, masked, index)) return false;
  return !at(stageOf(trace, masked.from[0] ?? "")) || at(stageOf(trace, "mask"));
}

function seesNothing(trace: Trace, index: readonly number[]): boolean {
  const keys = stageOf(trace, "masked")?.shape[2] ?? 0;
  return keys > 0 && Array.from({ length: keys }, (_, key) => isHidden(trace, [...index, key])).every(Boolean);
}

export const spoken = (pieces: Piece[]): string => pieces.map((p) => (typeof p === "string" ? p : p.text)).join("");
