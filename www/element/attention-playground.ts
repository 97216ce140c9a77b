/** The element: its face to the page around it, its life, and the drawing. What it shows is the session's. Registration is element.ts. */

import { html, LitElement, type TemplateResult } from "lit";
import type { Engine, Explanation, Trace } from "../engine/types.ts";
import { type MatrixSet, plainMatrices } from "../input/matrices.ts";
import { modelOf } from "../state/choice.ts";
import { attributeName, defaultState, FIELD_NAMES, type State } from "../state/fields.ts";
import { say } from "../text/say.ts";
import { type Frame, STEP_UNITS, type StepUnit } from "../timeline/course.ts";
import type { Lit } from "../view/paint.ts";
import { DARK, LIGHT, type Palette } from "../view/palette.ts";
import { SceneView } from "../view/scene-view.ts";
import type { Closer } from "../view/zoom/index.ts";
import type * as Equation from "./equation/body.ts";
import { Fit } from "./fit.ts";
import type * as Glossary from "./glossary/index.ts";
import { InView } from "./in-view.ts";
import { keyAction } from "./keys.ts";
import { onDemand } from "./on-demand.ts";
import { Pace } from "./pace.ts";
import { page } from "./page.ts";
import { noteOf, pictured } from "./parts/change.ts";
import { type Context, chosenToken } from "./parts/context.ts";
import { drawArcs } from "./parts/sentence.ts";
import { followStop } from "./parts/strip.ts";
import { Reader } from "./reader.ts";
import { sharedEngine } from "./runner.ts";
import { Session } from "./session.ts";
import { styles } from "./styles.ts";
import type { Tools } from "./tools/index.ts";
import { Wording } from "./wording.ts";

const BUBBLES = new Set(["step-change", "select", "state-change"]);
/** After the first picture, so that nothing of it waits. */
const IDLE_MS = 200;

export class AttentionPlayground extends LitElement {
  static override readonly styles = styles;

  static override get observedAttributes(): string[] {
    // biome-ignore lint/complexity/noThisInStatic: Lit's getter prepares the class that it is called on, which has to be this one.
    return [...super.observedAttributes, ...FIELD_NAMES.map(attributeName), "sync-url"];
  }

  /** Resolves when the first picture stands; rejects when the engine cannot be had, or when the element is disposed of before. */
  readonly ready: Promise<void>;
  #settleReady!: { resolve(): void; reject(error: Error): void };

  readonly #wording = new Wording(this, {
    wanted: () => this.#session.store.state.lang,
    turned: () => {
      this.#session.reworded();
      this.#emit("language-change", { lang: say.lang, title: say.title, source: "api" });
    },
    stays: (lang) => this.#session.otherLanguage(lang),
  });
  readonly #session = new Session({
    update: () => this.requestUpdate(),
    speak: () => this.#wording.speak(),
    emit: (name, detail) => this.#emit(name, detail),
    fatal: (error) => this.#fail(error),
    reducedMotion: () => this.#reduced?.matches ?? false,
  });
  readonly #reader = new Reader(this.#session, {
    update: () => this.requestUpdate(),
    shows: (cell) => this.#scene?.placeOf(cell) !== undefined,
    zoom: (factor) => (factor > 0 ? this.#scene?.zoom(factor) : this.#scene?.showAll()),
  });
  #scene: SceneView | undefined;
  #tools: Tools | undefined;
  #fatal = "";
  #engine: Engine | undefined;
  #blocks = 1;
  #started = false;
  #disposed = false;
  readonly #fit = new Fit();
  readonly #inView = new InView();
  readonly #pace = new Pace(() => this.requestUpdate());
  readonly #sizes = new ResizeObserver(() => this.#measure());
  /** Starts when it nears the screen, rests when it leaves. */
  readonly #near = new IntersectionObserver(
    (entries) => (entries.at(-1)?.isIntersecting ? this.#start() : this.#session.walk.pause("api")),
    { rootMargin: "400px" },
  );
  readonly #dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");
  readonly #reduced = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

  constructor() {
    super();
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    this.ready.catch(() => undefined);
  }

  // -- the element's face ---------------------------------------------------------------------------------------------

  /** All fields of the state; what is set may be a part of them. */
  get state(): State {
    return { ...this.#session.store.state };
  }
  set state(values: Partial<State>) {
    this.#session.store.set(values ?? {}, "api", "replace");
  }

  /** Every number on show; null until ready. */
  get trace(): Trace | null {
    return this.#session.walk.trace ?? null;
  }

  /** The reader's own matrices, if there are any. */
  get matrices(): MatrixSet | null {
    return this.#session.store.state.matrices;
  }
  /** Each `{ shape, data }`, the data an array of numbers or a Float32Array; or all as JSON, as in the attribute. */
  set matrices(matrices:
    | MatrixSet
    | Record<string, { shape: number[]; data: ArrayLike<number> }>
    | string
    | null
    | undefined) {
    const given = typeof matrices === "object" && matrices ? plainMatrices(matrices) : matrices || null;
    this.#session.store.set({ matrices: given as MatrixSet | null }, "api", "push");
  }

  /** Plays from where it stands, or from the start where it is at the end. */
  play(): void {
    this.#session.walk.play("api");
  }

  /** Stops playing. */
  pause(): void {
    this.#session.walk.pause("api");
  }

  /** Moves by so many cells, rows or stages, back where it is negative. */
  step(n = 1, by: StepUnit = "cell"): void {
    if (!STEP_UNITS.includes(by)) throw new RangeError(`step: expected one of ${STEP_UNITS.join(", ")}, found ${by}`);
    this.#session.walk.step(by, n, "api");
  }

  /** Seconds from the start of the course at speed 1. */
  seek(time: number): void {
    this.#session.walk.seek(time, "api", "replace");
  }

  /** Shows a stage, all of it, and holds one of its cells where an index is given. */
  goto(stage: string, index?: readonly number[]): void {
    this.#session.walk.goto(stage, index, "api");
  }

  /** The operation, the operands and the value of one cell. */
  async explain(stage: string, index: readonly number[]): Promise<Explanation> {
    await this.ready;
    const engine = await sharedEngine();
    return engine.explain(this.#session.walk.trace as Trace, stage, index);
  }

  /** The picture on show: `image/svg+xml`, or any image type that the browser can write. */
  async toBlob(type = "image/png"): Promise<Blob> {
    await this.updateComplete;
    const { toBlob } = await import("../take/picture/blob.ts");
    return toBlob(this.#scene, type);
  }

  /** Takes the element away for good. */
  dispose(): void {
    this.#settleReady.reject(new Error("disposed of before it was ready"));
    this.remove();
    this.#session.end();
    this.#disposed = true;
  }

  // -- life -----------------------------------------------------------------------------------------------------------

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.#disposed) return;
    this.#attach();
    this.#session.wake();
    this.#near.observe(this);
    this.#sizes.observe(this);
    this.#dark?.addEventListener("change", this.#redraw);
    this.#reduced?.addEventListener("change", this.#redraw);
    this.#fit.lowWindow?.addEventListener("change", this.#refit);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#session.rest();
    this.#glossary?.hide(this.renderRoot as ShadowRoot);
    this.#near.disconnect();
    this.#sizes.disconnect();
    this.#detach();
    this.#dark?.removeEventListener("change", this.#redraw);
    this.#reduced?.removeEventListener("change", this.#redraw);
    this.#fit.lowWindow?.removeEventListener("change", this.#refit);
  }

  override attributeChangedCallback(name: string, old: string | null, value: string | null): void {
    super.attributeChangedCallback(name, old, value);
    if (name === "sync-url" && this.#keys) {
      this.#detach();
      this.#attach();
    }
    const field = FIELD_NAMES.find((one) => attributeName(one) === name);
    if (!field || old === value) return;
    // The address, where it is kept, stands above the attributes: it is the reader's.
    if (this.#keys === document && new URLSearchParams(location.search).has(name)) return;
    const raw = value === null ? defaultState()[field] : value;
    this.#session.store.set({ [field]: raw } as Partial<State>, "api", "none");
  }

  /** What the keys are heard at, on the page. Undefined before the element is in it: all its attributes come first. */
  #keys: EventTarget | undefined;

  /** With `sync-url` the page is the element's: its address and its keyboard. */
  #attach(): void {
    const own = this.hasAttribute("sync-url");
    this.#keys = own ? document : this;
    this.#keys.addEventListener("keydown", this.#onKey as EventListener);
    if (own) this.#session.store.sync();
  }

  #detach(): void {
    this.#keys?.removeEventListener("keydown", this.#onKey as EventListener);
    this.#keys = undefined;
    this.#session.store.unsync();
  }

  /** The engine is loaded when the element nears the screen, not before. */
  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#emit("progress", { phase: "engine", source: "api" });
    // Words and engine come side by side.
    this.#wording.turn();
    Promise.all([sharedEngine(), this.#wording.ready]).then(
      ([engine]) => {
        this.#engine = engine;
        // Taken out of the page meanwhile: it starts when it comes back.
        if (this.#session.awake) this.#session.start();
        else this.#started = false;
      },
      (error: Error) => {
        this.#started = false;
        this.#emit("error", { code: "load", message: error.message, source: "api" });
        this.#fail(error);
      },
    );
  }

  /** Nothing can be shown: what stands between the tags stays, with the reason. */
  #fail(error: Error): void {
    this.#fatal = error.message;
    this.#settleReady.reject(error);
    this.requestUpdate();
  }

  readonly #onKey = (event: KeyboardEvent) => {
    const { walk } = this.#session;
    const keys = () =>
      /transport/.test(this.#session.store.state.lock)
        ? undefined
        : keyAction(event, this.#reader.actions, walk.course, walk.inquiry.path.length > 0);
    const act = this.#tools?.keyAction(event) ?? keys();
    if (!act) return;
    event.preventDefault();
    act();
  };

  readonly #redraw = () => this.requestUpdate();
  readonly #refit = () => this.#measure();

  #emit(name: string, detail: object | (() => object)): void {
    if (typeof detail === "function") {
      const tell = () => {
        this.#wording.speak();
        this.#emit(name, detail());
      };
      // Where no words come, that is the error that is told.
      this.#wording.ready.then(tell, () => undefined);
      return;
    }
    if (name === "trace") {
      // The first picture stands once it is drawn.
      void this.updateComplete.then(() => {
        this.#settleReady.resolve();
        this.#emitLoad();
      });
      return;
    }
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: BUBBLES.has(name), composed: true }));
  }

  #loaded = false;
  #emitLoad(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    this.#emit("load", { source: "api" });
    setTimeout(() => {
      for (const more of [this.#loadGlossary(), this.#loadTools()]) more.catch(() => undefined);
    }, IDLE_MS);
  }

  // -- drawing --------------------------------------------------------------------------------------------------------

  get #palette(): Palette {
    const { theme } = this.#session.store.state;
    return theme === "dark" || (theme === "auto" && this.#dark?.matches) ? DARK : LIGHT;
  }

  #context(): Context {
    const [session, reader] = [this.#session, this.#reader];
    const { store, walk } = session;
    const { inquiry, player } = walk;
    return {
      state: session.shown,
      model: modelOf(store.state),
      played: session.played,
      loading: session.loading,
      openOwn: reader.openOwn,
      menuAt: reader.menuAt,
      parts: session.parts,
      settings: session.settings,
      tools: this.#tools,
      lessons: session.lessons,
      written: this.#written,
      glossary: this.#glossary,
      trace: walk.trace,
      tracedTokens: session.tracedTokens,
      course: walk.course,
      frame: walk.frame,
      place: walk.place,
      playing: player.playing,
      stale: session.stale,
      working: session.working,
      problems: new Map([...session.problems.all].map(([field, said]) => [field, said()])),
      notice: inquiry.error || session.notice?.() || store.notice?.() || "",
      spoken: walk.spoken(),
      language: this.#wording.language ?? "en",
      told:
        walk.frame &&
        this.#pace.of({ frame: walk.frame, explanation: inquiry.explanation }, inquiry.asked !== undefined),
      expanded: inquiry.expanded,
      path: inquiry.path,
      palette: this.#palette,
      scene: this.#scene,
      backends: this.#engine?.backends(),
      blocks: this.#blocks,
      maskEdit: reader.maskEdit,
      openMatrices: reader.openMatrices,
      moreOpen: reader.moreOpen,
      linked: this.hasAttribute("sync-url"),
      fit: this.#fit,
      mode: store.state.matrices && !session.played ? "matrices" : "text",
      actions: reader.actions,
    };
  }

  protected override willUpdate(): void {
    if (this.#started) this.#wording.turn();
    this.#wording.speak();
  }

  override render(): TemplateResult {
    if (this.#fatal && !this.#session.walk.trace)
      return html`<slot></slot><p class="problem" role="alert">${this.#fatal}</p>`;
    if (!this.#wording.language) return html`<slot></slot>`;
    if (!this.#session.walk.trace)
      return html`<slot></slot><p class="loading" role="status" lang=${say.lang}>${say.loading}</p>`;
    return page(this.#context());
  }

  protected override updated(): void {
    const place = this.renderRoot.querySelector<HTMLElement>(".scene");
    const { walk, parts, settings, lessons } = this.#session;
    const { trace, frame, inquiry } = walk;
    for (const more of [parts, settings, lessons]) more?.adoptStyles(this.renderRoot as ShadowRoot);
    if (!place || !trace || !frame) return;
    if (!this.#scene) {
      const { hover } = this.#reader.actions;
      const pick = (cell: Lit) => this.#reader.pick(cell);
      this.#scene = new SceneView(place, {
        hover,
        pick,
        blocks: (blocks) => this.#onBlocks(blocks),
        speak: () => this.#wording.speak(),
      });
      this.#sizes.observe(place);
    }
    const context = this.#context();
    const still = this.#reduced?.matches ?? false;
    const token = chosenToken(context);
    const shown = [frame.segment, token, context.state.head, context.tools?.kept(trace, context)];
    const answered = !inquiry.asked && inquiry.explanation !== this.#explained && !this.#fit.narrow;
    const moves = frame !== this.#frame || answered || walk.player.playing;
    const on = moves && shown.every((one, n) => one === this.#shown[n]);
    this.#frame = frame;
    this.#explained = inquiry.explanation;
    this.#shown = shown;
    // A frame of the same stage moves nothing on the page, nor does the answer about its cell where that is beside the picture: it is
    // not measured before it is painted. Else all that is measured is measured together, before the scene changes.
    if (!on) {
      this.#measure();
      drawArcs(this.renderRoot, context, token);
      followStop(this.renderRoot);
    }
    const { palette } = context;
    const operands = inquiry.operandsOf(walk.activeCell);
    this.#tools?.update(context);
    this.#scene.draw({
      trace: pictured(context) ?? trace,
      frame,
      head: context.state.head,
      token,
      lit: inquiry.lit(),
      operands,
      asked: inquiry.asked,
      palette,
      still,
      // What a cell is made of is told of the numbers now.
      closer: pictured(context) === trace || context.state.zoom === "row" ? this.#closer() : undefined,
      zoom: walk.closeness.module,
      note: noteOf(context),
    });
    this.#glossary?.settle(this.renderRoot as ShadowRoot);
    // An equation waits.
    if (inquiry.explanation && !this.#written) this.#loadTools().catch(() => undefined);
    if (inquiry.explanation && this.#loaded && !this.#glossary) this.#loadGlossary().catch(() => undefined);
    this.#inView.update(this.renderRoot, context, lessons?.pin);
  }

  #closer(): Closer | undefined {
    const { store, walk } = this.#session;
    const { place: at, activeCell, closeness } = walk;
    const { zoom } = store.state;
    if (zoom === "matrix" || !at || !activeCell) return undefined;
    return { zoom, at, explanation: closeness.of(activeCell) };
  }

  /** The first picture does not wait for them. */
  readonly #loadTools = onDemand(async () => {
    const [{ Tools }, written] = await Promise.all([import("./tools/index.ts"), import("./equation/body.ts")]);
    this.#written = written;
    if (this.#scene) this.#tools ??= new Tools(this.#scene);
    this.requestUpdate();
  });

  /** What the frame before was laid out for. */
  #frame: Frame | undefined;
  #explained: Explanation | undefined;
  #shown: unknown[] = [];

  #written: typeof Equation | undefined;
  #glossary: typeof Glossary | undefined;
  /** What words and formulas mean can wait until the first picture stands. */
  readonly #loadGlossary = onDemand(async () => {
    this.#glossary = await import("./glossary/index.ts");
    this.#glossary.attach(this.renderRoot as ShadowRoot, () => this.#wording.speak());
    this.requestUpdate();
  });

  /** The legend says what a pixel stands for. */
  #onBlocks(blocks: number): void {
    this.#blocks = blocks;
    this.requestUpdate();
  }

  #measure(): void {
    const part = (name: string) => this.renderRoot?.querySelector<HTMLElement>(name) ?? null;
    if (this.#fit.measure(this, part(".page"))) this.requestUpdate();
    const place = part(".scene");
    if (place) this.#scene?.resize(place.clientWidth, place.clientHeight);
  }
}
