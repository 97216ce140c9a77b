/** What the reader does on the page, and which parts of it are open. */

import { defaultState, FIELDS, type State } from "../state/fields.ts";
import { fill, say } from "../text/say.ts";
import { WHOLE } from "../timeline/course.ts";
import { stageOf } from "../trace/cells.ts";
import type { Lit } from "../view/paint.ts";
import type { Drops } from "./drops.ts";
import { cellKey, sameCell } from "./inquiry.ts";
import { onDemand } from "./on-demand.ts";
import type { Actions } from "./parts/context.ts";
import type { Session } from "./session.ts";
import { taken } from "./taken.ts";

export interface ReaderHost {
  update(): void;
  /** Whether the cell stands in the scene on show. */
  shows(cell: Lit): boolean;
  zoom(factor: number): void;
}

const { text, target, drawing, block, layer, head, token, pin, matrices, edits, mask, scale } = defaultState();
/** What another model begins with. */
const FRESH: Partial<State> = { text, target, drawing, block, layer, head, token, pin, matrices, edits, mask, scale };

export class Reader {
  /** The place of the text whose other words are on show, or -1. */
  menuAt = -1;
  maskEdit = false;
  openMatrices = false;
  /** The panel for the reader's own model is open. */
  openOwn = false;
  /** "More settings" was opened, or something in it was needed. */
  moreOpen = false;
  readonly #session: Session;
  readonly #host: ReaderHost;

  constructor(session: Session, host: ReaderHost) {
    this.#session = session;
    this.#host = host;
  }

  readonly actions: Actions = {
    set: (wanted, history = "replace") => {
      const { store, walk } = this.#session;
      // What a cell is made of is told of the numbers now: it goes with no others.
      const changes = { ...wanted };
      if (changes.zoom === "cell") changes.show = "now";
      else if (changes.show && changes.show !== "now" && store.state.zoom === "cell") changes.zoom = "row";
      store.set(changes, "user", history);
      if (changes.stage !== undefined) walk.speak();
    },
    refuse: (field, found) => {
      const most = () => fill(say.atMostCharacters, { n: FIELDS.text.max ?? 0 });
      this.#session.problems.warn(field, field === "text" ? most : () => say.aNumber, found, "user");
      this.#host.update();
    },
    toggle: () => {
      const { walk } = this.#session;
      if (walk.player.playing) walk.pause("user");
      else walk.play("user");
    },
    step: (by, n) => this.#session.walk.step(by, n, "user"),
    seek: (time, history = "none") => {
      const { walk } = this.#session;
      walk.player.pause();
      walk.seek(time, "user", history);
      if (history !== "none") walk.speak();
    },
    hold: (cell) => this.#hold(cell),
    hover: (cell) => {
      const { walk } = this.#session;
      const { hover } = walk.inquiry;
      if (cell === hover || (cell && hover && sameCell(cell, hover))) return;
      walk.inquiry.hover = cell;
      walk.ask();
      this.#host.update();
    },
    glance: (cells) => {
      this.#session.walk.inquiry.glance = cells && ("stage" in cells ? [cells] : cells);
      this.#host.update();
    },
    matrices: (text) => void this.#take((drops) => drops.text(text)),
    files: (dropped) => {
      const all = taken(dropped);
      void this.#take((drops) => drops.drop(all));
    },
    fillMatrices: async () => {
      const { walk, store, from, played, missing } = this.#session;
      const gather = await import("./gather.ts").catch(missing);
      const { trace } = walk;
      const { matrices, mask } = from;
      // Rows of matrices that came without names are called by their numbers, in any language.
      const tokens = matrices && !played ? matrices.tokens : trace?.tokens.query;
      return (trace && gather?.matricesAsText(trace, { ...store.state, mask }, tokens)) ?? "";
    },
    toggleMatrices: () => void this.#openMatrices(!this.openMatrices),
    expand: () => {
      this.#session.walk.inquiry.expanded = true;
      this.#host.update();
    },
    zoom: (factor) => this.#host.zoom(factor),
    useModel: (model, changes) => this.#useModel(model, changes),
    openMenu: (at) => {
      this.menuAt = at;
      this.#host.update();
    },
    refresh: () => this.#host.update(),
    tell: (said) => this.#session.tell(said),
    cancelModel: () => this.#session.cancelModel(),
    bringModel: async (files) => {
      const { store, runner } = this.#session;
      await runner.bring(files);
      this.openOwn = false;
      store.set({ ...FRESH, model: "own" }, "user", "push");
      // The field may be as it was: the files are others.
      this.#session.run("model");
    },
    openOwn: (open) => void this.#toggleOwn(open),
    dismiss: () => this.#session.dismiss(),
    loadLessons: () => this.#session.openLessons(),
    share: () => {
      const { store } = this.#session;
      return { state: store.state, link: store.link() };
    },
    openMore: (open) => {
      this.moreOpen = open;
      this.#host.update();
    },
    editMask: (on) => {
      const { store, walk } = this.#session;
      this.maskEdit = on;
      if (on && walk.course?.segmentOf("masked")) store.set({ stage: "masked", cell: WHOLE }, "user", "push");
      this.#host.update();
    },
  };

  // -- cells ----------------------------------------------------------------------------------------------------------

  /** A click on a cell of the scene: it is held, or, while the mask is edited, shut or opened. */
  pick(cell: Lit): void {
    const { store, walk } = this.#session;
    const stage = walk.trace && stageOf(walk.trace, cell.stage);
    if (!this.maskEdit || stage?.axes.slice(-2).join() !== "query,key") {
      this.#hold(cell);
      return;
    }
    const pair = cell.index.slice(-2).join("-");
    const pairs = store.state.mask.split("_").filter(Boolean);
    const mask = pairs.includes(pair) ? pairs.filter((one) => one !== pair) : [...pairs, pair];
    this.#session.awaited = "masked";
    store.set({ mask: mask.join("_") }, "user", "push");
  }

  #hold(cell: Lit | undefined): void {
    const { store, walk } = this.#session;
    walk.player.pause();
    const changes: Partial<State> = { pin: cell ? cellKey(cell) : "" };
    if (cell && !this.#host.shows(cell)) {
      const stop = walk.course?.stopFor(cell.stage);
      if (stop) Object.assign(changes, { stage: stop.stage.id, cell: WHOLE }, walk.headOf(cell));
    } else if (cell && store.state.zoom !== "matrix" && cell.stage === store.state.stage) changes.cell = WHOLE;
    store.set(changes, "user", "push");
    walk.speak();
  }

  // -- models ---------------------------------------------------------------------------------------------------------

  /** Another model begins with its own example, and with the head that it was chosen for. */
  #useModel(model: string, changes: Partial<State> = {}): void {
    if (model === "own" && !this.#session.runner.hasOwn) {
      void this.#toggleOwn(true);
      return;
    }
    this.openOwn = false;
    this.menuAt = -1;
    this.#session.store.set({ ...FRESH, model, ...changes }, "user", "push");
  }

  async #toggleOwn(open: boolean): Promise<void> {
    const { runner, missing } = this.#session;
    const load = async () => (await runner.loadModels()).loadExtra("own");
    this.openOwn = open && (await load().catch(missing)) !== undefined;
    this.#host.update();
  }

  // -- what is pasted and dropped -------------------------------------------------------------------------------------

  readonly #loadDrops = onDemand(async () => {
    const { Drops } = await import("./drops.ts");
    const session = this.#session;
    return new Drops({
      store: session.store,
      actions: this.actions,
      runner: session.runner,
      lessons: session.loadLessons,
      notice: (said) => session.tell(said),
      matrices: (problem) => session.wrongMatrices(problem),
      shown: () => session.shows(),
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
      this.#session.tell(() => text);
    }
  }

  async #openMatrices(open: boolean): Promise<void> {
    const { runner, missing } = this.#session;
    this.openMatrices = open && (await runner.loadSettings().catch(missing)) !== undefined;
    this.#host.update();
  }
}
