/** Which model an element holds: the one on show, and the one on its way to take its place. */

import type { Engine } from "../../engine/engine.ts";
import type { ModelFiles } from "../../model/files.ts";
import { type Played, play } from "../../model/play.ts";
import { type Lease, lease, type Progress } from "../../model/shelf.ts";
import type { State } from "../../state/fields.ts";
import { loadExtra } from "./extras.ts";

/** A model that is on its way. */
export interface Loading extends Progress {
  name: string;
}

type What = string | ModelFiles;

export class ModelPlayer {
  /** What the reader brought. */
  own: ModelFiles | undefined;
  readonly #engine: Engine;
  readonly #report: (loading: Loading | undefined) => void;
  #held: { what: What; lease: Lease } | undefined;
  #coming: { what: What; lease: Lease } | undefined;
  /** One input goes through the model at a time; those that are outdated by then, never. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, report: (loading: Loading | undefined) => void) {
    this.#engine = engine;
    this.#report = report;
  }

  /** Undefined where the input is outdated before it was through. */
  async play(name: string, state: State, current: () => boolean): Promise<Played | undefined> {
    const what = name === "own" ? this.own : name;
    if (what === undefined) return undefined;
    const { lease: mine } = this.#take(what);
    try {
      const loaded = await mine.loaded.catch((thrown: Error) => {
        throw Object.assign(thrown, { loading: true });
      });
      const { image, family } = loaded.model.info;
      if (image) await loadExtra("digits");
      if (family === "recall") await loadExtra("remembered");
      this.#settle(what);
      const turn = this.#last.then(() => (current() ? play({ ...state, model: name }, loaded) : undefined));
      this.#last = turn.catch(() => undefined);
      return await turn;
    } catch (thrown) {
      if (this.#coming?.lease === mine) this.cancel();
      throw thrown;
    }
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
    this.#coming = { what, lease: lease(this.#engine, what, report) };
    report({ loaded: 0, total: 0 });
    return this.#coming;
  }

  /** It is there: the one before goes. */
  #settle(what: What): void {
    if (this.#coming?.what !== what) return;
    const before = this.#held;
    this.#held = this.#coming;
    this.#coming = undefined;
    before?.lease.release();
    this.#report(undefined);
  }
}
