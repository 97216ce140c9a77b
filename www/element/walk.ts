/** The way through the course of a trace: where the reader stands, what plays, which cell is asked about, and what is said of it. */

import type { Stage, Trace } from "../engine/types.ts";
import type { State } from "../state/fields.ts";
import type { History, Source, Store } from "../state/store.ts";
import type { Said } from "../text/say.ts";
import { Course, type Frame, type StepUnit, WHOLE } from "../timeline/course.ts";
import { stageOf } from "../trace/cells.ts";
import { type MatrixView, type Place, sliceForHead } from "../view/matrix-view.ts";
import type { Lit } from "../view/paint.ts";
import { Closeness, pace, placeOf } from "./closer.ts";
import { cellKey, contains, Inquiry } from "./inquiry.ts";
import { captionFor, spoken } from "./parts/caption.ts";
import { chosenToken } from "./parts/context.ts";
import { Player } from "./player.ts";

export interface WalkHost {
  store: Store;
  /** The state as it is shown: nothing in it is left to a model's choice. */
  shown(): State;
  update(): void;
  emit(name: string, detail: object): void;
  reducedMotion(): boolean;
  /** Out of the page nothing plays. */
  awake(): boolean;
  /** What draws the closer zooms did not come. */
  missing(): void;
}

export class Walk {
  readonly player = new Player((seconds) => this.#advance(seconds));
  readonly inquiry: Inquiry;
  readonly closeness: Closeness;
  trace: Trace | undefined;
  course: Course | undefined;
  frame: Frame | undefined;
  /** For the live region. */
  spoken: Said = () => "";
  readonly #host: WalkHost;
  readonly #store: Store;
  /** The next explanation is waited for: its sentence will be spoken. */
  #toSpeak = false;
  /** Who asked for what is played. */
  #playSource: Source = "user";

  constructor(host: WalkHost) {
    this.#host = host;
    this.#store = host.store;
    this.closeness = new Closeness(
      () => host.update(),
      () => {
        this.#store.set({ zoom: "matrix" }, "api", "replace");
        host.missing();
      },
    );
    this.inquiry = new Inquiry(() => {
      if (this.#toSpeak) this.#say();
      host.update();
    });
  }

  /** The course of another trace. */
  enter(trace: Trace): void {
    this.trace = trace;
    this.course = new Course(trace);
    this.inquiry.restart(trace);
  }

  // -- moving ---------------------------------------------------------------------------------------------------------

  play(source: Source): void {
    if (!this.course || this.player.playing || !this.#host.awake()) return;
    const { stage, cell } = this.#store.state;
    const atEnd = this.course.timeOf(stage, cell) >= this.course.duration - 0.01 && cell !== WHOLE;
    if (cell === WHOLE) this.#store.set({ cell: 0 }, source, "none");
    else if (atEnd) this.seek(0, source, "none");
    this.#playSource = source;
    this.player.play();
    this.#host.update();
  }

  pause(source: Source): void {
    if (!this.player.playing) return;
    this.player.pause();
    this.#store.set({ cell: this.#store.state.cell }, source, "replace");
    this.#store.keepAddress();
    this.speak();
    this.#host.update();
  }

  seek(time: number, source: Source, history: History): void {
    const at = Number(time);
    if (!this.course || Number.isNaN(at)) return;
    const position = this.course.positionAt(at);
    // Reduced motion: a frame shows whole cells, never one on its way.
    if (this.#host.reducedMotion()) position.cell = Math.max(0, Math.floor(position.cell));
    this.#store.set(position, source, history);
  }

  step(by: StepUnit, n: number, source: Source): void {
    if (!this.course) return;
    this.player.pause();
    const { stage, cell, zoom } = this.#store.state;
    const near = zoom === "matrix" ? undefined : this.place;
    const from = near && cell === WHOLE ? near.row * this.#view().columns + near.column + 1 : cell;
    const next: Partial<State> = this.course.step({ stage, cell: from }, by, n);
    if (near && by === "stage") Object.assign(next, this.#sameIn(next.stage ?? stage, near));
    this.#store.set(next, source, by === "stage" ? "push" : "replace");
    this.speak();
  }

  goto(stage: string, index: readonly number[] | undefined, source: Source): void {
    const { trace, course } = this;
    if (!trace || !course) throw new Error("goto: expected a picture, found none yet: `ready` says when there is one");
    const stop = course.stopFor(stage);
    const stages = trace.stages.map(({ id }) => id).join(", ");
    if (!stop) throw new RangeError(`goto: expected one of ${stages}, found ${stage}`);
    const changes: Partial<State> = { stage: stop.stage.id, cell: WHOLE, pin: "" };
    if (index) {
      const cell = { stage, index };
      if (!contains(trace, cell)) {
        const shape = stageOf(trace, stage)?.shape;
        throw new RangeError(`goto: expected an index within [${shape}], found [${index}]`);
      }
      changes.pin = cellKey(cell);
      Object.assign(changes, this.headOf(cell));
    }
    this.#store.set(changes, source, "push");
  }

  #advance(seconds: number): void {
    if (!this.course || !this.frame) return;
    const { speed, zoom } = this.#store.state;
    const time = this.frame.time + seconds * speed * pace(zoom, this.frame);
    this.seek(time, this.#playSource, "none");
    if (time >= this.course.duration) this.pause(this.#playSource);
  }

  // -- where one is ---------------------------------------------------------------------------------------------------

  /** The matrix of the stage on show. */
  #view(stage = this.frame?.segment.stage): MatrixView {
    return sliceForHead(this.trace as Trace, stage as Stage, this.#host.shown().head);
  }

  /** The row and the column that are looked at. */
  get place(): Place | undefined {
    const { trace, frame } = this;
    if (!trace || !frame) return undefined;
    const token = chosenToken({ state: this.#host.shown(), trace });
    return placeOf(trace, this.#view(), frame, this.#store.state, this.inquiry.held, token);
  }

  /** The cell that the frame computes, or has computed last. */
  get activeCell(): Lit | undefined {
    const { active, segment } = this.frame ?? {};
    const at = active ?? (this.#store.state.zoom === "matrix" ? undefined : this.place);
    if (!at || !segment || !this.trace) return undefined;
    return { stage: segment.stage.id, index: this.#view().index(at.row, at.column) };
  }

  /** From stage to stage one stays with the same row and, where there is such a one, with the same column. */
  #sameIn(id: string, { row, column }: Place): Partial<State> {
    const stage = this.trace && stageOf(this.trace, id);
    if (!stage) return {};
    const view = this.#view(stage);
    const [r, c] = [Math.min(row, view.rows - 1), Math.min(column, view.columns - 1)];
    return { cell: r * view.columns + c + 1, pin: "" };
  }

  /** The head that a cell is of, to be shown with it. */
  headOf(cell: Lit): Partial<State> {
    const first = this.trace && stageOf(this.trace, cell.stage)?.axes[0];
    return first === "head" ? { head: cell.index[0] ?? 0 } : {};
  }

  /** The frame of where the state says that one is. */
  reframe(source: Source): void {
    if (!this.course) return;
    const { stage, cell, zoom } = this.#store.state;
    const before = this.frame;
    this.frame = this.course.frame(stage, cell);
    // Closer by, the cell that is looked at is told of though all of the stage is computed.
    if (zoom !== "matrix" && cell === WHOLE) this.frame = { ...this.frame, active: this.place };
    const { id } = this.frame.segment.stage;
    const moved = before?.segment.stage.id !== id || Math.floor(before.cells) !== Math.floor(this.frame.cells);
    if (moved) this.#host.emit("step-change", { stage: id, cell, time: this.frame.time, source });
    this.ask();
  }

  // -- what is asked and said -----------------------------------------------------------------------------------------

  ask(): void {
    const { activeCell } = this;
    this.inquiry.ask(activeCell);
    if (this.trace && activeCell) this.closeness.look(this.trace, this.#store.state.zoom, activeCell);
  }

  /** The sentence of the frame goes to the live region when the reader steps or stops, not on every frame. */
  speak(): void {
    this.#toSpeak = true;
    if (!this.activeCell || this.inquiry.operandsOf(this.activeCell).length > 0) this.#say();
  }

  #say(): void {
    this.#toSpeak = false;
    if (!this.trace || !this.frame) return;
    const [{ trace, frame, inquiry }, { head }] = [this, this.#host.shown()];
    const { explanation } = inquiry;
    this.spoken = () => spoken(captionFor(trace as Trace, frame as Frame, head, explanation));
  }
}
