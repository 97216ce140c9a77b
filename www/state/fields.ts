/**
 * The one table of the page's state. It generates the URL query, the element's attributes, the JSON form and the table in
 * the README: a field is named, typed and bounded here and nowhere else, and described in about.ts.
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
  edits: string;
  block: "auto" | "encoder" | "decoder" | "cross";
  layer: number;
  temperature: number;
  backend: BackendChoice;
  stage: string;
  cell: number;
  zoom: "matrix" | "row" | "cell";
  head: number;
  token: number;
  pin: string;
  show: "now" | "before" | "difference";
  threshold: number;
  topK: number;
  speed: number;
  theme: "auto" | "light" | "dark";
  lang: "auto" | "en" | "zh";
  lesson: string;
  lessonStep: number;
  hide: string;
  lock: string;
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
  /** Of text with a pattern: what fits it. */
  example?: string;
}

export type Fields = { [K in keyof State]: Field<State[K]> };

/** The parts of the page that `hide` can take away and `lock` make unchangeable. */
export const PARTS = [
  "header",
  "lesson",
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

/** One number that is set, or, with `*` for an index, all along that axis. */
const EDIT = String.raw`[a-z_]+(,(\d{1,4}|\*)){1,4}=-?(inf|\d+(\.\d+)?(e-?\d{1,2})?)`;

export const FIELDS: Fields = {
  model: {
    kind: "input",
    type: "choice",
    choices: ["auto", "none", ...SHIPPED, "own"],
    default: "auto",
  },
  text: {
    kind: "input",
    type: "text",
    default: ARTICLE_SENTENCE,
    max: MAX_TEXT,
  },
  target: {
    kind: "input",
    type: "text",
    default: "",
    max: 2000,
  },
  drawing: {
    kind: "input",
    type: "text",
    default: "",
    max: BLANK_DRAWING.length,
    pattern: /^[0-9a-g]{64}$/,
  },
  keyText: {
    kind: "input",
    type: "text",
    default: "The street was wide.",
    max: MAX_TEXT,
  },
  attention: {
    kind: "input",
    type: "choice",
    choices: ["self", "cross", "linear", "gated", "delta", "gated_delta"],
    default: "self",
  },
  heads: { kind: "input", type: "integer", default: 2, min: 1, max: 16 },
  kvHeads: {
    kind: "input",
    type: "integer",
    default: 0,
    min: 0,
    max: 16,
    auto: 0,
  },
  headDim: { kind: "input", type: "integer", default: 4, min: 1, max: 64 },
  causal: { kind: "input", type: "boolean", default: false },
  window: {
    kind: "input",
    type: "text",
    default: "",
    max: 16,
    pattern: /^(-1|\d{1,4}),(-1|\d{1,4})$/,
    example: "left,right",
  },
  mask: {
    kind: "input",
    type: "text",
    default: "",
    max: 1000,
    pattern: /^(\d{1,4}|\*)-\d{1,4}(_(\d{1,4}|\*)-\d{1,4})*$/,
    example: "query-key",
  },
  softcap: {
    kind: "input",
    type: "number",
    default: 0,
    min: 0,
    max: 1000,
    auto: 0,
  },
  decay: {
    kind: "input",
    type: "number",
    default: -0.1,
    min: -20,
    max: 0,
  },
  beta: {
    kind: "input",
    type: "number",
    default: 0.5,
    min: 0,
    max: 1,
  },
  scale: {
    kind: "input",
    type: "number",
    default: 0,
    min: 0,
    max: 1000,
    auto: 0,
  },
  position: {
    kind: "input",
    type: "choice",
    choices: ["none", "sinusoidal", "rotary", "alibi"],
    default: "none",
  },
  seed: {
    kind: "input",
    type: "integer",
    default: 1,
    min: 0,
    max: 4_294_967_295,
  },
  matrices: {
    kind: "input",
    type: "json",
    default: null,
  },
  edits: {
    kind: "input",
    type: "text",
    default: "",
    max: 1000,
    pattern: new RegExp(`^${EDIT}(_${EDIT})*$`),
    example: "stage,i,j=value",
  },
  block: {
    kind: "input",
    type: "choice",
    choices: ["auto", "encoder", "decoder", "cross"],
    default: "auto",
  },
  layer: {
    kind: "input",
    type: "integer",
    default: -1,
    min: -1,
    max: 255,
    auto: -1,
  },
  temperature: {
    kind: "input",
    type: "number",
    default: 1,
    min: 0.1,
    max: 5,
  },
  backend: {
    kind: "input",
    type: "choice",
    choices: ["auto", "cpu", "webgpu"],
    default: "auto",
  },
  stage: { kind: "view", type: "text", default: "scores", max: 40, pattern: /^[a-z_]+$/ },
  cell: {
    kind: "view",
    type: "number",
    default: -2,
    min: -2,
    max: 1e9,
  },
  zoom: { kind: "view", type: "choice", choices: ["matrix", "row", "cell"], default: "matrix" },
  head: {
    kind: "view",
    type: "integer",
    default: -1,
    min: -1,
    max: 63,
    auto: -1,
  },
  token: {
    kind: "view",
    type: "integer",
    default: -1,
    min: -1,
    max: 4095,
  },
  pin: {
    kind: "view",
    type: "text",
    default: "",
    max: 80,
    pattern: /^[a-z_]+(,\d{1,6}){1,4}$/,
    example: "stage,i,j,k",
  },
  show: { kind: "view", type: "choice", choices: ["now", "before", "difference"], default: "now" },
  threshold: { kind: "view", type: "number", default: 0, min: 0, max: 1 },
  topK: { kind: "view", type: "integer", default: 0, min: 0, max: 4096 },
  speed: { kind: "view", type: "number", default: 1, min: 0.1, max: 10 },
  theme: { kind: "view", type: "choice", choices: ["auto", "light", "dark"], default: "auto" },
  lang: { kind: "view", type: "choice", choices: ["auto", "en", "zh"], default: "auto" },
  lesson: {
    kind: "view",
    type: "text",
    default: "",
    max: 300,
    pattern: /^[\w./:?=&%~+-]+$/,
    example: "pronoun",
  },
  lessonStep: { kind: "view", type: "integer", default: 0, min: 0, max: 59 },
  hide: {
    kind: "view",
    type: "list",
    choices: PARTS,
    default: "",
  },
  lock: { kind: "view", type: "list", choices: PARTS, default: "" },
};

export const FIELD_NAMES = Object.keys(FIELDS) as (keyof State)[];

/** `headDim` is `head-dim` as an attribute and in the URL. */
export function attributeName(name: keyof State): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function defaultState(): State {
  return Object.fromEntries(FIELD_NAMES.map((name) => [name, FIELDS[name].default])) as unknown as State;
}
