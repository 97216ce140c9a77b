/** From state to trace. The newest input wins; an input that is refused leaves the last good trace and says what was wrong. */

import { createEngine, type Engine, EngineError, type Trace } from "../engine/engine.ts";
import { lackOf, type MatrixSet } from "../input/matrices.ts";
import type { ModelFiles } from "../model/files.ts";
import { modelOf } from "../state/choice.ts";
import type { State } from "../state/fields.ts";
import { fill, type Said, say } from "../text/say.ts";
import type * as Models from "./models/index.ts";
import { onDemand } from "./on-demand.ts";
import type * as Settings from "./settings/index.ts";

/** One engine, one compiled module and one pool for all elements on a page. */
export const sharedEngine: () => Promise<Engine> = onDemand(() => createEngine());

export interface Refusal {
  field: keyof State;
  message: Said;
  code: string;
}

export interface Listener {
  /** `played`: what the model that is in use said besides; `notice`: why the GPU did not compute what it was to. */
  done(trace: Trace, tracedTokens: number, played?: Models.Played, notice?: Said): void;
  refused(refusal: Refusal): void;
  /** What is said from here on is said in the language of the page. */
  speak(): void;
  /** A model is on its way, or no more. */
  loading(loading: Models.Loading | undefined): void;
}

export class Runner {
  /** All that is for models: loaded with the first that is in use. */
  models: typeof Models | undefined;
  /** All that is for untrained runs and for matrices: loaded with the first. */
  settings: typeof Settings | undefined;
  readonly #listener: Listener;
  #newest = 0;
  /** The newest run that is over. */
  #settled = 0;
  #player: Models.ModelPlayer | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  async loadSettings(): Promise<typeof Settings> {
    this.settings ??= await import("./settings/index.ts");
    return this.settings;
  }

  async loadModels(): Promise<typeof Models> {
    this.models ??= await import("./models/index.ts");
    return this.models;
  }

  async #playerOf(engine: Engine): Promise<Models.ModelPlayer> {
    const { ModelPlayer } = await this.loadModels();
    this.#player ??= new ModelPlayer(engine, (loading) => this.#listener.loading(loading));
    return this.#player;
  }

  /** The reader's own model, from now on. */
  async bring(files: ModelFiles): Promise<void> {
    (await this.#playerOf(await sharedEngine())).own = files;
  }

  /** The trace on show is of an earlier input than the one that was asked for. */
  get working(): boolean {
    return this.#settled !== this.#newest;
  }

  get hasOwn(): boolean {
    return this.#player?.own !== undefined;
  }

  /** What is on its way is not waited for any more. */
  cancel(): void {
    this.#settled = ++this.#newest;
    this.#player?.cancel();
  }

  /** Gives back the model that is held; the next run takes it again. */
  release(): void {
    this.#player?.release();
  }

  /** `cause`: the field that the reader changed last; a refusal is shown beside it. */
  async run(state: State, cause: keyof State): Promise<void> {
    const run = ++this.#newest;
    const settle = () => {
      this.#settled = run;
    };
    try {
      const engine = await sharedEngine();
      const name = modelOf(state);
      if (name) {
        await this.#play(engine, name, state, () => run === this.#newest, settle);
        return;
      }
      this.#listener.speak();
      if (state.matrices) checkWhole(state.matrices);
      const { buildRequest } = await this.loadSettings();
      const wanted = await buildRequest(state, engine.tokenize);
      const { request } = wanted;
      const { tracedTokens, weightsTokens } = await engine.limits();
      if (run !== this.#newest) return;
      const most = wanted.kind === "linear" ? tracedTokens : weightsTokens;
      checkTokens(request.tokens?.query, state.matrices ? "matrices" : "text", most);
      checkTokens(request.tokens?.key, state.matrices ? "matrices" : "keyText", most);
      const trace = await (wanted.kind === "linear"
        ? engine.traceLinearAttention(wanted.request)
        : engine.traceAttention(wanted.request));
      if (run !== this.#newest) return;
      await prepared(trace);
      const reason = engine.fellBack(trace);
      const noticeOf = reason && (await import("./backend/index.ts")).noticeOf;
      const notice = noticeOf && (() => noticeOf(reason, state.backend));
      if (run !== this.#newest) return;
      this.#player?.release();
      settle();
      this.#listener.done(trace, tracedTokens, undefined, notice);
    } catch (thrown) {
      if (run !== this.#newest) return;
      settle();
      if (thrown instanceof InputError) {
        const { field, said, code } = thrown;
        this.#listener.refused({ field, message: said, code });
        return;
      }
      const field = modelOf(state) ? modelField(thrown, cause) : fieldOf(thrown, state, cause);
      if (thrown instanceof EngineError) {
        const { expected, found, code } = thrown;
        // What the engine expected and found stays in its own words, English, whatever language the sentence around them is in.
        const message = () => fill(say.fieldError, { field: say.controls[field] ?? say.matrices, expected, found });
        this.#listener.refused({ field, message, code });
      } else {
        const { said = () => (thrown instanceof Error ? thrown.message : String(thrown)) } = thrown as { said?: Said };
        this.#listener.refused({ field, message: said, code: "internal" });
      }
    }
  }

  async #play(engine: Engine, name: string, state: State, current: () => boolean, settle: () => void): Promise<void> {
    // Its wasm is fetched beside the model's files, not after them.
    const limits = engine.limits();
    limits.catch(() => undefined);
    const player = await this.#playerOf(engine);
    if (name === "own" && !player.own) throw new MissingModel();
    const played = await player.play(name, state, current);
    if (played && current()) await prepared(played.trace);
    const { tracedTokens } = await limits;
    if (!played || !current()) return;
    settle();
    this.#listener.done(played.trace, tracedTokens, played);
  }
}

/** Most traces have no stage as large as this, and need no more than is loaded. */
const LARGE = 100_000;

async function prepared(trace: Trace): Promise<void> {
  if (trace.stages.some(({ shape }) => shape.reduce((a, b) => a * b, 1) > LARGE))
    await (await import("../view/prepare.ts")).prepare(trace);
}

/** A link can name the reader's own model, and not bring it. */
class MissingModel extends Error {
  readonly said: Said = () => say.models.ownMissing;
}

/** What models read: beside these a refusal is said, where it is not about the model itself. */
const READ = new Set<keyof State>(["text", "target", "drawing"]);

function modelField(thrown: unknown, cause: keyof State): keyof State {
  // The player says of an error that it came while a model was loaded.
  if ((thrown as { loading?: boolean }).loading || thrown instanceof MissingModel) return "model";
  if (thrown instanceof EngineError && EDITS.test(thrown.expected)) return "edits";
  return READ.has(cause) ? cause : "text";
}

const EDITS = /\bedits?\b/;

/** What an engine's refusal is about, by the words that it uses for the options. */
const SUBJECTS: [words: RegExp, field: keyof State][] = [
  [EDITS, "edits"],
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

/** What is wrong with an input before the engine sees it. */
class InputError extends Error {
  readonly field: keyof State;
  readonly said: Said;
  readonly code: string;
  constructor(field: keyof State, said: Said, code = "too_many_tokens") {
    super(code);
    this.field = field;
    this.said = said;
    this.code = code;
  }
}

function checkTokens(tokens: string[] | undefined, field: "text" | "keyText" | "matrices", max: number): void {
  if (tokens === undefined) return;
  // Matrices without rows are of no shape that the engine takes: it says so.
  if (tokens.length === 0 && field !== "matrices") throw new InputError(field, () => say.emptyText);
  if (tokens.length > max) {
    const n = tokens.length;
    throw new InputError(field, () => fill(say.tooManyTokens, { n, max }));
  }
}

function checkWhole(matrices: MatrixSet): void {
  const lack = lackOf(matrices);
  if (!lack) return;
  const said = () =>
    fill(say.fieldError, { field: say.matrices, expected: lack.missing, found: lack.have || say.nothing });
  throw new InputError("matrices", said, "missing");
}
