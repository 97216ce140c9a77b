/**
 * What a lesson says of a trace, and what it asks: expressions such as `weights,1,it,street`, `largest(weights,1,it)` or
 * `weights,1,it,street > 0.5`. They are all that a lesson has in the place of numbers; their values are read off the trace.
 */

import type { Stage, Trace } from "../engine/types.ts";
import { stageOf, valueAt } from "../trace/cells.ts";
import { refusal } from "./errors.ts";

export type Value =
  /** A number of the trace. */
  | { kind: "cell"; stage: string; index: number[]; value: number }
  /** A token of the trace. */
  | { kind: "token"; text: string }
  /** A number that was counted, added up or written down. */
  | { kind: "number"; value: number };

/** `largest(weights,1,it)`, `weights,1,it,street`. */
const CALL = /^(\w+)\((.*)\)$/s;
const NUMBER = /^-?\d+(\.\d+)?(e-?\d+)?$/;
/** The second "the" of a sentence is `the#2`. */
const NTH = /^(.+)#([1-9]\d?)$/s;
const FUNCTIONS = ["largest", "max", "sum", "count"];

export const isCondition = (text: string): boolean => COMPARISON.test(text);

/** The value of an expression; throws an EngineError where the trace has no such thing. */
export function evaluate(expression: string, trace: Trace): Value {
  const text = expression.trim();
  if (NUMBER.test(text)) return { kind: "number", value: Number(text) };
  const [, name, inner] = CALL.exec(text) ?? [];
  if (name !== undefined && inner !== undefined) return call(name, inner, trace);
  return text.includes(",") ? cellAt(text, trace) : { kind: "token", text };
}

function cellAt(text: string, trace: Trace): Value & { kind: "cell" } {
  const { stage, index } = placeOf(text, trace);
  if (index.length < stage.shape.length)
    throw refusal(text, `a place on each of the axes ${stage.axes.join(", ")}`, `${index.length} of them`);
  return { kind: "cell", stage: stage.id, index, value: valueAt(trace, stage, index) };
}

function call(name: string, inner: string, trace: Trace): Value {
  const { stage, index } = placeOf(inner, trace);
  const below = stage.shape.slice(index.length);
  const size = below.reduce((product, extent) => product * extent, 1);
  const before = stage.shape.slice(0, index.length).reduce((at, extent, axis) => at * extent + (index[axis] ?? 0), 0);
  const part = trace.data.subarray(stage.offset + before * size, stage.offset + (before + 1) * size);
  switch (name) {
    case "count":
      return { kind: "number", value: size };
    case "sum":
      return { kind: "number", value: part.reduce((sum, value) => sum + value, 0) };
    case "max":
    case "largest": {
      if (below.length !== 1) throw refusal(inner, `all but the last of the axes ${stage.axes.join(", ")}`, inner);
      const at = part.reduce((best, value, n) => (value > (part[best] ?? Number.NEGATIVE_INFINITY) ? n : best), -1);
      if (at < 0) throw refusal(inner, "a row with a number in it", "none");
      if (name === "max") return { kind: "cell", stage: stage.id, index: [...index, at], value: part[at] as number };
      return { kind: "token", text: namesOf(trace, stage.axes.at(-1))[at] ?? String(at) };
    }
    default:
      throw refusal("", `one of ${FUNCTIONS.join(", ")}`, name);
  }
}

/** A stage, and so many places along its axes as are named: each by its number, from 0, or by the token that stands there. */
function placeOf(text: string, trace: Trace): { stage: Stage; index: number[] } {
  const [id = "", ...places] = text.split(",").map((part) => part.trim());
  const stage = stageOf(trace, id);
  if (!stage) throw refusal(text, `a stage of this trace: ${trace.stages.map(({ id }) => id).join(", ")}`, id);
  if (places.length > stage.shape.length)
    throw refusal(text, `at most the axes ${stage.axes.join(", ")}`, `${places.length} places`);
  const index = places.map((place, axis) => {
    const at = /^\d+$/.test(place) ? Number(place) : tokenAt(place, namesOf(trace, stage.axes[axis]));
    const extent = stage.shape[axis] ?? 0;
    if (at >= 0 && at < extent) return at;
    throw refusal(text, `${stage.axes[axis]} from 0 to ${extent - 1}, or a token`, place);
  });
  return { stage, index };
}

/** The tokens along an axis; none where it has no tokens. */
const namesOf = ({ tokens }: Trace, axis: string | undefined): readonly string[] =>
  axis === "key" ? tokens.key : axis === "query" || axis === "token" ? tokens.query : [];

/** -1 where there is none. */
function tokenAt(place: string, names: readonly string[]): number {
  const first = names.indexOf(place);
  const [, name, nth] = NTH.exec(place) ?? [];
  if (first >= 0 || name === undefined) return first;
  return names.flatMap((one, n) => (one === name ? [n] : []))[Number(nth) - 1] ?? -1;
}

const COMPARISON = /^(.*?)\s(<=|>=|!=|<|>|=)\s(.*)$/s;
/** Two numbers of f32 that were rounded on different ways are the same this near to each other. */
const SAME = 1e-6;

/** Whether a comparison such as `weights,1,it,street > 0.5` is true of the trace. */
export function holds(condition: string, trace: Trace): boolean {
  const [, left = "", sign = "", right = ""] = COMPARISON.exec(condition) ?? [];
  const [a, b] = [evaluate(left, trace), evaluate(right, trace)];
  if (a.kind === "token" || b.kind === "token") {
    const same = a.kind === b.kind && textOf(a) === textOf(b);
    if (sign === "=" || sign === "!=") return same === (sign === "=");
    throw refusal(condition, "numbers, or = or != between tokens", sign);
  }
  const near =
    Math.abs(a.value - b.value) <= SAME * Math.max(1, Math.abs(a.value), Math.abs(b.value)) || a.value === b.value;
  switch (sign) {
    case "=":
      return near;
    case "!=":
      return !near;
    case "<":
      return a.value < b.value && !near;
    case "<=":
      return a.value <= b.value || near;
    case ">":
      return a.value > b.value && !near;
    default:
      return a.value >= b.value || near;
  }
}

const textOf = (value: Value): string => (value.kind === "token" ? value.text : String(value.value));
