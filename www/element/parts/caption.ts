/** One sentence for a frame, in plain words with the real tokens and numbers: shown, and spoken. */

import type { Explanation, Stage, Trace } from "../../engine/types.ts";
import { fill, say } from "../../text/say.ts";
import type { Frame } from "../../timeline/course.ts";
import { isEdited, stageOf, valueAt } from "../../trace/cells.ts";
import { stageName, storyOf } from "../../trace/story.ts";
import { formatCell, formatPercent } from "../../view/format.ts";
import { sliceForHead } from "../../view/matrix-view.ts";
import type { Lit } from "../../view/paint.ts";
import { tokenName } from "./context.ts";

/** Text, or a number with the cell that it is. */
export type Piece = string | { cell: Lit; text: string };

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
  if (!frame.active || frame.cells < 0) return [aboutStage(stage)];
  const view = sliceForHead(trace, stage, head);
  return cellCaption(trace, stage, view.index(frame.active.row, frame.active.column), explanation);
}

/** `explanation`, where it is that of this cell, says which rule hides a key. */
export function cellCaption(trace: Trace, stage: Stage, index: number[], explanation?: Explanation): Piece[] {
  const value = valueAt(trace, stage, index);
  const cell = { stage: stage.id, index };
  const same = explanation?.stage === stage.id && explanation.index.join() === index.join();
  const reason = same ? explanation.reason : undefined;
  const axis = (name: string) => index[stage.axes.indexOf(name)];
  const query = axis("query") ?? axis("token");
  const key = axis("key");
  const rowAxis = query === undefined ? "key" : "query";
  const channel = axis("dim") ?? axis("key_dim") ?? axis("width") ?? axis("channel") ?? 0;
  const token = (name: "query" | "key", n: number | undefined) =>
    `“${n === undefined ? "" : tokenName(trace, name, n)}”`;
  const slots: Record<string, Piece> = {
    q: token(rowAxis, query ?? key),
    k: token("key", key),
    c: String(channel + 1),
    v: { cell, text: formatCell(value) },
    p: { cell, text: formatPercent(value) },
    r: reason ? ` (${say.reasons[reason] ?? reason})` : "",
    head: String(Math.floor(channel / (stageOf(trace, "mixed")?.shape[2] ?? 1)) + 1),
  };
  const hidden = stage.id === "masked" && value === Number.NEGATIVE_INFINITY;
  const given = (same ? explanation.op : stage.op) === "given";
  const edited = isEdited(trace, stage, index);
  const sentence =
    say.cell[edited ? "edited" : given ? "given" : hidden ? "maskedOut" : stage.id] ?? `${stageName(stage)}: {v}.`;
  return sentence
    .split(/(\{\w+\})/)
    .filter((part) => part !== "")
    .map((part) => slots[/^\{(\w+)\}$/.exec(part)?.[1] ?? ""] ?? part);
}

export const spoken = (pieces: Piece[]): string => pieces.map((p) => (typeof p === "string" ? p : p.text)).join("");
