/** From state to trace. The newest input wins; an input that is refused leaves the last good trace and says what was wrong. */

import { createEngine, type Engine, EngineError, type Trace } from "../engine/engine.ts";
import { buildRequest } from "../input/request.ts";
import type { State } from "../state/fields.ts";
import { en, fill } from "../text/en.ts";
import { prepare } from "../view/prepare.ts";

let shared: Promise<Engine> | undefined;

/** One engine, one compiled module and one pool for all elements on a page. */
export function sharedEngine(): Promise<Engine> {
  shared ??= createEngine().catch((error: unknown) => {
    shared = undefined;
    throw error;
  });
  return shared;
}

export interface Refusal {
  field: keyof State;
  message: string;
  code: string;
}

export class Runner {
  readonly #done: (trace: Trace, tracedTokens: number) => void;
  readonly #refused: (refusal: Refusal) => void;
  #newest = 0;

  constructor(done: (trace: Trace, tracedTokens: number) => void, refused: (refusal: Refusal) => void) {
    this.#done = done;
    this.#refused = refused;
  }

  /** `cause`: the field that the reader changed last; a refusal is shown beside it. */
  async run(state: State, cause: keyof State): Promise<void> {
    const run = ++this.#newest;
    try {
      const engine = await sharedEngine();
      const wanted = await buildRequest(state, engine.tokenize);
      const { request } = wanted;
      const { tracedTokens, weightsTokens } = await engine.limits();
      if (run !== this.#newest) return;
      const most = wanted.kind === "linear" ? tracedTokens : weightsTokens;
      checkTokens(request.tokens?.query, "text", most);
      checkTokens(request.tokens?.key, "keyText", most);
      const trace = await (wanted.kind === "linear"
        ? engine.traceLinearAttention(wanted.request)
        : engine.traceAttention(wanted.request));
      if (run !== this.#newest) return;
      await prepare(trace);
      if (run === this.#newest) this.#done(trace, tracedTokens);
    } catch (thrown) {
      if (run !== this.#newest) return;
      if (thrown instanceof TokenCount) {
        this.#refused({ field: thrown.field, message: thrown.message, code: "too_many_tokens" });
        return;
      }
      const field = fieldOf(thrown, state, cause);
      if (thrown instanceof EngineError) {
        const { expected, found, code } = thrown;
        const label = en.controls[field] ?? en.matrices;
        this.#refused({ field, message: fill(en.fieldError, { field: label, expected, found }), code });
      } else
        this.#refused({ field, message: thrown instanceof Error ? thrown.message : String(thrown), code: "internal" });
    }
  }
}

/** What an engine's refusal is about, by the words that it uses for the options. */
const SUBJECTS: [words: RegExp, field: keyof State][] = [
  [/kv_heads/, "kvHeads"],
  [/\bwindow\b/, "window"],
  [/softcap/, "softcap"],
  [/\bmask\b/, "mask"],
  [/rotary|ALiBi|positions/, "position"],
  [/\bscale\b/, "scale"],
  [/heads/, "heads"],
  [/dim\b/, "headDim"],
];

/** The field beside which a refusal is said: the one changed last if the refusal is about it, else what it is about. */
function fieldOf(thrown: unknown, state: State, cause: keyof State): keyof State {
  const text = thrown instanceof EngineError ? `${thrown.expected} ${thrown.found}` : "";
  const subjects = SUBJECTS.filter(([words]) => words.test(text)).map(([, field]) => field);
  const unsaid = state.matrices && ["text", "keyText"].includes(cause) ? "matrices" : cause;
  if (cause === "matrices") return cause;
  return subjects.includes(cause) ? cause : (subjects[0] ?? unsaid);
}

class TokenCount extends Error {
  readonly field: "text" | "keyText";
  constructor(field: "text" | "keyText", message: string) {
    super(message);
    this.field = field;
  }
}

function checkTokens(tokens: string[] | undefined, field: "text" | "keyText", max: number): void {
  if (tokens === undefined) return;
  if (tokens.length === 0) throw new TokenCount(field, en.emptyText);
  if (tokens.length > max) throw new TokenCount(field, fill(en.tooManyTokens, { n: tokens.length, max }));
}
