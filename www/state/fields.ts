/**
 * The one table of the page's state. It generates the URL query, the element's attributes, the JSON form and the table in
 * the README: a field is named, typed, bounded and described here and nowhere else.
 */

import type { BackendChoice } from "../engine/types.ts";
import type { MatrixSet } from "../input/matrices.ts";
import { BLANK_DRAWING, SHIPPED } from "../model/shipped.ts";

export const ARTICLE_SENTENCE = "The animal didn't cross the street because it was too wide.";

/** 4,096 tokens of fifteen letters. */
const MAX_TEXT = 65_536;

export interface State {
  model: string;
  text: string;
  target: string;
  drawing: string;
  keyText: string;
  attention: "self" | "cross" | "linear" | "gated" | "delta" | "gated_delta";
  heads: number;
  kvHeads: number;
  headDim: number;
  causal: boolean;
  window: string;
  mask: string;
  softcap: number;
  decay: number;
  beta: number;
  scale: number;
  position: "none" | "sinusoidal" | "rotary" | "alibi";
  seed: number;
  matrices: MatrixSet | null;
  block: "auto" | "encoder" | "decoder" | "cross";
  layer: number;
  temperature: number;
  backend: BackendChoice;
  stage: string;
  cell: number;
  head: number;
  token: number;
  pin: string;
  speed: number;
  theme: "auto" | "light" | "dark";
  hide: string;
}

/** `input` fields change the numbers: a new run. `view` fields change what is looked at. */
export type Kind = "input" | "view";

export interface Field<T> {
  kind: Kind;
  type: "text" | "integer" | "number" | "boolean" | "choice" | "list" | "json";
  default: T;
  /** Of numbers: the range; of text: the most characters. */
  min?: number;
  max?: number;
  choices?: readonly string[];
  /** The value that means "as usual": an empty control. */
  auto?: number;
  /** A pattern that text has to match. */
  pattern?: RegExp;
  about: string;
}

export type Fields = { [K in keyof State]: Field<State[K]> };

/** The parts of the page that `hide` can take away. */
export const PARTS = [
  "header",
  "sentence",
  "input",
  "strip",
  "heads",
  "answer",
  "caption",
  "equation",
  "controls",
  "transport",
] as const;

export const FIELDS: Fields = {
  model: {
    kind: "input",
    type: "choice",
    choices: ["auto", "none", ...SHIPPED, "own"],
    default: "auto",
    about:
      "The trained model; none = untrained, of any size; own = one from the reader's files; auto = `pronoun`, or none where a field that only an untrained run has is set.",
  },
  text: {
    kind: "input",
    type: "text",
    default: ARTICLE_SENTENCE,
    max: MAX_TEXT,
    about:
      "The sentence. Words and punctuation become tokens. As long as it is the default, each model reads its own example.",
  },
  target: {
    kind: "input",
    type: "text",
    default: "",
    max: 2000,
    about: "Encoder-decoder: what the decoder has written so far; empty = what it writes by itself.",
  },
  drawing: {
    kind: "input",
    type: "text",
    default: "",
    max: BLANK_DRAWING.length,
    pattern: /^[0-9a-g]{64}$/,
    about: "The digit that is read: the ink of 8 x 8 pixels from `0` to `g` = 16, row by row; empty = an example.",
  },
  keyText: {
    kind: "input",
    type: "text",
    default: "The street was wide.",
    max: MAX_TEXT,
    about: "Cross-attention: the sentence that keys and values come from.",
  },
  attention: {
    kind: "input",
    type: "choice",
    choices: ["self", "cross", "linear", "gated", "delta", "gated_delta"],
    default: "self",
    about: "Self-attention, cross-attention to `key-text`, or linear attention by one of its four rules.",
  },
  heads: { kind: "input", type: "integer", default: 2, min: 1, max: 16, about: "Number of heads." },
  kvHeads: {
    kind: "input",
    type: "integer",
    default: 0,
    min: 0,
    max: 16,
    auto: 0,
    about: "Number of key/value heads (grouped-query attention); 0 = as many as heads.",
  },
  headDim: { kind: "input", type: "integer", default: 4, min: 1, max: 64, about: "Size of a head, d_k." },
  causal: { kind: "input", type: "boolean", default: false, about: "A query sees no later key." },
  window: {
    kind: "input",
    type: "text",
    default: "",
    max: 16,
    pattern: /^(-1|\d{1,4}),(-1|\d{1,4})$/,
    about: "Sliding window `left,right` in tokens; -1 = open.",
  },
  mask: {
    kind: "input",
    type: "text",
    default: "",
    max: 1000,
    pattern: /^\d{1,4}-\d{1,4}(_\d{1,4}-\d{1,4})*$/,
    about: "Cells that may not be seen, `query-key`, joined by `_`.",
  },
  softcap: {
    kind: "input",
    type: "number",
    default: 0,
    min: 0,
    max: 1000,
    auto: 0,
    about: "Soft cap c · tanh(score / c); 0 = none.",
  },
  decay: {
    kind: "input",
    type: "number",
    default: -0.1,
    min: -20,
    max: 0,
    about: "Linear attention, gated rules: each step the state is multiplied by e^decay.",
  },
  beta: {
    kind: "input",
    type: "number",
    default: 0.5,
    min: 0,
    max: 1,
    about: "Linear attention, delta rules: how much of the error is corrected.",
  },
  scale: {
    kind: "input",
    type: "number",
    default: 0,
    min: 0,
    max: 1000,
    auto: 0,
    about: "What the scores are multiplied by; 0 = 1/√d_k.",
  },
  position: {
    kind: "input",
    type: "choice",
    choices: ["none", "sinusoidal", "rotary", "alibi"],
    default: "none",
    about: "Positional encoding.",
  },
  seed: {
    kind: "input",
    type: "integer",
    default: 1,
    min: 0,
    max: 4_294_967_295,
    about: "Seed of the untrained embeddings and weights.",
  },
  matrices: {
    kind: "input",
    type: "json",
    default: null,
    about: "The reader's own matrices instead of text (x, wq, wk, wv, wo or q, k, v).",
  },
  block: {
    kind: "input",
    type: "choice",
    choices: ["auto", "encoder", "decoder", "cross"],
    default: "auto",
    about: "Trained models: the attention on show; auto = the model's own choice.",
  },
  layer: {
    kind: "input",
    type: "integer",
    default: -1,
    min: -1,
    max: 255,
    auto: -1,
    about: "Trained models: the layer on show, from 0; -1 = the model's own choice.",
  },
  temperature: {
    kind: "input",
    type: "number",
    default: 1,
    min: 0.1,
    max: 5,
    about: "Trained models: what the logits of an answer are divided by before their softmax.",
  },
  backend: {
    kind: "input",
    type: "choice",
    choices: ["auto", "cpu", "webgpu"],
    default: "auto",
    about:
      "What computes attention: webgpu = the GPU, where there is one; auto = the GPU where it was measured to be faster. Trained models and linear attention stay on the CPU.",
  },
  stage: { kind: "view", type: "text", default: "scores", max: 40, pattern: /^[a-z_]+$/, about: "The stage on show." },
  cell: {
    kind: "view",
    type: "number",
    default: -2,
    min: -2,
    max: 1e9,
    about:
      "How many cells of the stage are computed, the fraction being the progress of the next; below 0 the operands still take their places; -2 = all.",
  },
  head: {
    kind: "view",
    type: "integer",
    default: -1,
    min: -1,
    max: 63,
    auto: -1,
    about: "The head on show, from 0; -1 = the model's own choice, or the first.",
  },
  token: {
    kind: "view",
    type: "integer",
    default: -1,
    min: -1,
    max: 4095,
    about: "The chosen query token, from 0; -1 = the one that the model answers at, else 'it', else the first.",
  },
  pin: {
    kind: "view",
    type: "text",
    default: "",
    max: 80,
    pattern: /^[a-z_]+(,\d{1,6}){1,4}$/,
    about: "The cell whose equation is held, `stage,i,j,k`.",
  },
  speed: { kind: "view", type: "number", default: 1, min: 0.1, max: 10, about: "Speed of playing." },
  theme: { kind: "view", type: "choice", choices: ["auto", "light", "dark"], default: "auto", about: "Colours." },
  hide: {
    kind: "view",
    type: "list",
    choices: PARTS,
    default: "",
    about: `Parts to take away, joined by commas: ${PARTS.join(", ")}.`,
  },
};

export const FIELD_NAMES = Object.keys(FIELDS) as (keyof State)[];

/** `headDim` is `head-dim` as an attribute and in the URL. */
export function attributeName(name: keyof State): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function defaultState(): State {
  return Object.fromEntries(FIELD_NAMES.map((name) => [name, FIELDS[name].default])) as unknown as State;
}
