/** Films in the panel: of what, what that will be, and how far it is. */

import { html, nothing, type TemplateResult } from "lit";
import type * as Film from "../../take/film/film.ts";
import type { FilmKind, Reach } from "../../take/film/film.ts";
import { fill, say } from "../../text/say.ts";
import { take } from "../../text/take.ts";
import { sharedEngine } from "../runner.ts";
import type { Shown } from "./files.ts";
import { save } from "./save.ts";

const KB = 1000;
const REACHES = ["stage", "all"] as const;
const KINDS = ["gif", "video"] as const;

export class FilmDesk {
  #film: typeof Film | undefined;
  #reach: Reach = "stage";
  #kind: FilmKind = "gif";
  /** What is on its way, and how far. */
  #making: { stop: AbortController; done: number; all: number } | undefined;
  #said = () => "";
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
    import("../../take/film/film.ts")
      .then(
        (film) => {
          this.#film = film;
        },
        () => {
          this.#said = () => say.notLoaded;
        },
      )
      .then(changed);
  }

  draw(shown: Shown): TemplateResult {
    const words = take.film;
    const choose = <T extends string>(
      name: string,
      all: readonly T[],
      own: T,
      words: Record<T, string>,
      set: (one: T) => void,
    ) =>
      all.map(
        (
          one,
        ) => html`<label><input type="radio" name=${name} value=${one} .checked=${one === own} ?disabled=${this.#making}
          @change=${() => this.#choose(() => set(one))}/>${words[one]}</label>`,
      );
    return html`<h3>${words.title}<span class="note" role="status" data-film>${this.#said()}</span></h3>
      <div class="choices"><fieldset class="choices" role="radiogroup"><legend>${words.reach}</legend>
        ${choose("reach", REACHES, this.#reach, words.reaches, (reach) => (this.#reach = reach))}</fieldset>
        <fieldset class="choices" role="radiogroup"><legend>${words.kind}</legend>
        ${choose("kind", KINDS, this.#kind, words.kinds, (kind) => (this.#kind = kind))}</fieldset></div>
      <div class="film">${this.#making ? this.#progress() : this.#offer(shown)}</div>`;
  }

  #choose(set: () => void): void {
    set();
    this.#said = () => "";
    this.#changed();
  }

  #offer(shown: Shown): TemplateResult | typeof nothing {
    if (!this.#film) return nothing;
    const { frames, width, height, seconds, speed } = this.#film.factsOf(
      shown.scene,
      shown.trace,
      this.#kind,
      this.#reach,
    );
    const facts = fill(take.film.facts, { frames, width, height, seconds: seconds.toFixed(1) });
    const faster = speed > 1.05 ? `, ${fill(take.film.faster, { speed: speed.toFixed(1) })}` : "";
    return html`<span class="note">${facts}${faster}</span>
      <button type="button" class="quiet" data-make @click=${() => void this.#make(shown)}>${take.film.make}</button>`;
  }

  #progress(): TemplateResult {
    const { done = 0, all = 1, stop } = this.#making ?? {};
    return html`<progress max=${all} value=${done} aria-label=${take.film.title}></progress>
      <span class="note">${fill(take.film.making, { done, all })}</span>
      <button type="button" class="quiet" data-stop-film @click=${() => stop?.abort()}>${take.film.stop}</button>`;
  }

  async #make({ scene, trace, stage }: Shown): Promise<void> {
    const stop = new AbortController();
    this.#making = { stop, done: 0, all: 1 };
    this.#said = () => "";
    this.#changed();
    const stopIfGone = () => {
      if (!scene.root.isConnected) stop.abort();
    };
    try {
      const engine = await sharedEngine();
      const made = await this.#film?.film(scene, trace, this.#kind, this.#reach, {
        ask: (...cell) => engine.explain(...cell),
        signal: stop.signal,
        progress: (done, all) => {
          stopIfGone();
          this.#making = { stop, done, all };
          this.#changed();
        },
      });
      // It may have been stopped while the last of it was written.
      stopIfGone();
      stop.signal.throwIfAborted();
      const kb = Math.ceil((made?.size ?? 0) / KB);
      this.#said = () => (made ? fill(take.film.made, { kb }) : take.film.noVideo);
      if (made) save(made, `attention-${this.#reach === "all" ? "all" : stage.id}.${made.type.split("/")[1]}`);
    } catch (thrown) {
      if (!stop.signal.aborted) this.#said = () => fill(take.failed, { reason: (thrown as Error).message });
    }
    this.#making = undefined;
    this.#changed();
  }

  /** Nobody waits for it any more. */
  stop(): void {
    this.#making?.stop.abort();
  }
}
