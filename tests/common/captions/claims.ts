/** What each sentence claims, held against the trace by arithmetic of its own. */

import type { LinearTraceRequest, Stage, Trace, TraceRequest } from "../../../www/engine/engine.ts";
import { misprint } from "../print.ts";
import { REASONS, type Read } from "./sentences.ts";

interface Piece {
  cell: { stage: string; index: readonly number[] };
  text: string;
}

export interface Told {
  trace: Trace;
  request: TraceRequest | LinearTraceRequest;
  stage: Stage;
  index: number[];
  /** The numbers of the sentence, by their places among its pieces. */
  numbers: Record<string, Piece>;
  /** The sentence was told with what the engine explains of the cell. */
  explained: boolean;
  stageName: string;
}

const stageOf = ({ stages }: Trace, id: string) => stages.find((stage) => stage.id === id);

function at(trace: Trace, id: string, ...index: number[]): number {
  const stage = stageOf(trace, id);
  if (!stage) throw new Error(`no ${id}`);
  let place = 0;
  stage.shape.forEach((extent, axis) => {
    place = place * extent + (index[axis] as number);
  });
  return trace.data[stage.offset + place] as number;
}

/** All of the last axis beside the cell. */
const rowOf = ({ trace, stage, index }: Told, id = stage.id, from = index.slice(0, -1)): number[] =>
  Array.from({ length: stageOf(trace, id)?.shape.at(-1) ?? 0 }, (_, n) => at(trace, id, ...from, n));

/** A query stands at its own place behind the past. */
const offsetOf = ({ trace }: Told) => Number(trace.config.past ?? 0);

/** Why the request lets the query not see the key. */
function hiddenBy(told: Told, query: number, key: number): string[] {
  const { request } = told;
  const distance = key - (query + offsetOf(told));
  const [left, right] = request.window ?? [-1, -1];
  const reasons = request.causal && distance > 0 ? ["causal"] : [];
  if ((left >= 0 && -distance > left) || (right >= 0 && distance > right)) reasons.push("window");
  const { mask } = request;
  if (mask) {
    const value = mask.data[query * (mask.shape.at(-1) ?? 0) + key];
    if (mask.data instanceof Uint8Array ? value === 0 : value === Number.NEGATIVE_INFINITY) reasons.push("mask");
  }
  return reasons;
}

const isSet = ({ request }: Told, id: string, index: readonly number[]) =>
  (request.edits ?? []).some((edit) => edit.stage === id && edit.index.every((n, axis) => n === -1 || n === index[axis]));

/** The stage before, with the scores as they were; one sees it in the order of the stages. */
const SCORES = ["scores", "scaled", "capped", "biased", "masked"];
const before = ({ trace, stage }: Told) =>
  SCORES.slice(0, SCORES.indexOf(stage.id))
    .reverse()
    .find((id) => stageOf(trace, id)) ?? "";
/** What the softmax is made of. */
const lastScores = ({ trace }: Told) => [...SCORES].reverse().find((id) => stageOf(trace, id)) ?? "";

const kvHead = ({ trace, index }: Told) => Math.floor(((index[0] ?? 0) * trace.config.kvHeads) / trace.config.heads);

/** Cosine of the angle between the query and the key of a score. */
function cosine(told: Told): number {
  const { trace, index } = told;
  const [query, key] = ["query", "key"].map((id) => (stageOf(trace, `${id}_rotated`) ? `${id}_rotated` : id));
  const [head = 0, i = 0, j = 0] = index;
  let [dot, qq, kk] = [0, 0, 0];
  for (let c = 0; c < (stageOf(trace, query as string)?.shape[2] ?? 0); c++) {
    const [q, k] = [at(trace, query as string, head, i, c), at(trace, key as string, kvHead(told), j, c)];
    dot += q * k;
    qq += q * q;
    kk += k * k;
  }
  return dot / Math.sqrt(qq) / Math.sqrt(kk);
}

/** Of what is collected, what each key adds: one without weight adds nothing, whatever its value. */
const parts = (told: Told): number[] => {
  const [head = 0, i = 0, c = 0] = told.index;
  return told.trace.tokens.key.map((_, j) => {
    const weight = at(told.trace, "weights", head, i, j);
    return weight === 0 ? 0 : weight * at(told.trace, "value", kvHead(told), j, c);
  });
};

const everyKey = ({ trace }: Told) => [...trace.tokens.key.keys()];
const channels = /^(dim|key_dim|width|channel)$/;

/** Which cells the numbers of a sentence are to be; the number itself unless it says otherwise. */
function cellOf(name: string, told: Told, slots: Record<string, string>): Piece["cell"][] {
  const { stage, index } = told;
  if (name === "a") {
    const from = { input: "embeddings", memory: "memory_embeddings", exp: "shifted" }[stage.id] ?? before(told);
    return [{ stage: from, index }];
  }
  if (name === "b") return [{ stage: stage.id === "memory" ? "memory_positions" : "positions", index }];
  if (name === "w" || name === "x") {
    const [head = 0, i = 0, c = 0] = index;
    const keys = everyKey(told).filter((j) => told.trace.tokens.key[j] === slots.top);
    return keys.map((j) =>
      name === "w" ? { stage: "weights", index: [head, i, j] } : { stage: "value", index: [kvHead(told), j, c] },
    );
  }
  return [{ stage: stage.id, index }];
}

/** The numbers and names that all sentences share: what is wrong with them. */
function slotsAmiss(told: Told, slots: Record<string, string>): string[] {
  const { trace, stage, index, numbers } = told;
  const along = (...axes: string[]) => index[stage.axes.findIndex((axis) => axes.includes(axis))];
  const channel = index[stage.axes.findIndex((axis) => channels.test(axis))] ?? Number.NaN;
  const query = along("query", "token");
  const mixed = stageOf(trace, "mixed")?.shape[2] ?? 0;
  const perHead = /head/.test(stage.axes[0] ?? "") ? (index[0] ?? 0) * (stage.shape[2] ?? 0) : 0;
  const wanted: Record<string, unknown> = {
    q: query === undefined ? trace.tokens.key[along("key") ?? -1] : trace.tokens.query[query],
    k: trace.tokens.key[along("key") ?? -1],
    c: channel + 1,
    column: perHead + channel + 1,
    head: Math.floor(channel / mixed) + 1,
    stage: told.stageName,
  };
  const wrong: string[] = [];
  for (const [name, text] of Object.entries(slots)) {
    if (text === undefined) continue;
    const number = /^[vabwx]$/.test(name) ? numbers[text] : undefined;
    if (number) {
      const cells = cellOf(name, told, slots).map((cell) => `${cell.stage} ${cell.index}`);
      if (!cells.includes(`${number.cell.stage} ${number.cell.index}`)) wrong.push(`${name} is no cell of ${cells}`);
      const amiss = misprint(number.text, at(trace, number.cell.stage, ...number.cell.index));
      if (amiss) wrong.push(amiss);
    } else if (name in wanted && String(wanted[name]) !== text) wrong.push(`${name}: “${text}”, not “${wanted[name]}”`);
  }
  return wrong;
}

/** The keys that a sentence names as the best are the best. */
function best(told: Told, numbers: number[], { top, more }: Record<string, string>): boolean {
  const largest = Math.max(...numbers);
  const keys = [...numbers.keys()].filter((n) => numbers[n] === largest);
  return told.trace.tokens.key[keys[0] ?? -1] === top && keys.length === 1 + Number(more ?? 0);
}

const given = (told: Told) => {
  const { trace, stage, index } = told;
  const past = /^(key|value)$/.test(stage.id) && (index[1] ?? 0) < Number(trace.config.past);
  return past || stage.op === "given";
};

const sorted = (told: Told) => rowOf(told).sort((a, b) => b - a);
const value = ({ trace, stage, index }: Told) => at(trace, stage.id, ...index);
const isStage =
  (...ids: string[]) =>
  ({ stage }: Told) =>
    ids.includes(stage.id);
const angle = (of: (cosine: number) => boolean) => (told: Told) =>
  told.stage.id === "scores" && told.explained && of(cosine(told));
const biased = ({ stage, trace }: Told, { option }: Record<string, string>) => {
  const bias = `b_${stage.id}`;
  return (option !== undefined) === (stageOf(trace, bias) !== undefined);
};
const mayNotSee = (told: Told) => hiddenBy(told, told.index[1] ?? 0, told.index[2] ?? 0);
/** The row's number is the largest of the row, as it is unless it was set. */
const maxOf = (told: Told): number[] => rowOf(told, lastScores(told), told.index.slice(0, 2));

/** True where what the words say is. Names are those of sentences.ts. */
export const CLAIMS: Record<string, (told: Told, slots: Record<string, string>) => boolean> = {
  // Where there is a sentence for the stage, it is kept for what that would not fit.
  plain: (told) =>
    !given(told) &&
    (Number.isNaN(value(told)) ||
      /^(w_|b_|cos|sin|alibi|mask$|bias$)/.test(told.stage.id) ||
      (/^(row_max|shifted)$/.test(told.stage.id) &&
        !(at(told.trace, "row_max", ...told.index.slice(0, 2)) === Math.max(...maxOf(told)) && maxOf(told).some(Number.isFinite))) ||
      (told.stage.id === "masked" && value(told) === Number.NEGATIVE_INFINITY && at(told.trace, before(told), ...told.index) === Number.NEGATIVE_INFINITY)),
  given: (told) => given(told) && channels.test(told.stage.axes.at(-1) ?? ""),
  "given plainly": (told) => given(told) && !(told.stage.axes.some((axis) => /^(query|key|token)$/.test(axis)) && channels.test(told.stage.axes.at(-1) ?? "")),
  edited: (told) => isSet(told, told.stage.id, told.index),
  embeddings: isStage("embeddings", "memory_embeddings"),
  positions: isStage("positions", "memory_positions"),
  input: (told) => /^(input|memory)$/.test(told.stage.id) && sums(told),
  query: (told, slots) => told.stage.id === "query" && biased(told, slots),
  key: (told, slots) => told.stage.id === "key" && !given(told) && biased(told, slots),
  value: (told, slots) => told.stage.id === "value" && !given(told) && biased(told, slots),
  query_rotated: isStage("query_rotated"),
  key_rotated: isStage("key_rotated"),
  dot: (told) => told.stage.id === "scores" && (!told.explained || !Number.isFinite(cosine(told))),
  same: angle((cosine) => cosine >= 0.5),
  near: angle((cosine) => cosine >= 0.1 && cosine < 0.5),
  right: angle((cosine) => cosine > -0.1 && cosine < 0.1),
  apart: angle((cosine) => cosine <= -0.1 && cosine > -0.5),
  opposite: angle((cosine) => cosine <= -0.5),
  scaled: isStage("scaled"),
  capped: (told) => told.stage.id === "capped" && !(Math.abs(value(told)) > Number(told.request.softcap) * 1.000001),
  biased: isStage("biased"),
  "may see": (told) =>
    told.stage.id === "masked" && mayNotSee(told).length === 0 && Object.is(value(told), at(told.trace, before(told), ...told.index)),
  "may not see": (told, { reason }) =>
    told.stage.id === "masked" &&
    value(told) === Number.NEGATIVE_INFINITY &&
    (reason === undefined ? !told.explained && mayNotSee(told).length > 0 : mayNotSee(told).includes(REASONS[reason] ?? "")),
  row_max: (told, slots) => told.stage.id === "row_max" && value(told) === Math.max(...maxOf(told)) && best(told, maxOf(told), slots),
  "sees nothing": (told) =>
    told.stage.id === "row_max" &&
    value(told) === Number.NEGATIVE_INFINITY &&
    everyKey(told).every((key) => hiddenBy(told, told.index[1] ?? 0, key).length > 0),
  shifted: (told, slots) =>
    told.stage.id === "shifted" &&
    best(told, maxOf(told), slots) &&
    value(told) === Math.fround((maxOf(told)[told.index[2] ?? 0] ?? 0) - Math.max(...maxOf(told))),
  shifted_top: (told) =>
    told.stage.id === "shifted" && value(told) === 0 && maxOf(told)[told.index[2] ?? 0] === Math.max(...maxOf(told)),
  exp: (told) => told.stage.id === "exp" && near(value(told), Math.exp(at(told.trace, "shifted", ...told.index))),
  row_sum: (told) => told.stage.id === "row_sum" && value(told) !== 0 && near(value(told), total(rowOf(told, "exp", told.index))),
  "row_sum none": (told) => told.stage.id === "row_sum" && rowOf(told, "exp", told.index).every((exp) => exp === 0),
  weights: isStage("weights"),
  unseen: (told) => value(told) === 0 && mayNotSee(told).length > 0,
  "rank none": (told) => rowOf(told).length === 1 || rowOf(told).some(Number.isNaN),
  "rank first": (told) => sorted(told)[0] === value(told) && (sorted(told)[1] as number) < value(told),
  "rank tied": (told) => sorted(told)[0] === value(told) && sorted(told)[1] === value(told),
  "rank last": (told) => sorted(told).at(-1) === value(told) && (sorted(told).at(-2) as number) > value(told),
  "rank nth": (told, { n, all }) =>
    sorted(told).findIndex((other) => other <= value(told)) + 1 === Number(n) && rowOf(told).length === Number(all) && Number(n) > 1,
  mixed: isStage("mixed"),
  "no part": (told) =>
    !told.explained || !stageOf(told.trace, "weights") || parts(told).some(Number.isNaN) || parts(told).every((part) => part === 0),
  counts: (told, slots) => best(told, parts(told).map(Math.abs), slots),
  concat: (told) => {
    const [i = 0, channel = 0] = told.index;
    const dim = stageOf(told.trace, "mixed")?.shape[2] ?? 1;
    return Object.is(value(told), at(told.trace, "mixed", Math.floor(channel / dim), i, channel % dim));
  },
  output: (told, slots) => told.stage.id === "output" && biased(told, slots),
  factor: (told) => near(value(told), Math.exp(at(told.trace, "decay", ...told.index))),
  decayed: isStage("decayed"),
  prediction: (told) => told.stage.id === "prediction" && near(value(told), predicted(told)),
  error: (told) => near(value(told), at(told.trace, "value", ...told.index) - at(told.trace, "prediction", ...told.index)),
  update: isStage("update"),
  state: (told) =>
    near(value(told), at(told.trace, "update", ...told.index) + (stageOf(told.trace, "decayed") ? at(told.trace, "decayed", ...told.index) : earlier(told))),
  read: isStage("read"),
};

const near = (found: number, expected: number) =>
  Object.is(found, expected) || found === expected || Math.abs(found - expected) <= 1e-5 * Math.max(1e-30, Math.abs(expected)) + 1e-6;
const total = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
const sums = ({ trace, stage, index }: Told) => {
  const of = stage.id === "memory" ? "memory_" : "";
  const [embedding, place] = [`${of}embeddings`, `${of}positions`].map((id) => at(trace, id, ...index));
  return at(trace, stage.id, ...index) === Math.fround((embedding as number) + (place as number));
};

/** The state before this token. */
function earlier({ trace, index }: Told): number {
  const [g = 0, t = 0, c = 0, d = 0] = index;
  if (t > 0) return at(trace, "state", g, t - 1, c, d);
  return stageOf(trace, "past_state") ? at(trace, "past_state", g, c, d) : 0;
}

function predicted(told: Told): number {
  const { trace, index } = told;
  const [g = 0, t = 0, d = 0] = index;
  const keys = stageOf(trace, "key")?.shape[2] ?? 0;
  const state = (c: number) =>
    stageOf(trace, "decayed") ? at(trace, "decayed", g, t, c, d) : earlier({ ...told, index: [g, t, c, d] });
  return total(Array.from({ length: keys }, (_, c) => at(trace, "key", g, t, c) * state(c)));
}

/** What of a sentence is not true. */
export function untrue(told: Told, { claims, slots }: Read): string[] {
  const wrong = slotsAmiss(told, slots);
  for (const claim of claims) if (!CLAIMS[claim]?.(told, slots)) wrong.push(`not so: ${claim}`);
  return wrong;
}
