/** The element: holds the store, the trace and the clock, and draws the parts from them. Registration is element.ts. */

import { html, LitElement, type TemplateResult } from "lit";
import type { Explanation, Trace } from "../engine/types.ts";
import { MATRIX_NAMES, type MatrixSet } from "../input/matrices.ts";
import { parseInSlices } from "../input/parse-matrices.ts";
import { MAX_URL, toJson } from "../state/codec.ts";
import { attributeName, defaultState, FIELD_NAMES, FIELDS, type State } from "../state/fields.ts";
import { type Change, type History, type Source, Store } from "../state/store.ts";
import { en, fill } from "../text/en.ts";
import { Course, type Frame, WHOLE } from "../timeline/course.ts";
import { sliceForHead } from "../view/matrix-view.ts";
import type { Lit } from "../view/paint.ts";
import { DARK, LIGHT } from "../view/palette.ts";
import { SceneView } from "../view/scene-view.ts";
import { cellKey, Inquiry, parseCell, sameCell } from "./inquiry.ts";
import { keyAction } from "./keys.ts";
import { matricesAsText, readFiles } from "./matrix-text.ts";
import { page } from "./page.ts";
import { captionFor, spoken } from "./parts/caption.ts";
import { type Actions, type Context, chosenToken } from "./parts/context.ts";
import { drawArcs } from "./parts/sentence.ts";
import { followStop } from "./parts/strip.ts";
import { toBlob } from "./picture.ts";
import { Player } from "./player.ts";
import { type Refusal, Runner, sharedEngine } from "./runner.ts";
import { styles } from "./styles.ts";

const BUBBLES = new Set(["step-change", "select", "state-change"]);

export class AttentionPlayground extends LitElement {
  static override readonly styles = styles;

  static override get observedAttributes(): string[] {
    return [...super.observedAttributes, ...FIELD_NAMES.map(attributeName), "sync-url"];
  }

  /** Resolves when the first picture stands; rejects when the engine cannot be had. */
  readonly ready: Promise<void>;
  #settleReady!: { resolve(): void; reject(error: Error): void };

  readonly #store = new Store((change) => this.#onChange(change));
  readonly #player = new Player((seconds) => this.#advance(seconds));
  readonly #runner = new Runner(
    (trace) => this.#onTrace(trace),
    (refusal) => this.#onRefusal(refusal),
  );
  #trace: Trace | undefined;
  #course: Course | undefined;
  #frame: Frame | undefined;
  #scene: SceneView | undefined;
  readonly #inquiry = new Inquiry(() => this.requestUpdate());
  #problems = new Map<keyof State, string>();
  #notice = "";
  #stale = false;
  #fatal = "";
  #adapter = "";
  #maskEdit = false;
  #openMatrices = false;
  #cause: keyof State = "text";
  #started = false;
  #spoken = "";
  #sizes = new ResizeObserver(() => this.#measure());
  #near = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.#start(), {
    rootMargin: "400px",
  });
  readonly #dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  readonly #reduced = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

  constructor() {
    super();
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    this.ready.catch(() => undefined);
  }

  // -- the element's face -------------------------------------------------------------------------------------------

  get state(): State {
    return { ...this.#store.state };
  }
  set state(values: Partial<State>) {
    this.#store.set(values, "api", "replace");
  }

  get trace(): Trace | null {
    return this.#trace ?? null;
  }

  set matrices(matrices: MatrixSet | Record<string, unknown> | null) {
    this.#store.set({ matrices: matrices as MatrixSet | null }, "api", "push");
  }
  get matrices(): MatrixSet | null {
    return this.#store.state.matrices;
  }

  play(): void {
    if (!this.#course || this.#player.playing) return;
    const { stage, cell } = this.#store.state;
    const atEnd = this.#course.timeOf(stage, cell) >= this.#course.duration - 0.01 && cell !== WHOLE;
    if (cell === WHOLE) this.#store.set({ cell: 0 }, "api", "none");
    else if (atEnd) this.seek(0);
    this.#player.play();
    this.requestUpdate();
  }

  pause(): void {
    if (!this.#player.playing) return;
    this.#player.pause();
    this.#store.set({ cell: this.#store.state.cell }, "api", "replace");
    this.#speak(true);
    this.requestUpdate();
  }

  step(n = 1, by: "cell" | "row" | "stage" = "cell"): void {
    this.#step(by, n, "api");
  }

  /** Seconds from the start of the course at speed 1. */
  seek(time: number): void {
    this.#seek(time, "api", "replace");
  }

  goto(stage: string, index?: readonly number[]): void {
    const course = this.#course;
    const stop = course?.stopFor(stage);
    if (!stop)
      throw new RangeError(
        `goto: expected one of ${this.#trace?.stages.map(({ id }) => id).join(", ")}, found ${stage}`,
      );
    const changes: Partial<State> = { stage: stop.stage.id, cell: WHOLE, pin: "" };
    if (index) {
      changes.pin = [stage, ...index].join(",");
      const target = this.#trace?.stages.find(({ id }) => id === stage);
      if (target?.axes[0] === "head") changes.head = index[0] ?? 0;
    }
    this.#store.set(changes, "api", "push");
  }

  async explain(stage: string, index: readonly number[]): Promise<Explanation> {
    await this.ready;
    const engine = await sharedEngine();
    return engine.explain(this.#trace as Trace, stage, index);
  }

  async toBlob(type = "image/png"): Promise<Blob> {
    await this.updateComplete;
    return toBlob(this.renderRoot.querySelector<HTMLElement>(".scene") ?? this, type);
  }

  dispose(): void {
    this.#player.pause();
    this.#sizes.disconnect();
    this.#near.disconnect();
    this.#store.unsync();
    this.remove();
  }

  // -- life ---------------------------------------------------------------------------------------------------------

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasAttribute("sync-url")) this.#store.sync();
    this.#near.observe(this);
    this.#sizes.observe(this);
    this.#keyTarget().addEventListener("keydown", this.#onKey as EventListener);
    this.#dark?.addEventListener("change", this.#redraw);
    this.#reduced?.addEventListener("change", this.#redraw);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#player.pause();
    this.#near.disconnect();
    this.#sizes.disconnect();
    this.#store.unsync();
    this.#keyTarget().removeEventListener("keydown", this.#onKey as EventListener);
    this.#dark?.removeEventListener("change", this.#redraw);
    this.#reduced?.removeEventListener("change", this.#redraw);
  }

  override attributeChangedCallback(name: string, old: string | null, value: string | null): void {
    super.attributeChangedCallback(name, old, value);
    const field = FIELD_NAMES.find((one) => attributeName(one) === name);
    if (!field || old === value) return;
    // The address, where it is kept, stands above the attributes: it is the reader's.
    if (this.hasAttribute("sync-url") && new URLSearchParams(location.search).has(name)) return;
    this.#store.set({ [field]: value === null ? defaultState()[field] : value } as Partial<State>, "api", "none");
  }

  #keyTarget(): EventTarget {
    return this.hasAttribute("sync-url") ? document : this;
  }

  /** The engine is loaded when the element nears the screen, not before. */
  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#near.disconnect();
    this.#emit("progress", { phase: "engine", source: "api" });
    sharedEngine().then(
      (engine) => {
        this.#adapter = engine.adapter;
        void this.#runner.run(this.#store.state, this.#cause);
      },
      (error: Error) => {
        this.#fatal = error.message;
        this.#settleReady.reject(error);
        this.#emit("error", { code: "load", message: error.message, source: "api" });
        this.requestUpdate();
      },
    );
  }

  // -- state to trace to frame --------------------------------------------------------------------------------------

  #onChange({ changed, source, warnings }: Change): void {
    for (const name of changed) this.#problems.delete(name);
    for (const { field, expected, found } of warnings) {
      this.#problems.set(
        field,
        fill(en.fieldError, { field: en.controls[field] ?? attributeName(field), expected, found }),
      );
      this.#emit("error", { code: "bad_value", field, expected, found, source });
    }
    const input = changed.filter((name) => FIELDS[name].kind === "input");
    if (input.length > 0) {
      this.#cause = input.at(-1) as keyof State;
      if (input.includes("matrices")) this.#openMatrices = this.#openMatrices && this.#store.state.matrices !== null;
      if (this.#started) void this.#runner.run(this.#store.state, this.#cause);
    }
    if (changed.includes("pin")) {
      this.#inquiry.hold(parseCell(this.#store.state.pin), this.#trace);
      this.#emit("select", { pin: this.#store.state.pin || null, source });
    }
    if (changed.length > 0) this.#emit("state-change", { state: this.state, changed, source });
    this.#reframe(source);
    this.requestUpdate();
  }

  #onTrace(trace: Trace): void {
    const first = this.#trace === undefined;
    this.#trace = trace;
    this.#course = new Course(trace);
    this.#stale = false;
    this.#notice = "";
    for (const name of FIELD_NAMES) if (FIELDS[name].kind === "input") this.#problems.delete(name);
    this.#inquiry.restart(trace);
    const { state } = this.#store;
    const corrections: Partial<State> = {};
    if (!this.#course.segmentOf(state.stage))
      corrections.stage = (this.#course.segmentOf("scores") ?? this.#course.segments[0])?.stage.id ?? "scores";
    if (state.head >= trace.config.heads) corrections.head = 0;
    if (Object.keys(corrections).length > 0) this.#store.set(corrections, "api", "replace");
    if (first) this.#inquiry.hold(parseCell(state.pin), trace);
    this.#reframe("api");
    this.requestUpdate();
    if (first) {
      void this.updateComplete.then(() => {
        this.#settleReady.resolve();
        this.#emit("load", { source: "api" });
      });
    }
  }

  #onRefusal({ field, message, code }: Refusal): void {
    this.#problems.set(field, message);
    this.#stale = this.#trace !== undefined;
    this.#emit("error", { code, field, message, source: "user" });
    this.requestUpdate();
  }

  #reframe(source: Source): void {
    if (!this.#course) return;
    const { stage, cell } = this.#store.state;
    const before = this.#frame;
    this.#frame = this.#course.frame(stage, cell);
    const moved = before?.segment.stage.id !== stage || Math.floor(before.cells) !== Math.floor(this.#frame.cells);
    if (moved) this.#emit("step-change", { stage, cell, time: this.#frame.time, source });
    this.#ask();
  }

  #advance(seconds: number): void {
    if (!this.#course || !this.#frame) return;
    const time = this.#frame.time + seconds * this.#store.state.speed;
    this.#seek(time, "user", "none");
    if (time >= this.#course.duration) this.pause();
  }

  #seek(time: number, source: Source, history: History): void {
    if (!this.#course) return;
    const position = this.#course.positionAt(time);
    // Reduced motion: a frame shows whole cells, never one on its way.
    if (this.#reduced?.matches) position.cell = Math.max(0, Math.floor(position.cell));
    this.#store.set(position, source, history);
  }

  #step(by: "cell" | "row" | "stage", n: number, source: Source): void {
    if (!this.#course) return;
    this.#player.pause();
    const { stage, cell } = this.#store.state;
    this.#store.set(this.#course.step({ stage, cell }, by, n), source, by === "stage" ? "push" : "replace");
    this.#speak(true);
  }

  // -- the cell that is asked ----------------------------------------------------------------------------------------

  #ask(): void {
    const { active, segment } = this.#frame ?? {};
    if (!active || !segment || !this.#trace) return this.#inquiry.ask(undefined);
    const view = sliceForHead(this.#trace, segment.stage, this.#store.state.head);
    this.#inquiry.ask({ stage: segment.stage.id, index: view.index(active.row, active.column) });
  }

  #hold(cell: Lit | undefined): void {
    if (!cell) return this.#store.set({ pin: "" }, "user", "push");
    const changes: Partial<State> = { pin: cellKey(cell) };
    if (!this.#scene?.placeOf(cell)) {
      const stop = this.#course?.stopFor(cell.stage);
      if (stop) Object.assign(changes, { stage: stop.stage.id, cell: WHOLE });
      const axes = this.#trace?.stages.find(({ id }) => id === cell.stage)?.axes;
      if (axes?.[0] === "head") changes.head = cell.index[0] ?? 0;
    }
    this.#player.pause();
    this.#store.set(changes, "user", "push");
  }

  #pick(cell: Lit): void {
    const stage = this.#trace?.stages.find(({ id }) => id === cell.stage);
    if (!this.#maskEdit || stage?.axes.slice(-2).join() !== "query,key") return this.#hold(cell);
    const pair = cell.index.slice(-2).join("-");
    const pairs = this.#store.state.mask.split("_").filter(Boolean);
    const mask = pairs.includes(pair) ? pairs.filter((one) => one !== pair) : [...pairs, pair];
    this.#store.set({ mask: mask.join("_") }, "user", "push");
  }

  // -- what the parts may ask for --------------------------------------------------------------------------------------

  readonly #actions: Actions = {
    set: (changes, history = "replace") => this.#store.set(changes, "user", history),
    refuse: (field, found) => {
      const expected = field === "text" ? `at most ${FIELDS.text.max} characters` : "a number";
      this.#problems.set(
        field,
        fill(en.fieldError, { field: en.controls[field] ?? attributeName(field), expected, found }),
      );
      this.requestUpdate();
    },
    toggle: () => (this.#player.playing ? this.pause() : this.play()),
    step: (by, n) => this.#step(by, n, "user"),
    seek: (time, history = "none") => {
      this.#player.pause();
      this.#seek(time, "user", history);
    },
    hold: (cell) => this.#hold(cell),
    hover: (cell) => {
      const { hover } = this.#inquiry;
      if (cell === hover || (cell && hover && sameCell(cell, hover))) return;
      this.#inquiry.hover = cell;
      this.#ask();
      this.requestUpdate();
    },
    glance: (cell) => {
      this.#inquiry.glance = cell;
      this.requestUpdate();
    },
    matrices: (text) => void this.#useMatrices(() => parseInSlices(text).then((matrices) => ({ matrices }))),
    files: (files) => void this.#useMatrices(() => readFiles([...files])),
    fillMatrices: () => (this.#trace ? matricesAsText(this.#trace) : ""),
    copyLink: () => void this.#copyLink(),
    editMask: (on) => {
      this.#maskEdit = on;
      this.requestUpdate();
    },
  };

  async #useMatrices(read: () => ReturnType<typeof readFiles>): Promise<void> {
    try {
      const found = await read();
      if ("state" in found) this.#store.load(found.state, "user");
      else {
        const kept = MATRIX_NAMES.some((name) => found.matrices[name]) ? found.matrices : null;
        this.#store.set({ matrices: kept, mask: "", token: -1, pin: "" }, "user", "push");
      }
    } catch (error) {
      this.#problems.set("matrices", (error as Error).message);
      this.#openMatrices = true;
      this.#stale = this.#trace !== undefined;
      this.requestUpdate();
    }
  }

  async #copyLink(): Promise<void> {
    const link = this.#store.link();
    if (link) {
      await navigator.clipboard?.writeText(link).catch(() => undefined);
      this.#notice = `${en.copied} ${link}`;
    } else {
      const json = toJson(this.#store.state);
      const file = document.createElement("a");
      file.href = URL.createObjectURL(new Blob([json], { type: "application/json" }));
      file.download = "attention-playground.json";
      file.click();
      setTimeout(() => URL.revokeObjectURL(file.href), 1000);
      this.#notice = fill(en.linkTooLong, { n: json.length, max: MAX_URL });
    }
    this.requestUpdate();
  }

  readonly #onKey = (event: KeyboardEvent) => {
    const act = keyAction(event, this.#actions, this.#course);
    if (!act) return;
    event.preventDefault();
    act();
  };

  readonly #redraw = () => this.requestUpdate();

  // -- drawing ---------------------------------------------------------------------------------------------------------

  get #palette() {
    const { theme } = this.#store.state;
    const dark = theme === "dark" || (theme === "auto" && this.#dark?.matches);
    return dark ? DARK : LIGHT;
  }

  #context(): Context {
    return {
      state: this.#store.state,
      trace: this.#trace,
      course: this.#course,
      frame: this.#frame,
      playing: this.#player.playing,
      stale: this.#stale,
      problems: this.#problems,
      notice: this.#inquiry.error || this.#notice,
      explanation: this.#inquiry.explanation,
      expanded: this.#inquiry.expanded,
      path: this.#inquiry.path,
      palette: this.#palette,
      adapter: this.#adapter,
      maskEdit: this.#maskEdit,
      mode: this.#store.state.matrices ? "matrices" : "text",
      actions: this.#actions,
    };
  }

  override render(): TemplateResult {
    if (this.#fatal) return html`<slot></slot><p class="problem" role="alert">${this.#fatal}</p>`;
    if (!this.#trace) {
      const texts = [...this.#problems.values()];
      return html`<slot></slot><p class="loading" role="status">${texts.length > 0 ? texts.join(" ") : en.loading}</p>`;
    }
    const toggle = () => {
      this.#openMatrices = !this.#openMatrices;
      this.requestUpdate();
    };
    const expand = () => {
      this.#inquiry.expanded = true;
      this.requestUpdate();
    };
    return page(this.#context(), {
      openMatrices: this.#openMatrices,
      toggleMatrices: toggle,
      spoken: this.#spoken,
      expand,
    });
  }

  protected override updated(): void {
    const place = this.renderRoot.querySelector<HTMLElement>(".scene");
    if (!place || !this.#trace || !this.#frame) return;
    if (!this.#scene) {
      this.#scene = new SceneView(place, {
        hover: this.#actions.hover,
        pick: (cell) => this.#pick(cell),
      });
      this.#sizes.observe(place);
    }
    this.#measure();
    const context = this.#context();
    this.#scene.draw({
      trace: this.#trace,
      frame: this.#frame,
      head: this.#store.state.head,
      lit: this.#inquiry.lit(),
      palette: context.palette,
      still: this.#reduced?.matches ?? false,
    });
    drawArcs(this.renderRoot, context, chosenToken(context));
    followStop(this.renderRoot);
  }

  #measure(): void {
    const place = this.renderRoot?.querySelector<HTMLElement>(".scene");
    if (place) this.#scene?.resize(place.clientWidth, place.clientHeight);
  }

  /** The sentence of the frame goes to the live region when the reader steps or stops, not on every frame. */
  #speak(always: boolean): void {
    if (!this.#trace || !this.#frame || !(always || !this.#player.playing)) return;
    this.#spoken = spoken(captionFor(this.#trace, this.#frame, this.#store.state.head, this.#inquiry.explanation));
  }

  #emit(name: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: BUBBLES.has(name), composed: true }));
  }
}
