/** Fields to text and back: the URL, the attributes and the JSON form all go through here. A bad value becomes its default, with a warning. */

import { checkMatrixSet, plainMatrices } from "../input/matrices.ts";
import { fill, type Said, say } from "../text/say.ts";
import { attributeName, defaultState, FIELD_NAMES, FIELDS, type Field, type State } from "./fields.ts";

export interface Warning {
  code: "bad_value";
  field: keyof State;
  expected: Said;
  found: string;
}

/** The most characters of a link; a larger state becomes a file. */
export const MAX_URL = 2000;

const shorten = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

export function expectation({ type, min = 0, max = 0, choices, pattern, example }: Field<unknown>): string {
  const t = say.expected;
  if (type === "text")
    return pattern ? fill(t.like, { example: example ?? String(pattern) }) : fill(say.atMostCharacters, { n: max });
  return fill(t[type], { min, max, choices: choices?.join(", ") ?? "" });
}

/** The value that `raw` (text or a JSON value) stands for, or undefined if it stands for none. */
export function parseField(name: keyof State, raw: unknown): unknown {
  const field = FIELDS[name] as Field<unknown>;
  switch (field.type) {
    case "integer":
    case "number": {
      if (typeof raw !== "number" && (typeof raw !== "string" || raw.trim() === "")) return undefined;
      const value = Number(raw);
      const whole = field.type === "number" || Number.isInteger(value);
      return Number.isFinite(value) && whole && value >= (field.min ?? 0) && value <= (field.max ?? 0)
        ? value
        : undefined;
    }
    case "boolean":
      if (raw === true || raw === "" || raw === "true" || raw === "1") return true;
      return raw === false || raw === "false" || raw === "0" ? false : undefined;
    case "choice": {
      // Of a language only its first part is told apart: zh-CN is zh.
      const choice = name === "lang" ? String(raw).replace(/-.*/, "").toLowerCase() : String(raw);
      return field.choices?.includes(choice) ? choice : undefined;
    }
    case "list": {
      const names = String(raw)
        .split(/[\s,]+/)
        .filter(Boolean);
      return names.every((part) => field.choices?.includes(part)) ? names.join(",") : undefined;
    }
    case "json":
      return parseMatrices(raw);
    default: {
      if (typeof raw !== "string" || raw.length > (field.max ?? Number.POSITIVE_INFINITY)) return undefined;
      return raw === "" || !field.pattern || field.pattern.test(raw) ? raw : undefined;
    }
  }
}

function parseMatrices(raw: unknown): unknown {
  try {
    const value = typeof raw === "string" ? JSON.parse(raw) : raw;
    if (value === null) return value;
    return checkMatrixSet(value) === undefined ? plainMatrices(value) : undefined;
  } catch {
    return undefined;
  }
}

export interface Parsed {
  values: Partial<State>;
  warnings: Warning[];
}

/** Reads what `lookup` has for each field; unknown keys are never asked for. */
export function parseAll(lookup: (name: keyof State) => unknown): Parsed {
  const values: Record<string, unknown> = {};
  const warnings: Warning[] = [];
  for (const name of FIELD_NAMES) {
    const raw = lookup(name);
    if (raw === null || raw === undefined) continue;
    const value = parseField(name, raw);
    if (value === undefined) {
      const found = typeof raw === "object" ? typeof raw : shorten(String(raw));
      warnings.push({
        code: "bad_value",
        field: name,
        expected: () => expectation(FIELDS[name] as Field<unknown>),
        found,
      });
    } else values[name] = value;
  }
  return { values: values as Partial<State>, warnings };
}

export function parseQuery(query: string): Parsed {
  const params = new URLSearchParams(query);
  return parseAll((name) => params.get(attributeName(name)));
}

/** The query that repeats this state: only what differs from `base`, and only own keys. */
export function toQuery(state: State, base: State = defaultState()): string {
  const params = new URLSearchParams();
  for (const name of FIELD_NAMES) {
    if (state[name] === base[name]) continue;
    const value = state[name];
    params.set(attributeName(name), typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return params.toString();
}

export function toJson(state: State, base: State = defaultState()): string {
  // A null of JSON says nothing; where it differs from the base it is written as text.
  const kept = FIELD_NAMES.filter((name) => state[name] !== base[name]).map((name) => [name, state[name] ?? "null"]);
  return JSON.stringify({ attentionPlayground: 1, ...Object.fromEntries(kept) }, null, 1);
}

export function parseJson(text: string): Parsed | undefined {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    if (value?.attentionPlayground !== 1) return undefined;
    return parseAll((name) => value[name]);
  } catch {
    return undefined;
  }
}
