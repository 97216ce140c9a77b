/** Which model an element holds: the one on show, and the one on its way to take its place. */

import { type Engine, EngineError } from "../../engine/engine.ts";
import type { ModelFiles } from "../../model/files.ts";
import { inputKey, type Played, play } from "../../model/play.ts";
import { type Lease, type Loaded, lease, type Progress } from "../../model/shelf.ts";
import type { State } from "../../state/fields.ts";
import { loadExtra } from "./extras.ts";

/** A model that is on its way. */
export interface Loading extends Progress {
  name: string;
}

type What = string | ModelFiles;

/** A pass that takes less than this (milliseconds) is not broken off: most are over by then. */
const PATIENCE = 500;

/** A turn that is taken now. */
interface Working {
  input: string;
  since: number;
  over: Promise<unknown>;
}

/** Whether the model is gone with what went wrong. */
const hasEnded = (thrown: unknown): boolean =>
  thrown instanceof EngineError && thrown.operation === "model" && ["trap", "deadline"].includes(thrown.code);

export class ModelPlayer {
  /** What the reader brought. */
  own: ModelFiles | undefined;
  readonly #engine: Engine;
  readonly #report: (loading: Loading | undefined) => void;
  #held: { what: What; lease: Lease } | undefined;
  #coming: { what: What; lease: Lease; since: number } | undefined;
  /** One input goes through the model at a time; those that are outdated by then, never. */
  #last: Promise<unknown> = Promise.resolve();
  #working: Working | undefined;
  /** How long the model that is held took to load, in milliseconds. */
  #loadTime = 0;

  constructor(engine: Engine, report: (loading: Loading | undefined) => void) {
    this.#engine = engine;
    this.#report = report;
  }

  /** Undefined where the input is outdated before it was through. */
  async play(name: string, state: State, current: () => boolean): Promise<Played | undefined> {
    const what = name === "own" ? this.own : name;
    if (what === undefined) return undefined;
    await this.#breakOff(what, state, current);
    // Given back meanwhile, or asked for another: none is taken for nothing.
    if (!current()) return undefined;
    const { lease: mine } = this.#take(what);
    try {
      const loaded = await mine.loaded.catch((thrown: Error) => {
        throw Object.assign(thrown, { loading: true });
      });
      const { image, family, encoder, decoder } = loaded.model.info;
      if (image) await loadExtra("digits");
      if (encoder && decoder) await loadExtra("target");
      if (family === "recall") await loadExtra("remembered");
      this.#settle(what);
      const turn = this.#last.then(() =>
        current() ? this.#turn({ ...state, model: name }, loaded, current) : undefined,
      );
      this.#last = turn.catch(() => undefined);
      return await turn;
    } catch (thrown) {
      if (this.#coming?.lease === mine) this.cancel();
      else if (hasEnded(thrown)) this.#discard(mine);
      throw thrown;
    }
  }

  async #turn(state: State, loaded: Loaded, current: () => boolean): Promise<Played | undefined> {
    const played = play(state, loaded, current);
    const working = { input: inputKey(state), since: performance.now(), over: played.catch(() => undefined) };
    this.#working = working;
    try {
      return await played;
    } finally {
      if (this.#working === working) this.#working = undefined;
    }
  }

  /**
   * A pass cannot be stopped, only its worker. So where the reader's own model works on an input that is outdated, it is
   * given up once that takes longer than loading it again does. The models that ship are through in a moment.
   */
  async #breakOff(what: What, state: State, current: () => boolean): Promise<void> {
    const working = this.#working;
    if (typeof what === "string" || this.#held?.what !== what || !working || working.input === inputKey(state)) return;
    const left = Math.max(PATIENCE, this.#loadTime) - (performance.now() - working.since);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise((over) => {
      timer = setTimeout(over, Math.max(0, left));
    });
    await Promise.race([working.over, patience]);
    clearTimeout(timer);
    if (this.#working !== working || !current()) return;
    this.#held?.lease.release();
    this.#held = undefined;
  }

  /** The next input loads it anew. */
  #discard(ended: Lease): void {
    ended.discard();
    if (this.#held?.lease === ended) this.#held = undefined;
  }

  /** What is on its way is wanted no more. */
  cancel(): void {
    this.#coming?.lease.release();
    this.#coming = undefined;
    this.#report(undefined);
  }

  /** No model is shown any more. */
  release(): void {
    this.cancel();
    this.#held?.lease.release();
    this.#held = undefined;
  }

  #take(what: What): { what: What; lease: Lease } {
    if (this.#held?.what === what) {
      this.cancel();
      return this.#held;
    }
    if (this.#coming?.what === what) return this.#coming;
    this.cancel();
    const name = typeof what === "string" ? what : what.name;
    const report = (progress: Progress) => {
      if (this.#coming?.what === what) this.#report({ name, ...progress });
    };
    this.#coming = { what, lease: lease(this.#engine, what, report), since: performance.now() };
    report({ loaded: 0, total: 0 });
    return this.#coming;
  }

  /** It is there: the one before goes. */
  #settle(what: What): void {
    if (this.#coming?.what !== what) return;
    const before = this.#held;
    this.#held = this.#coming;
    this.#loadTime = performance.now() - this.#coming.since;
    this.#coming = undefined;
    before?.lease.release();
    this.#report(undefined);
  }
}
