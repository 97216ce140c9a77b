/** A lesson on the page: which step is on show, what it sets, and what the reader has answered. */

import type { EngineError } from "../../engine/errors.ts";
import type { Lesson, Step } from "../../lesson/format.ts";
import { LESSONS, loadLesson, parseLesson } from "../../lesson/load.ts";
import type { Answer } from "../../lesson/question.ts";
import { isBare, NOT_OF_LESSONS, OF_LESSONS, stateOfStep } from "../../lesson/state.ts";
import { FIELDS, type State } from "../../state/fields.ts";
import type { Change, History, Source, Store } from "../../state/store.ts";
import { lesson as t } from "../../text/lesson.ts";
import { fill, type Said } from "../../text/say.ts";
import type { Context } from "../parts/context.ts";
import { chapters, panel } from "./panel.ts";
import { adoptStyles } from "./styles.ts";

export interface LessonHost {
  store: Store;
  update(): void;
  /** A lesson was no good. */
  refused(code: string, said: Said): void;
  /** Another is good. */
  accepted(): void;
}

/** A lesson of the reader's own, as the state names it. */
const FROM_FILE = "file";

const INPUTS = OF_LESSONS.filter((name) => FIELDS[name].kind === "input");

export class Lessons {
  readonly adoptStyles = adoptStyles;
  /** The one on show, once it is there. */
  lesson: Lesson | undefined;
  /** As the state named it. */
  #name = "";
  /** The one whose step the page is to show, once it is there. */
  #entering = "";
  #loading: Promise<void> = Promise.resolve();
  /** Each by its name: who comes back to one finds the answers given. */
  readonly #known = new Map<string, Lesson>();
  readonly #host: LessonHost;
  /** `undefined` stands for the answer of one who asked to be shown. */
  readonly #answers = new WeakMap<Step, { answer: Answer | undefined }>();

  constructor(host: LessonHost) {
    this.#host = host;
  }

  readonly panel = (context: Context) => panel(context, this);
  readonly chapters = (context: Context) => chapters(context, this);

  // -- which lesson, and which step of it ------------------------------------------------------------------------------

  /** Before the first picture. What a link says besides the lesson stands: it is where a reader has been. */
  async begin(): Promise<void> {
    this.#follow(isBare(this.#host.store.state));
    await this.#loading;
  }

  /** Of the page around: a lesson or a step that is named alone is shown. Of the reader: the state came with it. */
  changed({ changed, source }: Change): void {
    if (!changed.includes("lesson") && !changed.includes("lessonStep")) return;
    this.#follow(source === "api" && changed.every((name) => NOT_OF_LESSONS.has(name)));
  }

  #follow(enters: boolean): void {
    const { lesson: name } = this.#host.store.state;
    if (enters) this.#entering = name;
    else if (this.#entering !== name) this.#entering = "";
    if (name !== this.#name) {
      this.#name = name;
      this.lesson = this.#known.get(name);
      if (name && !this.lesson) this.#loading = this.#load(name);
    }
    if (this.lesson) this.#arrive(this.lesson);
  }

  #arrive({ steps }: Lesson): void {
    const enter = this.#entering !== "";
    this.#entering = "";
    const last = steps.length - 1;
    if (this.#host.store.state.lessonStep > last) this.#host.store.set({ lessonStep: last }, "api", "replace");
    if (enter) this.#show("api", "replace");
    this.#host.update();
  }

  async #load(name: string): Promise<void> {
    try {
      if (name === FROM_FILE) throw Object.assign(new Error(t.fromFile), { code: "not_found", said: () => t.fromFile });
      const lesson = await loadLesson(name);
      this.#known.set(name, lesson);
      if (name !== this.#name) return;
      this.lesson = lesson;
      this.#arrive(lesson);
    } catch (thrown) {
      if (name !== this.#name) return;
      this.#name = "";
      this.#entering = "";
      this.leave("api", "replace");
      this.#refuse(thrown);
    }
  }

  #refuse(thrown: unknown): void {
    const { expected, found, message, code = "internal", said } = thrown as Partial<EngineError & { said: Said }>;
    this.#host.refused(
      code,
      said ?? (() => (expected && found ? fill(t.refused, { expected, found }) : String(message))),
    );
  }

  /** The text of a file that was dropped. */
  bring(text: string): void {
    try {
      this.lesson = parseLesson(text);
    } catch (thrown) {
      this.#refuse(thrown);
      return;
    }
    this.#known.set(FROM_FILE, this.lesson);
    this.#name = FROM_FILE;
    this.#host.accepted();
    this.go(FROM_FILE, 0);
    this.#host.update();
  }

  /** To a step of a lesson: one entry of the browser's history. */
  go(name: string, step: number): void {
    if (name === this.#name && this.lesson) {
      this.#show("user", "push", step);
      return;
    }
    this.#entering = name;
    this.#host.store.set({ lesson: name, lessonStep: step }, "user", "push");
  }

  leave(source: Source = "user", history: History = "push"): void {
    this.#host.store.set({ lesson: "", lessonStep: 0 }, source, history);
  }

  restore(): void {
    this.#show("user", "push");
  }

  #show(source: Source, history: History, at = this.#host.store.state.lessonStep): void {
    const step = this.lesson?.steps[at];
    if (step) this.#host.store.set({ ...this.#wanted(step), lesson: this.#name, lessonStep: at }, source, history);
  }

  // -- the step on show ------------------------------------------------------------------------------------------------

  get step(): Step | undefined {
    return this.lesson?.steps[this.#host.store.state.lessonStep];
  }

  /** The name of the lesson after this one. */
  get following(): (typeof LESSONS)[number] | undefined {
    const at = (LESSONS as readonly string[]).indexOf(this.#name);
    return at < 0 ? undefined : LESSONS[at + 1];
  }

  isAnswered = (step: Step): boolean => this.#answers.has(step);
  answerTo = (step: Step): Answer | undefined => this.#answers.get(step)?.answer;

  /** A question waits for its answer, or is to come: what would give that away is not to be seen. */
  get asking(): boolean {
    const { step } = this;
    if (!step || this.hasMoved(step)) return false;
    return step.covered || (step.question !== undefined && !this.isAnswered(step));
  }

  /** The answer is given, or shown: the page shows what the question asked for. */
  answer(step: Step, answer: Answer | undefined): void {
    this.#answers.set(step, { answer });
    this.#show("user", "replace");
    this.#host.update();
  }

  /** The cell that the step holds, if it holds one. */
  get pin(): string | undefined {
    return this.step && this.#wanted(this.step).pin;
  }

  #wanted(step: Step): Partial<State> {
    return stateOfStep(this.lesson as Lesson, step, this.isAnswered(step));
  }

  /** The reader has changed what the step had set, or the numbers. */
  hasMoved(step: Step): boolean {
    const { state } = this.#host.store;
    const wanted = this.#wanted(step);
    const named = new Set([...INPUTS, ...Object.keys({ ...this.lesson?.state, ...step.state })] as (keyof State)[]);
    // How far the stage is computed goes on by itself.
    named.delete("cell");
    return [...named].some((name) => wanted[name] !== state[name]);
  }
}
