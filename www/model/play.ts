/** One input through a model: its output, the trace of the attention on show, and what it answers. */

import type { ModelBlock, ModelInput, ModelOutput, Trace } from "../engine/engine.ts";
import type { TraceChanges } from "../engine/model/types.ts";
import type { Results, Sequence } from "../recall/index.ts";
import type { State } from "../state/fields.ts";
import { type Answer, answerAt, likelihoods } from "./answer.ts";
import { apart, swapped } from "./compare.ts";
import { type Read, read, textFor } from "./input.ts";
import type { Loaded } from "./shelf.ts";
import { tellLayer } from "./tell.ts";
import { piecesOf } from "./vocabulary.ts";

/** How many choices of an answer are shown; of classes, all. */
const CHOICES = 5;
const MOST_CLASSES = 20;

export interface Comparison {
  text: string;
  answer: Answer | undefined;
  /** How far the two sets of outputs are apart. */
  apart: number;
}

export interface Played extends Loaded {
  /** `own` for one that the reader brought. */
  key: string;
  trace: Trace;
  text: string | undefined;
  drawing: string | undefined;
  block: ModelBlock;
  layer: number;
  /** The head and the token that are shown where the reader chose none. */
  head: number;
  token: number;
  /** Keys on show whose words the model does not know. */
  unknown: ReadonlySet<number>;
  output?: ModelOutput;
  answer?: Answer | undefined;
  comparison?: Comparison | undefined;
  recalled?: { sequence: Sequence; results: Results };
}

type Ran = Read & { output: ModelOutput };
/** What was run last: another layer or another temperature is no reason to run again. */
const ran = new WeakMap<object, { key: string; run: Promise<Ran> }>();

/** Inputs with the same key are one pass through a model, whatever is shown of it. */
export const inputKey = (state: State): string => [state.text, state.target, state.drawing].join("\n");

function run(state: State, loaded: Loaded): Promise<Ran> {
  const key = inputKey(state);
  const known = ran.get(loaded.model);
  if (known?.key === key) return known.run;
  const made = read(state, loaded).then(async (what) => ({ ...what, output: await loaded.model.run(what.input) }));
  made.catch(() => ran.delete(loaded.model));
  ran.set(loaded.model, { key, run: made });
  return made;
}

/** Undefined where the input is `current` no more when its pass is over. */
export async function play(state: State, loaded: Loaded, current: () => boolean): Promise<Played | undefined> {
  if (loaded.model.info.family === "recall") return playRecall(state, loaded);
  const { input, text, drawing, output } = await run(state, loaded);
  if (!current()) return undefined;
  const choice = choose(state, loaded);
  const { block, layer } = choice;
  const [traced, answer, comparison] = await Promise.all([
    traceLayer(state, loaded, input, { block, layer }, output),
    answerOf(state, loaded, output, text),
    compare(state, loaded, output, text),
  ]);
  const trace = told(traced, loaded, { block, layer }, sidesOf(state, block, text, output));
  const unknownId = loaded.vocabulary.idOf(loaded.vocabulary.unknown);
  const ofSource = text !== undefined && (block !== "decoder" || !output.targetTokens);
  const unknown = new Set(output.ids.flatMap((id, n) => (ofSource && id === unknownId ? [n] : [])));
  const token = answer && block !== "cross" && answer.kind !== "text" ? Math.max(0, answer.row) : 0;
  return { ...loaded, ...choice, key: state.model, trace, text, drawing, token, unknown, output, answer, comparison };
}

/** The tokens at the sides of an attention. */
function sidesOf(state: State, block: ModelBlock, text: string | undefined, output: ModelOutput): Trace["tokens"] {
  const source = piecesOf(text, output.tokens);
  const target = piecesOf(state.target || undefined, output.targetTokens ?? output.tokens);
  const query = block === "encoder" ? source : output.targetTokens ? target : source;
  return { query, key: block === "cross" ? source : query };
}

type Where = Pick<Played, "block" | "layer">;

function told(traced: Trace, loaded: Loaded, where: Where, tokens: Trace["tokens"]): Trace {
  const trace = { ...traced, tokens };
  tellLayer(trace, { ...loaded, ...where });
  return trace;
}

/** The attention of a layer, with what the state changes of it. */
async function traceLayer(
  state: State,
  { model }: Loaded,
  input: ModelInput,
  where: Where,
  output: ModelOutput,
): Promise<Trace> {
  const { tokens, targetTokens = tokens } = output;
  const queries = where.block === "encoder" ? tokens : targetTokens;
  const keys = where.block === "cross" ? tokens : queries;
  return model.trace({ ...input, ...where, ...(await changesOf(state, queries.length, keys.length)) });
}

/** Most runs have none: how they are read is loaded with the first. */
async function changesOf(state: State, queries: number, keys: number): Promise<TraceChanges> {
  if (!state.edits && !state.mask && !state.scale) return {};
  return (await import("../input/changes.ts")).changesOf(state, queries, keys);
}

/** The attention on show once more, with other changes: the model is as it was. */
export async function traceAgain(state: State, played: Played): Promise<Trace> {
  if (played.recalled) return recallTrace(state, played, played.recalled.sequence);
  const { input, output } = await run(state, played);
  return told(await traceLayer(state, played, input, played, output), played, played, played.trace.tokens);
}

async function recallTrace(state: State, loaded: Loaded, sequence: Sequence): Promise<Trace> {
  const changes = await changesOf(state, 1, sequence.words.length);
  const trace = await loaded.model.traceRecall(sequence, sequence.words, changes);
  tellLayer(trace, { ...loaded, block: "encoder", layer: 0 });
  return trace;
}

/** The reader's choice where the model has it, else the model's own. */
function choose(state: State, { model, data }: Loaded): Pick<Played, "block" | "layer" | "head"> {
  const { info } = model;
  const own = data.block ?? (data.answer?.at === "target" ? "cross" : undefined) ?? info.blocks[0] ?? "encoder";
  const block = state.block !== "auto" && info.blocks.includes(state.block) ? state.block : own;
  const { layers = 1 } = (block === "encoder" ? info.encoder : info.decoder) ?? {};
  const ownLayer = block === own ? Math.min(data.head?.layer ?? 0, layers - 1) : 0;
  const layer = state.layer >= 0 && state.layer < layers ? state.layer : ownLayer;
  const head = block === own && layer === ownLayer ? (data.head?.head ?? 0) : 0;
  return { block, layer, head };
}

/** Where the model answers, by its data or else by its family; undefined where this text asks for nothing. */
function placeOf(state: State, { model, data }: Loaded, output: ModelOutput): Pick<Answer, "kind" | "row"> | undefined {
  const { family, labels } = model.info;
  const at = data.answer?.at;
  const last = (output.logits?.shape[0] ?? 0) - 1;
  if (family === "vit" || (labels.length > 0 && output.logits?.shape.length === 1)) return { kind: "label", row: -1 };
  if (family === "gpt2") return { kind: "next", row: last };
  if (family === "bart") return { kind: "text", row: last };
  const wanted = at ?? "[MASK]";
  const places = output.tokens.flatMap((token, n) => (token === wanted ? [n] : []));
  const row = places.includes(state.token) ? state.token : places[0];
  return row === undefined ? undefined : { kind: "word", row };
}

async function answerOf(
  state: State,
  loaded: Loaded,
  output: ModelOutput,
  text: string | undefined,
): Promise<Answer | undefined> {
  const place = placeOf(state, loaded, output);
  if (!place || !output.logits || (text !== undefined && output.ids.length === 0)) return undefined;
  const { model, vocabulary } = loaded;
  const classes = model.info.labels;
  const most = classes.length > 0 && classes.length <= MOST_CLASSES ? classes.length : CHOICES;
  const label = (id: number) => classes[id] ?? vocabulary.label(id);
  const [choices, written] = await Promise.all([
    answerAt(model, output.logits, place.row, state.temperature, label, most),
    place.kind === "text" ? likelihoods(model, output, vocabulary) : [],
  ]);
  return { ...place, choices, written };
}

/** With a model for order: the same words the other way round. */
async function compare(
  state: State,
  loaded: Loaded,
  output: ModelOutput,
  text: string | undefined,
): Promise<Comparison | undefined> {
  const other = loaded.data.other && text !== undefined ? swapped(text, loaded.data.menu?.noun ?? []) : undefined;
  if (other === undefined) return undefined;
  const second = await loaded.model.run({ text: other, attentions: false });
  const answer = await answerOf(state, loaded, second, other);
  return { text: other, answer, apart: apart(output.hidden, second.hidden) };
}

async function playRecall(state: State, loaded: Loaded): Promise<Played> {
  const text = textFor(state, loaded);
  const { readSequence, recallAll } = await import("../recall/index.ts");
  const sequence = readSequence(text);
  const [trace, results] = await Promise.all([recallTrace(state, loaded, sequence), recallAll(loaded.model, sequence)]);
  return {
    ...loaded,
    key: state.model,
    trace,
    text,
    drawing: undefined,
    block: "encoder",
    layer: 0,
    head: 0,
    token: 0,
    unknown: new Set(),
    recalled: { sequence, results },
  };
}
