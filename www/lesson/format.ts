/** A lesson as it stands in its file, and the check of one: www/lessons/README.md says the same in words. */

import { type Parsed, parseAll, parseQuery } from "../state/codec.ts";
import type { State } from "../state/fields.ts";
import { refusal } from "./errors.ts";
import { NOT_OF_LESSONS, OF_LESSONS } from "./state.ts";
import { isCondition } from "./value.ts";

/** By language, or the same in all of them. Terms are marked `[[key|keys]]`; `{weights,1,it,street|%}` is filled from the trace. */
export type Text = string | Record<string, string>;

export interface Choice {
  text: Text;
  /** A comparison that is true of the trace where this choice is right. */
  when: string;
  /** Said to those who chose it. */
  why?: Text;
}

export type Question = {
  text: Text;
  /** What is said after the answer. */
  reveal: Text;
  /** What the page shows then, over what it shows at the step. */
  state: Partial<State>;
} & (
  | { kind: "choices"; choices: Choice[] }
  /** A token of the sentence is asked for; `among`: those to choose from, else all. */
  | { kind: "token"; answer: string; among?: string[] }
  /** A number is to be guessed, to `within` of what it is; a share in per cent. */
  | { kind: "number"; answer: string; within: number; percent: boolean }
);

export interface Step {
  /** Over the lesson's own state, which stands over the defaults. */
  state: Partial<State>;
  text: Text;
  /** What would give an answer away is hidden, as it is while a question waits. */
  covered: boolean;
  question?: Question;
}

export interface Lesson {
  title: Text;
  about: Text;
  state: Partial<State>;
  steps: Step[];
}

const MOST_STEPS = 60;
const MOST_TEXT = 2000;
const MOST_CHOICES = 12;

type Entries = Record<string, unknown>;

/** `json`: what the file holds. Throws an EngineError that says where it is wrong, what was expected there and what was found. */
export function readLesson(json: unknown): Lesson {
  const file = object(json, "", ["attentionLesson", "title", "about", "state", "steps"]);
  if (file.attentionLesson !== 1) throw refusal("attentionLesson", "1", file.attentionLesson);
  const steps = list(file.steps, "steps", 1, MOST_STEPS);
  const state = stateOf(file.state, "state");
  return {
    title: text(file.title, "title"),
    about: file.about === undefined ? "" : text(file.about, "about"),
    state,
    steps: steps.map((step, n) => stepOf(step, `steps[${n}]`)),
  };
}

function stepOf(json: unknown, where: string): Step {
  const step = object(json, where, ["state", "stage", "text", "covered", "question"]);
  const { covered = false } = step;
  if (typeof covered !== "boolean") throw refusal(`${where}.covered`, "true or false", covered);
  return {
    state: shownBy(step, where),
    covered,
    text: text(step.text, `${where}.text`),
    ...(step.question !== undefined && { question: questionOf(step.question, `${where}.question`) }),
  };
}

/** `stage` is short for the field of the state. */
function shownBy({ state, stage }: Entries, where: string): Partial<State> {
  const given = stateOf(state, `${where}.state`);
  return stage === undefined ? given : { ...given, ...stateOf({ stage }, where) };
}

function questionOf(json: unknown, where: string): Question {
  const kinds = ["choices", "token", "number"] as const;
  const given = object(json, where, [...kinds, "text", "among", "within", "percent", "reveal", "state", "stage"]);
  const [kind, ...more] = kinds.filter((one) => given[one] !== undefined);
  if (!kind || more.length > 0)
    throw refusal(where, `one of ${kinds.join(", ")}`, [kind, ...more].filter(Boolean).join(", ") || undefined);
  const allowed = { choices: [], token: ["among"], number: ["within", "percent"] }[kind] as string[];
  for (const name of ["among", "within", "percent"])
    if (given[name] !== undefined && !allowed.includes(name))
      throw refusal(`${where}.${name}`, `nothing with ${kind}`, given[name]);
  const common = {
    text: text(given.text, `${where}.text`),
    reveal: text(given.reveal, `${where}.reveal`),
    state: shownBy(given, where),
  };
  if (kind === "choices") {
    const choices = list(given.choices, `${where}.choices`, 2, MOST_CHOICES);
    return { ...common, kind, choices: choices.map((choice, n) => choiceOf(choice, `${where}.choices[${n}]`)) };
  }
  const answer = expression(given[kind], `${where}.${kind}`);
  if (kind === "token") {
    if (given.among === undefined) return { ...common, kind, answer };
    const among = list(given.among, `${where}.among`, 2, MOST_CHOICES);
    return { ...common, kind, answer, among: among.map((one, n) => expression(one, `${where}.among[${n}]`)) };
  }
  const { within, percent = false } = given;
  if (typeof within !== "number" || !(within > 0)) throw refusal(`${where}.within`, "a number above 0", within);
  if (typeof percent !== "boolean") throw refusal(`${where}.percent`, "true or false", percent);
  return { ...common, kind, answer, within, percent };
}

function choiceOf(json: unknown, where: string): Choice {
  const choice = object(json, where, ["text", "when", "why"]);
  const when = expression(choice.when, `${where}.when`);
  if (!isCondition(when)) throw refusal(`${where}.when`, "a comparison, such as weights,0,it,street > 0.5", when);
  const why = choice.why === undefined ? {} : { why: text(choice.why, `${where}.why`) };
  return { text: text(choice.text, `${where}.text`), when, ...why };
}

function object(json: unknown, where: string, known: readonly string[]): Entries {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw refusal(where, "an object", json);
  const stranger = Object.keys(json).find((name) => !known.includes(name));
  if (stranger !== undefined) throw refusal(where, `only ${known.join(", ")}`, stranger);
  return json as Entries;
}

function list(json: unknown, where: string, least: number, most: number): unknown[] {
  if (Array.isArray(json) && json.length >= least && json.length <= most) return json;
  throw refusal(where, `a list of ${least} to ${most}`, json);
}

function expression(json: unknown, where: string): string {
  if (typeof json === "string" && json.trim() !== "" && json.length <= MOST_TEXT) return json;
  throw refusal(where, "text such as largest(weights,0,it)", json);
}

function text(json: unknown, where: string): Text {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) {
    const languages = Object.entries(json);
    if (languages.length === 0) throw refusal(where, "text in a language", "none");
    return Object.fromEntries(languages.map(([lang, one]) => [lang, plain(one, `${where}.${lang}`)]));
  }
  return plain(json, where);
}

function plain(json: unknown, where: string): string {
  if (typeof json === "string" && json.trim() !== "" && json.length <= MOST_TEXT) return json;
  throw refusal(where, `text of at most ${MOST_TEXT} characters`, json);
}

/** Fields by their names, or the query of a link that was copied from the page. */
function stateOf(json: unknown, where: string): Partial<State> {
  if (json === undefined) return {};
  const { values, warnings } = typeof json === "string" ? fromLink(json) : fromFields(json, where);
  const [wrong] = warnings;
  if (wrong) throw refusal(`${where}.${wrong.field}`, wrong.expected(), wrong.found);
  return values;
}

function fromFields(json: unknown, where: string): Parsed {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw refusal(where, "an object of fields, or a link copied from the page", json);
  const given = json as Entries;
  const stranger = Object.keys(given).find((name) => !OF_LESSONS.includes(name as keyof State));
  if (stranger !== undefined)
    throw refusal(where, `fields of the state that a lesson may set: ${OF_LESSONS.join(", ")}`, stranger);
  // A field that is null would be passed over.
  const empty = Object.keys(given).find((name) => given[name] === null && name !== "matrices");
  if (empty !== undefined) throw refusal(`${where}.${empty}`, "a value", null);
  return parseAll((name) => given[name]);
}

/** Of a link what belongs to the reader, and what is not the page's, is left out. */
function fromLink(link: string): Parsed {
  const query = link.slice(link.indexOf("?") + 1).replace(/#.*/, "");
  const { values, warnings } = parseQuery(query);
  for (const name of NOT_OF_LESSONS) delete values[name];
  return { values, warnings: warnings.filter(({ field }) => !NOT_OF_LESSONS.has(field)) };
}

/** As it is said in a language: in its own words, else in English, else in the first there is. */
export function inLanguage(said: Text, lang: string): string {
  if (typeof said === "string") return said;
  const own = lang.split("-")[0] ?? "";
  return said[lang] ?? said[own] ?? said.en ?? Object.values(said)[0] ?? "";
}
