/** What is shown and why, without a screen: from state to trace, with what models and lessons say, and what went wrong. */

import type { Trace } from "../engine/types.ts";
import { modelOf } from "../state/choice.ts";
import { defaultState, FIELD_NAMES, FIELDS, type State } from "../state/fields.ts";
import { type Change, type Review, type Source, Store } from "../state/store.ts";
import { type Said, say } from "../text/say.ts";
import type { Course } from "../timeline/course.ts";
import { correctionsOf } from "./correct.ts";
import { parseCell } from "./inquiry.ts";
import type { Lessons } from "./lesson/index.ts";
import type * as Models from "./models/index.ts";
import { onDemand } from "./on-demand.ts";
import { Problems } from "./problems.ts";
import { type Refusal, Runner } from "./runner.ts";
import type * as Settings from "./settings/index.ts";
import { Walk } from "./walk.ts";

export interface Host {
  update(): void;
  /** What is said from here on is said in the language of the page. */
  speak(): void;
  /** A detail with words in it is made when there are words. */
  emit(name: string, detail: object | (() => object)): void;
  reducedMotion(): boolean;
  /** Nothing can be shown. */
  fatal(error: Error): void;
}

/** What no other input can mend. */
const FATAL = new Set(["load", "worker", "trap", "deadline"]);

export class Session {
  readonly store = new Store(
    (change) => this.#onChange(change),
    (next, changed) => this.#review(next, changed),
  );
  readonly problems: Problems;
  readonly walk: Walk;
  notice: Said | undefined;
  /** Up to so many tokens the engine keeps everything. */
  tracedTokens = 0;
  /** The picture belongs to an earlier input. */
  stale = false;
  readonly #host: Host;
  readonly runner = new Runner({
    done: (trace, tracedTokens, played, notice) => {
      this.tracedTokens = tracedTokens;
      this.#onTrace(trace, played, notice);
    },
    refused: (refusal) => this.#onRefusal(refusal),
    speak: () => this.#host.speak(),
    loading: (loading) => {
      this.loading = loading;
      this.#host.update();
    },
  });
  /** What the model in use said, if there is one. */
  played: Models.Played | undefined;
  /** A model on its way. */
  loading: Models.Loading | undefined;
  /** The example was tried in the place of a first input that was refused; and its trace is the next to come. */
  #standIn = false;
  #exampleRuns = false;
  #cause: keyof State = "text";
  #running = false;
  /** The newest run, and what it is of. */
  #ran: Promise<void> | undefined;
  #asked = defaultState();
  /** What the trace on show is of: an input that was refused since is not. */
  from = defaultState();
  /** The element is on the page: out of it nothing runs. */
  awake = false;
  /** A run is wanted as soon as the element is on the page again. */
  #due = false;
  /** As the state named the model on show. */
  #shownModel = defaultState().model;
  /** A stage to go to when the next trace has it. */
  awaited = "";
  /** Who asked for the input that is worked on. */
  #inputSource: Source = "api";
  /** Fields of the view that were set for the trace to come. */
  #meant = new Set<keyof State>();

  constructor(host: Host) {
    this.#host = host;
    this.problems = new Problems(host.emit);
    const { update, emit, reducedMotion } = host;
    const [shown, awake] = [() => this.shown, () => this.awake];
    this.walk = new Walk({ store: this.store, shown, update, emit, reducedMotion, awake, missing: this.missing });
  }

  get working(): boolean {
    return this.runner.working;
  }

  /** The engine may be asked from now on. */
  start(): void {
    const run = () => {
      this.#running = true;
      this.run(this.#cause);
    };
    // What a lesson shows is the first picture.
    if (this.store.state.lesson) void this.#beginLesson().then(run);
    else run();
  }

  /** `cause`: the field that was changed last. */
  run(cause: keyof State): void {
    this.#due = !this.awake;
    if (this.awake) this.#run(this.store.state, cause);
  }

  #run(state: State, cause: keyof State): void {
    this.#asked = state;
    this.#ran = this.runner.run(state, cause);
  }

  /** Whether what was asked for last is shown, as soon as that is known. */
  async shows(): Promise<boolean> {
    await this.#ran;
    return !this.problems.refused;
  }

  /** A trace is to come that the state speaks of already. */
  get #awaits(): boolean {
    return this.runner.working || this.#due;
  }

  // -- what is said about the picture as a whole ----------------------------------------------------------------------

  tell(said: Said): void {
    this.notice = said;
    this.#host.update();
  }

  /** A part of the page did not come. */
  readonly missing = (): undefined => this.tell(() => say.notLoaded) as undefined;

  dismiss(): void {
    this.notice = undefined;
    this.store.notice = undefined;
    this.walk.inquiry.error = "";
    this.#host.update();
  }

  /** What is wrong with the matrices that were pasted or dropped; nothing, where they are good or yet to come. */
  wrongMatrices(problem: Said | undefined): void {
    if (!problem) this.problems.clear("matrices");
    else {
      this.problems.set("matrices", problem);
      this.stale = this.walk.trace !== undefined;
    }
  }

  // -- lessons --------------------------------------------------------------------------------------------------------

  lessons: Lessons | undefined;
  readonly loadLessons = onDemand(async () => {
    const { Lessons } = await import("./lesson/index.ts");
    this.lessons = new Lessons({
      store: this.store,
      update: () => this.#host.update(),
      refused: (code, said) => this.#noLesson(code, said),
      accepted: () => this.problems.clear("lesson"),
    });
    // What an earlier try said.
    this.problems.clear("lesson");
    this.#host.update();
    return this.lessons;
  });

  openLessons(): void {
    void this.#withLessons(() => undefined);
  }

  #noLesson(code: string, said: Said): void {
    this.problems.set("lesson", said);
    this.#host.emit("error", () => ({ code, field: "lesson", message: said(), source: "api" }));
    this.#host.update();
  }

  async #withLessons(act: (lessons: Lessons) => void | Promise<void>): Promise<void> {
    try {
      await act(await this.loadLessons());
    } catch (thrown) {
      const text = thrown instanceof Error ? thrown.message : String(thrown);
      this.#noLesson("load", () => text);
    }
  }

  #beginLesson(): Promise<void> {
    return this.#withLessons((lessons) => lessons.begin());
  }

  #followLesson(change: Change): void {
    if (!this.#running) return;
    if (this.lessons) this.lessons.changed(change);
    else if (change.changed.includes("lesson")) void this.#withLessons((lessons) => lessons.changed(change));
  }

  // -- from state to trace --------------------------------------------------------------------------------------------

  /**
   * What names what the trace on show does not have is corrected at once. But what comes with another input is meant for the trace
   * to come, and so is, while that is on its way, what is wrong for the one on show.
   */
  #review(state: State, changed: (keyof State)[]): Review {
    const { trace, course } = this.walk;
    const ofView = changed.every((name) => FIELDS[name].kind === "view");
    const wanted = { state, stage: state.stage, meant: new Set(changed) };
    const found = trace && course && correctionsOf(trace, course, undefined, wanted);
    if (found && ofView && !this.#awaits) return found;
    const meant = found && ofView ? (Object.keys(found.changes) as (keyof State)[]) : changed;
    for (const name of meant) this.#meant.add(name);
    return { changes: {}, warnings: [] };
  }

  #onChange(change: Change): void {
    const { walk, problems } = this;
    const { changed, source, warnings } = change;
    problems.changed(change);
    for (const { field, expected, found } of warnings) problems.warn(field, expected, found, source);
    const input = changed.filter((name) => FIELDS[name].kind === "input");
    if (input.length > 0) {
      this.#cause = input.at(-1) as keyof State;
      this.#inputSource = source;
      this.#exampleRuns = false;
      if (this.#running) this.run(this.#cause);
    }
    // A cell of another layer is another cell, though it be called the same.
    const elsewhere = changed.includes("layer") || changed.includes("block");
    if (elsewhere) walk.inquiry.path = [];
    if (elsewhere || changed.includes("pin")) walk.inquiry.hold(parseCell(this.store.state.pin), walk.trace);
    if (changed.includes("pin")) {
      this.#host.emit("select", { pin: this.store.state.pin || null, source });
    }
    if (changed.length > 0) this.#host.emit("state-change", { state: { ...this.store.state }, changed, source });
    this.#followLesson(change);
    walk.reframe(source);
    this.#host.update();
  }

  /** The state as it is shown: what is left to the model stands as what the model chose. */
  get shown(): State {
    const { state } = this.store;
    const { played } = this;
    const head = state.head < 0 ? (played?.head ?? 0) : state.head;
    if (!played) return { ...state, head };
    const { block, layer } = played;
    const text = this.runner.models?.textFor(state, played) ?? state.text;
    return { ...state, head, block, layer, text, token: state.token < 0 ? played.token : state.token };
  }

  get settings(): typeof Settings | undefined {
    return this.runner.settings;
  }

  /** The parts of the page that are for models, once they are there. */
  get parts(): typeof Models | undefined {
    return this.runner.models;
  }

  #onTrace(trace: Trace, played?: Models.Played, notice?: Said): void {
    const { walk } = this;
    const first = walk.trace === undefined;
    this.played = played;
    this.from = this.#asked;
    this.#shownModel = this.store.state.model;
    // What was said while the first one was on its way still is.
    this.notice = notice ?? (first ? this.notice : undefined);
    // The example stands in for a first input that was refused: what was wrong is still said.
    this.stale = this.#exampleRuns;
    this.#exampleRuns = false;
    if (!this.stale) this.problems.accept();
    walk.enter(trace);
    this.#correct(trace, played, this.awaited || this.store.state.stage);
    this.awaited = "";
    if (first) walk.inquiry.hold(parseCell(this.store.state.pin), trace);
    walk.reframe(this.#inputSource);
    const { answerSaid } = this.parts ?? {};
    if (played?.answer && answerSaid && !first && !this.lessons?.asking && this.#inputSource === "user")
      walk.spoken = () => answerSaid(played) ?? "";
    this.#host.update();
    this.#host.emit("trace", {});
  }

  /** The state is held against a trace that it was not set for. `stage`: the one to show. */
  #correct(trace: Trace, played: Models.Played | undefined, stage: string): void {
    const { state } = this.store;
    const { changes, warnings } = correctionsOf(trace, this.walk.course as Course, played, {
      state,
      stage,
      meant: this.#meant,
    });
    this.#meant = new Set();
    for (const { field, expected, found } of warnings) this.problems.warn(field, expected, found, "api");
    if (Object.keys(changes).length > 0) this.problems.keep(() => this.store.set(changes, "api", "replace"));
  }

  #onRefusal(refusal: Refusal): void {
    const { code, field, message } = refusal;
    this.problems.refuse(refusal, this.#inputSource);
    const { trace } = this.walk;
    if (trace) {
      this.stale = true;
      // The picture that stays is of another input, whose block and layer are not asked for.
      this.#correct(trace, undefined, this.store.state.stage);
    } else if ((FATAL.has(code) && field !== "model") || this.#standIn) {
      this.#host.speak();
      this.#host.fatal(Object.assign(new Error(message()), { code }));
    } else {
      this.#standIn = true;
      // Nothing was drawn yet: the example stands in, so that the reader has controls to mend the input with.
      this.#exampleRuns = true;
      const view = Object.fromEntries(
        FIELD_NAMES.map((name) => [name, (FIELDS[name].kind === "view" ? this.store.state : defaultState())[name]]),
      );
      // An untrained run is mended by its own controls; and what could not be loaded is not tried again.
      if (field === "model" || modelOf(this.store.state) === "") view.model = "none";
      this.#run(view as unknown as State, this.#cause);
    }
    this.#host.update();
  }

  /** The model that is on its way is not waited for: the one on show stays. */
  cancelModel(): void {
    this.runner.cancel();
    this.store.set({ model: this.#shownModel }, "user", "replace");
  }

  // -- life -----------------------------------------------------------------------------------------------------------

  /** Shown again: what a model gave is asked of it anew, and so is what was on its way. */
  wake(): void {
    this.awake = true;
    if (this.played || this.#due) this.run(this.#cause);
  }

  /** Nothing is shown for now: the model that is held is given back. */
  rest(): void {
    // Nothing was drawn yet: the first input is tried again.
    if (!this.walk.trace) this.#standIn = this.#exampleRuns = false;
    this.awake = false;
    this.walk.player.pause();
    this.#due ||= this.runner.working;
    if (this.runner.working) this.runner.cancel();
    this.runner.release();
  }

  /** Nothing will be shown any more. */
  end(): void {
    this.rest();
    this.store.close();
  }

  /** The language that is asked for did not come. */
  otherLanguage(lang: State["lang"]): void {
    this.store.set({ lang }, "api", "replace");
    this.missing();
  }

  /** Another language: rows that the page itself has named are named anew. */
  reworded(): void {
    if (this.walk.trace && !this.played && this.store.state.matrices) this.run(this.#cause);
    this.#host.update();
  }
}
