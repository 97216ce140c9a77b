/** What is shown and why, without a screen: state to trace to course to frame, the asked cell, and what went wrong. */

import type { Stage, Trace } from "../engine/types.ts";
import { modelOf } from "../state/choice.ts";
import { attributeName, defaultState, FIELD_NAMES, FIELDS, type State } from "../state/fields.ts";
import { type Change, type History, type Source, Store } from "../state/store.ts";
import { fill, type Said, say } from "../text/say.ts";
import { Course, type Frame, type StepUnit, WHOLE } from "../timeline/course.ts";
import { stageOf } from "../trace/cells.ts";
import { type MatrixView, type Place, sliceForHead } from "../view/matrix-view.ts";
import type { Lit } from "../view/paint.ts";
import { Closeness, pace, placeOf } from "./closer.ts";
import { correctionsOf } from "./correct.ts";
import type { Drops } from "./drops.ts";
import { cellKey, contains, Inquiry, parseCell, sameCell } from "./inquiry.ts";
import type { Lessons } from "./lesson/index.ts";
import type * as Models from "./models/index.ts";
import { onDemand } from "./on-demand.ts";
import { captionFor, spoken } from "./parts/caption.ts";
import { type Actions, chosenToken } from "./parts/context.ts";
import { Player } from "./player.ts";
import { type Refusal, Runner } from "./runner.ts";
import type * as Settings from "./settings/index.ts";
import { taken } from "./taken.ts";

export interface Host {
  update(): void;
  /** What is said from here on is said in the language of the page. */
  speak(): void;
  /** A detail with words in it is made when there are words. */
  emit(name: string, detail: object | (() => object)): void;
  /** Whether the cell stands in the scene on show. */
  shows(cell: Lit): boolean;
  reducedMotion(): boolean;
  zoom(factor: number): void;
  /** Nothing can be shown. */
  fatal(error: Error): void;
}

const { text, target, drawing, block, layer, head, token, pin, matrices, edits, mask, scale } = defaultState();
/** What another model begins with. */
const FRESH: Partial<State> = { text, target, drawing, block, layer, head, token, pin, matrices, edits, mask, scale };

/** What no other input can mend. */
const FATAL = new Set(["load", "worker", "trap", "deadline"]);

export class Session {
  readonly store = new Store((change) => this.#onChange(change));
  readonly player = new Player((seconds) => this.#advance(seconds));
  readonly inquiry: Inquiry;
  readonly closeness: Closeness;
  trace: Trace | undefined;
  course: Course | undefined;
  frame: Frame | undefined;
  notice: Said | undefined;
  /** Up to so many tokens the engine keeps everything. */
  tracedTokens = 0;
  /** The picture belongs to an earlier input. */
  stale = false;
  maskEdit = false;
  openMatrices = false;
  spoken: Said = () => "";
  readonly #host: Host;
  readonly #runner = new Runner({
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
  /** The panel for the reader's own model is open. */
  openOwn = false;
  menuAt = -1;
  /** Values that were no good, by their fields: each stays until its field changes. */
  readonly #badValues = new Map<keyof State, Said>();
  #refusal: Refusal | undefined;
  /** The example was tried in the place of a first input that was refused; and its trace is the next to come. */
  #standIn = false;
  #exampleRuns = false;
  #cause: keyof State = "text";
  #running = false;
  /** What was on its way when the element left the page. */
  #interrupted = false;
  /** As the state named the model on show. */
  #shownModel = defaultState().model;
  /** A stage to go to when the next trace has it. */
  #awaited = "";
  /** The next explanation is waited for: its sentence will be spoken. */
  #toSpeak = false;
  /** Who asked for what is played, and for the input that is worked on. */
  #playSource: Source = "user";
  #inputSource: Source = "api";
  /** "More settings" was opened, or something in it was needed. */
  moreOpen = false;

  constructor(host: Host) {
    this.#host = host;
    this.closeness = new Closeness(
      () => host.update(),
      () => {
        this.store.set({ zoom: "matrix" }, "api", "replace");
        this.#missing();
      },
    );
    this.inquiry = new Inquiry(() => {
      if (this.#toSpeak) this.#say();
      host.update();
    });
  }

  get problems(): Map<keyof State, Said> {
    const all = new Map(this.#badValues);
    if (this.#refusal) all.set(this.#refusal.field, this.#refusal.message);
    return all;
  }

  get working(): boolean {
    return this.#runner.working;
  }

  /** The engine may be asked from now on. */
  start(): void {
    const run = () => {
      this.#running = true;
      void this.#runner.run(this.store.state, this.#cause);
    };
    // What a lesson shows is the first picture.
    if (this.store.state.lesson) void this.#beginLesson().then(run);
    else run();
  }

  // -- moving through the course --------------------------------------------------------------------------------------

  play(source: Source): void {
    if (!this.course || this.player.playing) return;
    const { stage, cell } = this.store.state;
    const atEnd = this.course.timeOf(stage, cell) >= this.course.duration - 0.01 && cell !== WHOLE;
    if (cell === WHOLE) this.store.set({ cell: 0 }, source, "none");
    else if (atEnd) this.seek(0, source, "none");
    this.#playSource = source;
    this.player.play();
    this.#host.update();
  }

  pause(source: Source): void {
    if (!this.player.playing) return;
    this.player.pause();
    this.store.set({ cell: this.store.state.cell }, source, "replace");
    this.store.keepAddress();
    this.#speak();
    this.#host.update();
  }

  seek(time: number, source: Source, history: History): void {
    if (!this.course || Number.isNaN(time)) return;
    const position = this.course.positionAt(time);
    // Reduced motion: a frame shows whole cells, never one on its way.
    if (this.#host.reducedMotion()) position.cell = Math.max(0, Math.floor(position.cell));
    this.store.set(position, source, history);
  }

  step(by: StepUnit, n: number, source: Source): void {
    if (!this.course) return;
    this.player.pause();
    const { stage, cell, zoom } = this.store.state;
    const near = zoom === "matrix" ? undefined : this.place;
    const from = near && cell === WHOLE ? near.row * this.#view().columns + near.column + 1 : cell;
    const next: Partial<State> = this.course.step({ stage, cell: from }, by, n);
    if (near && by === "stage") Object.assign(next, this.#sameIn(next.stage ?? stage, near));
    this.store.set(next, source, by === "stage" ? "push" : "replace");
    this.#speak();
  }

  /** The matrix of the stage on show. */
  #view(stage = this.frame?.segment.stage): MatrixView {
    return sliceForHead(this.trace as Trace, stage as Stage, this.shown.head);
  }

  /** The row and the column that are looked at. */
  get place(): Place | undefined {
    const { trace, frame } = this;
    if (!trace || !frame) return undefined;
    const token = chosenToken({ state: this.shown, trace });
    return placeOf(trace, this.#view(), frame, this.store.state, this.inquiry.held, token);
  }

  /** From stage to stage one stays with the same row and, where there is such a one, with the same column. */
  #sameIn(id: string, { row, column }: Place): Partial<State> {
    const stage = this.trace && stageOf(this.trace, id);
    if (!stage) return {};
    const view = this.#view(stage);
    const [r, c] = [Math.min(row, view.rows - 1), Math.min(column, view.columns - 1)];
    return { cell: r * view.columns + c + 1, pin: "" };
  }

  goto(stage: string, index: readonly number[] | undefined, source: Source): void {
    const stop = this.course?.stopFor(stage);
    const stages = this.trace?.stages.map(({ id }) => id).join(", ");
    if (!stop) throw new RangeError(`goto: expected one of ${stages}, found ${stage}`);
    const changes: Partial<State> = { stage: stop.stage.id, cell: WHOLE, pin: "" };
    if (index) {
      const cell = { stage, index };
      if (this.trace && !contains(this.trace, cell)) {
        const shape = stageOf(this.trace, stage)?.shape;
        throw new RangeError(`goto: expected an index within [${shape}], found [${index}]`);
      }
      changes.pin = cellKey(cell);
      Object.assign(changes, this.#headOf(cell));
    }
    this.store.set(changes, source, "push");
  }

  #advance(seconds: number): void {
    if (!this.course || !this.frame) return;
    const { speed, zoom } = this.store.state;
    const time = this.frame.time + seconds * speed * pace(zoom, this.frame);
    this.seek(time, this.#playSource, "none");
    if (time >= this.course.duration) this.pause(this.#playSource);
  }

  // -- lessons ---------------------------------------------------------------------------------------------------------

  lessons: Lessons | undefined;
  readonly #loadLessons = onDemand(async () => {
    const { Lessons } = await import("./lesson/index.ts");
    this.lessons = new Lessons({
      store: this.store,
      update: () => this.#host.update(),
      refused: (code, said) => this.#noLesson(code, said),
      accepted: () => this.#badValues.delete("lesson"),
    });
    // What an earlier try said.
    this.#badValues.delete("lesson");
    this.#host.update();
    return this.lessons;
  });

  #noLesson(code: string, said: Said): void {
    this.#badValues.set("lesson", said);
    this.#host.emit("error", () => ({ code, field: "lesson", message: said(), source: "api" }));
    this.#host.update();
  }

  async #withLessons(act: (lessons: Lessons) => void | Promise<void>): Promise<void> {
    try {
      await act(await this.#loadLessons());
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

  // -- state to trace to frame ----------------------------------------------------------------------------------------

  #onChange({ changed, source, warnings }: Change): void {
    for (const name of changed) this.#badValues.delete(name);
    if (source === "user")
      for (const name of this.#badValues.keys()) if (FIELDS[name].kind === "view") this.#badValues.delete(name);
    if (this.#refusal && changed.includes(this.#refusal.field)) this.#refusal = undefined;
    for (const { field, expected, found } of warnings) this.#warn(field, expected, found, source);
    const input = changed.filter((name) => FIELDS[name].kind === "input");
    if (input.length > 0) {
      this.#cause = input.at(-1) as keyof State;
      this.#inputSource = source;
      this.#exampleRuns = false;
      if (this.#running) void this.#runner.run(this.store.state, this.#cause);
    }
    // A cell of another layer is another cell, though it be called the same.
    const elsewhere = changed.includes("layer") || changed.includes("block");
    if (elsewhere) this.inquiry.path = [];
    if (elsewhere || changed.includes("pin")) this.inquiry.hold(parseCell(this.store.state.pin), this.trace);
    if (changed.includes("pin")) {
      this.#host.emit("select", { pin: this.store.state.pin || null, source });
    }
    if (changed.length > 0) this.#host.emit("state-change", { state: { ...this.store.state }, changed, source });
    this.#followLesson({ changed, source, warnings });
    this.#reframe(source);
    this.#host.update();
  }

  #warn(field: keyof State, expected: Said, found: string, source: Source): void {
    this.#badValues.set(field, () => {
      const label = say.controls[field] ?? attributeName(field);
      return fill(say.fieldError, { field: label, expected: expected(), found: found || say.nothing });
    });
    this.#host.emit("error", () => ({
      code: "bad_value",
      field,
      expected: expected(),
      found: found || say.nothing,
      source,
    }));
  }

  /** The state as it is shown: what is left to the model stands as what the model chose. */
  get shown(): State {
    const { state } = this.store;
    const { played } = this;
    const head = state.head < 0 ? (played?.head ?? 0) : state.head;
    if (!played) return { ...state, head };
    const { block, layer } = played;
    const text = this.#runner.models?.textFor(state, played) ?? state.text;
    return { ...state, head, block, layer, text, token: state.token < 0 ? played.token : state.token };
  }

  get settings(): typeof Settings | undefined {
    return this.#runner.settings;
  }

  /** The parts of the page that are for models, once they are there. */
  get parts(): typeof Models | undefined {
    return this.#runner.models;
  }

  #onTrace(trace: Trace, played?: Models.Played, notice?: Said): void {
    const first = this.trace === undefined;
    this.trace = trace;
    this.played = played;
    this.#shownModel = this.store.state.model;
    this.course = new Course(trace);
    // What was said while the first one was on its way still is.
    this.notice = notice ?? (first ? this.notice : undefined);
    // The example stands in for a first input that was refused: what was wrong is still said.
    this.stale = this.#exampleRuns;
    this.#exampleRuns = false;
    if (!this.stale) this.#refusal = undefined;
    this.inquiry.restart(trace);
    this.#correct(trace, this.course, first);
    if (first) this.inquiry.hold(parseCell(this.store.state.pin), trace);
    this.#reframe(this.#inputSource);
    const { answerSaid } = this.parts ?? {};
    if (played?.answer && answerSaid && !first && !this.lessons?.asking && this.#inputSource === "user")
      this.spoken = () => answerSaid(played) ?? "";
    this.#host.update();
    this.#host.emit("trace", {});
  }

  #correct(trace: Trace, course: Course, fromLink: boolean): void {
    const { state } = this.store;
    const wanted = { state, stage: this.#awaited || state.stage, fromLink };
    this.#awaited = "";
    const { changes, wrong } = correctionsOf(trace, course, this.played, wanted);
    for (const { field, expected } of wrong) this.#warn(field, expected, String(state[field]), "api");
    if (Object.keys(changes).length === 0) return;
    const kept = new Map(this.#badValues);
    this.store.set(changes, "api", "replace");
    for (const [field, text] of kept) this.#badValues.set(field, text);
  }

  #onRefusal(refusal: Refusal): void {
    this.#refusal = refusal;
    const { code, field, message } = refusal;
    const source = this.#inputSource;
    this.#host.emit("error", () => ({ code, field, message: message(), source }));
    if (this.trace) this.stale = true;
    else if ((FATAL.has(code) && field !== "model") || this.#standIn) {
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
      if (refusal.field === "model" || modelOf(this.store.state) === "") view.model = "none";
      void this.#runner.run(view as unknown as State, this.#cause);
    }
    this.#host.update();
  }

  #reframe(source: Source): void {
    if (!this.course) return;
    const { stage, cell, zoom } = this.store.state;
    const before = this.frame;
    this.frame = this.course.frame(stage, cell);
    // Closer by, the cell that is looked at is told of though all of the stage is computed.
    if (zoom !== "matrix" && cell === WHOLE) this.frame = { ...this.frame, active: this.place };
    const moved = before?.segment.stage.id !== stage || Math.floor(before.cells) !== Math.floor(this.frame.cells);
    if (moved) this.#host.emit("step-change", { stage, cell, time: this.frame.time, source });
    this.#ask();
  }

  #ask(): void {
    const { activeCell } = this;
    this.inquiry.ask(activeCell);
    if (this.trace && activeCell) this.closeness.look(this.trace, this.store.state.zoom, activeCell);
  }

  /** The cell that the frame computes, or has computed last. */
  get activeCell(): Lit | undefined {
    const { active, segment } = this.frame ?? {};
    const at = active ?? (this.store.state.zoom === "matrix" ? undefined : this.place);
    if (!at || !segment || !this.trace) return undefined;
    return { stage: segment.stage.id, index: this.#view().index(at.row, at.column) };
  }

  /** The sentence of the frame goes to the live region when the reader steps or stops, not on every frame. */
  #speak(): void {
    this.#toSpeak = true;
    if (!this.activeCell || this.inquiry.operandsOf(this.activeCell).length > 0) this.#say();
  }

  #say(): void {
    this.#toSpeak = false;
    if (!this.trace || !this.frame) return;
    const [{ trace, frame, inquiry }, { head }] = [this, this.shown];
    const { explanation } = inquiry;
    this.spoken = () => spoken(captionFor(trace as Trace, frame as Frame, head, explanation));
  }

  // -- what the reader does -------------------------------------------------------------------------------------------

  #headOf(cell: Lit): Partial<State> {
    const first = this.trace && stageOf(this.trace, cell.stage)?.axes[0];
    return first === "head" ? { head: cell.index[0] ?? 0 } : {};
  }

  #hold(cell: Lit | undefined): void {
    this.player.pause();
    const changes: Partial<State> = { pin: cell ? cellKey(cell) : "" };
    if (cell && !this.#host.shows(cell)) {
      const stop = this.course?.stopFor(cell.stage);
      if (stop) Object.assign(changes, { stage: stop.stage.id, cell: WHOLE }, this.#headOf(cell));
    } else if (cell && this.store.state.zoom !== "matrix" && cell.stage === this.store.state.stage)
      changes.cell = WHOLE;
    this.store.set(changes, "user", "push");
    this.#speak();
  }

  /** A click on a cell of the scene: it is held, or, while the mask is edited, shut or opened. */
  pick(cell: Lit): void {
    const stage = this.trace && stageOf(this.trace, cell.stage);
    if (!this.maskEdit || stage?.axes.slice(-2).join() !== "query,key") {
      this.#hold(cell);
      return;
    }
    const pair = cell.index.slice(-2).join("-");
    const pairs = this.store.state.mask.split("_").filter(Boolean);
    const mask = pairs.includes(pair) ? pairs.filter((one) => one !== pair) : [...pairs, pair];
    this.#awaited = "masked";
    this.store.set({ mask: mask.join("_") }, "user", "push");
  }

  readonly actions: Actions = {
    set: (wanted, history = "replace") => {
      // What a cell is made of is told of the numbers now: it goes with no others.
      const changes = { ...wanted };
      if (changes.zoom === "cell") changes.show = "now";
      else if (changes.show && changes.show !== "now" && this.store.state.zoom === "cell") changes.zoom = "row";
      this.store.set(changes, "user", history);
      if (changes.stage !== undefined) this.#speak();
    },
    refuse: (field, found) => {
      const most = () => fill(say.atMostCharacters, { n: FIELDS.text.max ?? 0 });
      this.#warn(field, field === "text" ? most : () => say.aNumber, found, "user");
      this.#host.update();
    },
    toggle: () => (this.player.playing ? this.pause("user") : this.play("user")),
    step: (by, n) => this.step(by, n, "user"),
    seek: (time, history = "none") => {
      this.player.pause();
      this.seek(time, "user", history);
      if (history !== "none") this.#speak();
    },
    hold: (cell) => this.#hold(cell),
    hover: (cell) => {
      const { hover } = this.inquiry;
      if (cell === hover || (cell && hover && sameCell(cell, hover))) return;
      this.inquiry.hover = cell;
      this.#ask();
      this.#host.update();
    },
    glance: (cells) => {
      this.inquiry.glance = cells && ("stage" in cells ? [cells] : cells);
      this.#host.update();
    },
    matrices: (text) => void this.#take((drops) => drops.text(text)),
    files: (dropped) => {
      const all = taken(dropped);
      void this.#take((drops) => drops.drop(all));
    },
    fillMatrices: async () => {
      const gather = await import("./gather.ts").catch(this.#missing);
      return (this.trace && gather?.matricesAsText(this.trace)) ?? "";
    },
    toggleMatrices: () => void this.#openMatrices(!this.openMatrices),
    expand: () => {
      this.inquiry.expanded = true;
      this.#host.update();
    },
    zoom: (factor) => this.#host.zoom(factor),
    useModel: (model, changes) => this.#useModel(model, changes),
    openMenu: (at) => {
      this.menuAt = at;
      this.#host.update();
    },
    refresh: () => this.#host.update(),
    tell: (said) => this.#tell(said),
    cancelModel: () => {
      this.#runner.cancel();
      this.store.set({ model: this.#shownModel }, "user", "replace");
    },
    bringModel: async (files) => {
      await this.#runner.bring(files);
      this.openOwn = false;
      this.store.set({ ...FRESH, model: "own" }, "user", "push");
      // The field may be as it was: the files are others.
      void this.#runner.run(this.store.state, "model");
    },
    openOwn: (open) => void this.#toggleOwn(open),
    dismiss: () => {
      this.notice = undefined;
      this.store.notice = undefined;
      this.inquiry.error = "";
      this.#host.update();
    },
    loadLessons: () => void this.#withLessons(() => undefined),
    share: () => ({ state: this.store.state, link: this.store.link() }),
    openMore: (open) => {
      this.moreOpen = open;
      this.#host.update();
    },
    editMask: (on) => {
      this.maskEdit = on;
      if (on && this.course?.segmentOf("masked")) this.store.set({ stage: "masked", cell: WHOLE }, "user", "push");
      this.#host.update();
    },
  };

  #tell(said: Said): void {
    this.notice = said;
    this.#host.update();
  }

  /** A part of the page did not come. */
  readonly #missing = (): undefined => this.#tell(() => say.notLoaded) as undefined;

  /** Another model begins with its own example, and with the head that it was chosen for. */
  #useModel(model: string, changes: Partial<State> = {}): void {
    if (model === "own" && !this.#runner.hasOwn) {
      void this.#toggleOwn(true);
      return;
    }
    this.openOwn = false;
    this.menuAt = -1;
    this.store.set({ ...FRESH, model, ...changes }, "user", "push");
  }

  async #toggleOwn(open: boolean): Promise<void> {
    const load = async () => (await this.#runner.loadModels()).loadExtra("own");
    this.openOwn = open && (await load().catch(this.#missing)) !== undefined;
    this.#host.update();
  }

  /** Shown again: what a model gave is asked of it anew, and so is what was on its way. */
  wake(): void {
    if (this.played || this.#interrupted) void this.#runner.run(this.store.state, this.#cause);
    this.#interrupted = false;
  }

  /** The language that is asked for did not come. */
  otherLanguage(lang: State["lang"]): void {
    this.store.set({ lang }, "api", "replace");
    this.#missing();
  }

  /** Another language: rows that the page itself has named are named anew. */
  reworded(): void {
    if (this.trace && !this.played && this.store.state.matrices) void this.#runner.run(this.store.state, this.#cause);
    this.#host.update();
  }

  /** Nothing is shown for now: the model that is held is given back. */
  rest(): void {
    this.player.pause();
    this.#interrupted = this.#runner.working;
    if (this.#interrupted) this.#runner.cancel();
    this.#runner.release();
  }

  // -- what is pasted and dropped -------------------------------------------------------------------------------------

  readonly #loadDrops = onDemand(async () => {
    const { Drops } = await import("./drops.ts");
    return new Drops({
      store: this.store,
      actions: this.actions,
      runner: this.#runner,
      lessons: this.#loadLessons,
      notice: (said) => this.#tell(said),
      matrices: (problem) => {
        if (!problem) this.#badValues.delete("matrices");
        else {
          this.#badValues.set("matrices", problem);
          this.stale = this.trace !== undefined;
        }
      },
      openMatrices: (open) => this.#openMatrices(open),
      openOwn: (open) => {
        this.openOwn = open;
        this.#host.update();
      },
    });
  });

  async #take(act: (drops: Drops) => Promise<void>): Promise<void> {
    try {
      await act(await this.#loadDrops());
    } catch (thrown) {
      const text = thrown instanceof Error ? thrown.message : String(thrown);
      this.#tell(() => text);
    }
  }

  async #openMatrices(open: boolean): Promise<void> {
    this.openMatrices = open && (await this.#runner.loadSettings().catch(this.#missing)) !== undefined;
    this.#host.update();
  }
}
