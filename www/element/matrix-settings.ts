/** The lines of a text of matrices that are no matrix: how the run goes, by the names of the attributes, and what the rows are called. */

import type { Trace } from "../engine/types.ts";
import { MatrixError, refusal } from "../input/parse-matrices.ts";
import { expectation, parseField } from "../state/codec.ts";
import { attributeName, FIELDS, type Field, type State } from "../state/fields.ts";
import { fill, say } from "../text/say.ts";

const SETTINGS = [
  "attention",
  "heads",
  "kvHeads",
  "causal",
  "window",
  "mask",
  "softcap",
  "scale",
  "position",
] as const satisfies (keyof State)[];
type Setting = (typeof SETTINGS)[number];

const TOKENS = "tokens";
const LINE = new RegExp(
  String.raw`\s*(${[...SETTINGS.map(attributeName), TOKENS].join("|")})[ \t]*=([^\n]*)(\n|$)`,
  "gy",
);

/** What a state has to say for an untrained run to go as this one did. */
function settingsOf({ config, stages }: Trace, mask: string): Record<Setting, unknown> {
  const { kind, rule, heads, kvHeads, headDim, causal, window, softcap, scale, position } =
    config as Trace["config"] & {
      window: [number, number];
      position: { kind: string };
    };
  const own = kind === "attention";
  const cross = stages.some(({ id }) => id === "memory_embeddings");
  return {
    attention: own ? (cross ? "cross" : "self") : rule,
    heads,
    kvHeads: kvHeads === heads ? 0 : kvHeads,
    // Linear attention is causal by its rule.
    causal: own && causal,
    window: window.every((side) => side < 0) ? "" : window.join(),
    mask,
    softcap,
    scale: scale === 1 / Math.sqrt(headDim) ? 0 : scale,
    position: position.kind,
  };
}

/** What the state would not give by itself, or not by default. */
export function settingLines(trace: Trace, state: State, tokens: readonly string[] | undefined): string[] {
  const wanted = settingsOf(trace, state.mask);
  const lines = SETTINGS.flatMap((name) => {
    const value = wanted[name];
    return value === FIELDS[name].default && value === state[name] ? [] : [`${attributeName(name)} = ${value}`];
  });
  return tokens ? [...lines, `${TOKENS} = ${JSON.stringify(tokens)}`] : lines;
}

export interface Settings {
  /** The text after these lines. */
  rest: string;
  changes: Partial<State>;
  tokens?: string[];
}

/** They come first: a text of many megabytes is not searched for them. */
export function takeSettings(text: string): Settings {
  const taken: Settings = { rest: text, changes: {} };
  for (const [line, name = "", written = ""] of text.matchAll(LINE)) {
    taken.rest = taken.rest.slice(line.length);
    const raw = written.trim();
    if (name === TOKENS) taken.tokens = tokensOf(raw);
    else Object.assign(taken.changes, settingOf(name, raw));
  }
  return taken;
}

function settingOf(name: string, raw: string): Partial<State> {
  const field = SETTINGS.find((one) => attributeName(one) === name) as Setting;
  const value = parseField(field, raw);
  if (value !== undefined) return { [field]: value };
  throw new MatrixError(() => {
    const expected = expectation(FIELDS[field] as Field<unknown>);
    return fill(say.fieldError, { field: say.controls[field] ?? name, expected, found: raw || say.nothing });
  });
}

function tokensOf(raw: string): string[] {
  try {
    const tokens: unknown = JSON.parse(raw);
    if (Array.isArray(tokens) && tokens.every((token) => typeof token === "string")) return tokens;
  } catch {
    // Said below.
  }
  throw refusal(
    () => TOKENS,
    (t) => t.expected.tokens,
    (t) => raw.slice(0, 24) || t.found.nothing,
  );
}
