/** Owns the canvas and the grid of real numbers that lies over it. Draws what it is told; reports what the reader points at. */

import type { Trace } from "../engine/types.ts";
import { say } from "../text/say.ts";
import type { Frame } from "../timeline/course.ts";
import { stageOf, valueAt } from "../trace/cells.ts";
import { formatCell } from "./format.ts";
import { labelWidth } from "./label-width.ts";
import { type Box, doneOf, hit, type Layout, layout, MAX_CELL } from "./layout.ts";
import { bounded, type Hold, holding, type Lens, moved, WHOLE_SCENE, zoomed } from "./lens.ts";
import { MatrixView } from "./matrix-view.ts";
import { Overlay } from "./overlay.ts";
import { type Lit, type Motion, paint } from "./paint.ts";
import type { Palette } from "./palette.ts";
import { standsFor } from "./pyramid.ts";
import { sceneFor } from "./scene.ts";
import { holdsNumbers, leastNumberCell, titleWidth } from "./text-width.ts";
import { levelFor, type Shade, startShownFrame } from "./tiles.ts";
import type * as Zoom from "./zoom/index.ts";
import type { Closer } from "./zoom/index.ts";

export interface SceneInput {
  trace: Trace;
  frame: Frame;
  head: number;
  /** The query that is chosen in the sentence: its row is marked. */
  token: number;
  lit: readonly Lit[];
  operands: readonly Lit[];
  /** The cell that the reader asks about: its value stands beside it. */
  asked: Lit | undefined;
  palette: Palette;
  still: boolean;
  /** One row or one cell of the stage instead of all of it, and what draws them, once it is there. */
  closer: Closer | undefined;
  zoom: typeof Zoom | undefined;
  /** What tells the numbers of the result from others of its stage, if they are not those of now. */
  note: string;
}

export interface SceneEvents {
  hover(cell: Lit | undefined): void;
  pick(cell: Lit): void;
  /** So many cells a side share a pixel from now on. */
  blocks(size: number): void;
  /** What is said from now on is said in the language of the page. */
  speak(): void;
}

const TIP_HEIGHT = 24;

export class SceneView {
  readonly root: HTMLElement;
  readonly #canvas = document.createElement("canvas");
  readonly #overlayRoot = document.createElement("div");
  readonly #overlay = new Overlay(this.#overlayRoot);
  readonly #tip = document.createElement("div");
  readonly #events: SceneEvents;
  readonly speak: () => void;
  room = { width: 0, height: 0 };
  input: SceneInput | undefined;
  layout: Layout | undefined;
  lens: Lens = WHOLE_SCENE;
  /** The press that is on has moved the scene: it holds no cell. */
  dragged = false;
  /** What is drawn faded, and who wants to know of every drawing: see the tools that are loaded after the first picture. */
  shade: Shade | undefined;
  drawn: (() => void) | undefined;
  #before: Layout | undefined;
  #layoutKey = "";
  #traceOfLayout: Trace | undefined;
  /** What stays where it is while the lens zooms. */
  #hold: Hold | undefined;
  /** The next frame in which a picture that is not complete goes on. */
  #more = 0;
  #cursor = new Map<string, { row: number; column: number }>();

  constructor(root: HTMLElement, events: SceneEvents) {
    this.root = root;
    this.#events = events;
    this.speak = events.speak;
    this.#canvas.setAttribute("aria-hidden", "true");
    this.#tip.className = "tip";
    root.replaceChildren(this.#canvas, this.#overlayRoot, this.#tip);
    root.addEventListener("pointerdown", (event) => {
      this.dragged = false;
      // The focus comes to the cell that is pressed.
      const found = this.#under(event);
      if (found) this.#cursor.set(found.box.part.view.key, found);
    });
    root.addEventListener("pointermove", (event) => this.#events.hover(this.#cellUnder(event)));
    root.addEventListener("pointerleave", () => this.#events.hover(undefined));
    root.addEventListener("click", (event) => {
      const cell = this.dragged ? undefined : this.#cellUnder(event);
      if (cell) this.#events.pick(cell);
    });
    this.#overlayRoot.addEventListener("keydown", (event) => this.#onKey(event));
    this.#overlayRoot.addEventListener("focusin", (event) => this.#onFocus(event.target as HTMLElement));
  }

  /** Larger or smaller about a point of the scene (its middle, where none is given). */
  zoom(factor: number, at = { x: this.room.width / 2, y: this.room.height / 2 }): void {
    const boxes = this.layout?.boxes ?? [];
    const box = (this.layout && hit(this.layout, at.x, at.y)?.box) ?? boxes.find(({ part }) => part.place === "result");
    if (!box) return;
    const { cellWidth, cellHeight } = box;
    const largest = (one: Box) => one.cellWidth >= MAX_CELL.width && one.cellHeight >= MAX_CELL.height;
    if (factor > 1 && boxes.every(largest)) return;
    const [row, column] = [(at.y - box.y) / cellHeight, (at.x - box.x) / cellWidth];
    this.#hold = { key: box.part.view.key, row, column, at };
    this.look(zoomed(this.lens, factor));
    this.#hold = undefined;
  }

  get zoomedIn(): boolean {
    return this.lens.zoom > 1;
  }

  showAll(): void {
    this.look(WHOLE_SCENE);
  }

  look(lens: Lens): void {
    this.#turn(lens);
    this.#layoutKey = "";
    if (this.input) this.draw(this.input);
  }

  #turn(lens: Lens): void {
    this.lens = lens;
    this.root.classList.toggle("zoomed", lens.zoom > 1);
  }

  resize(width: number, height: number): void {
    if (width === this.room.width && height === this.room.height) return;
    this.room = { width, height };
    if (this.input) this.draw(this.input);
  }

  draw(input: SceneInput): void {
    if (this.#waits(input)) return;
    this.input = input;
    if (this.room.width < 8) return;
    // It is drawn by pointers and by the clock, too, and others may have spoken since.
    this.speak();
    this.#arrange(input);
    const { frame, still } = input;
    this.#paint(input);
    this.#overlay.reveal(frame, (frame.cells < 0 || this.#motion !== undefined) && !still);
    this.#overlay.mark(input.token);
    this.#showTip(input);
    this.drawn?.();
  }

  /** The asked cell's value, above or below it, never over it. */
  #showTip({ asked, trace }: SceneInput): void {
    const at = asked && this.placeOf(asked);
    // Where numbers stand in their cells, one more beside them would only be in the way.
    const shown = asked && at && !(this.#overlay.few && holdsNumbers({ cellWidth: at.width, cellHeight: at.height }));
    this.#tip.hidden = !shown;
    if (!shown) return;
    const stage = stageOf(trace, asked.stage);
    this.#tip.textContent = stage ? formatCell(valueAt(trace, stage, asked.index)) : "";
    this.#tip.dataset.stage = asked.stage;
    this.#tip.dataset.index = asked.index.join(",");
    const below = at.y < TIP_HEIGHT + 4;
    const x = Math.min(Math.max(at.x + at.width / 2, 34), this.room.width - 34);
    const y = below ? at.y + at.height + 4 : at.y - TIP_HEIGHT - 4;
    this.#tip.style.transform = `translate(${x}px, ${y}px) translateX(-50%)`;
  }

  /** Where a cell stands on the screen, relative to the scene: for the tip beside it. */
  placeOf(cell: Lit): { x: number; y: number; width: number; height: number } | undefined {
    for (const box of this.layout?.boxes ?? []) {
      const at = box.part.view.locate(cell.stage, cell.index);
      if (at) {
        const x = box.x + at.column * box.cellWidth;
        return { x, y: box.y + at.row * box.cellHeight, width: box.cellWidth, height: box.cellHeight };
      }
    }
    return undefined;
  }

  #keyOf({ frame, head, palette, closer, note }: SceneInput): string {
    const near = closer && [closer.zoom, closer.at.row, closer.zoom === "cell" && closer.at.column].join(",");
    const { width, height } = this.room;
    return [frame.segment.stage.id, head, width, height, palette.lit, say.lang, near, note].join("/");
  }

  /** What is not explained yet is not drawn yet: the picture before, of its own numbers, stays until it is. */
  #waits(input: SceneInput): boolean {
    const { closer, zoom, trace } = input;
    if (!closer || !this.layout || (zoom && closer.explanation)) return false;
    return this.#keyOf(input) !== this.#layoutKey || trace !== this.#traceOfLayout;
  }

  #arrange(input: SceneInput): void {
    const { trace, frame, head, closer, palette, note } = input;
    const { stage } = frame.segment;
    const key = this.#keyOf(input);
    if (key === this.#layoutKey && trace === this.#traceOfLayout) return;
    const old = trace === this.#traceOfLayout ? this.layout : undefined;
    this.#layoutKey = key;
    // Another zoom is another picture: all of it is seen first.
    if (closer?.zoom !== this.#zoomOf && this.zoomedIn) this.#turn(WHOLE_SCENE);
    if (trace !== this.#traceOfLayout) this.#cursor.clear();
    this.#traceOfLayout = trace;
    const focused = this.#focusedView();
    const { zoom } = this.lens;
    const { width, height } = this.room;
    const texts = { labelWidth: labelWidth(trace), numberWidth: leastNumberCell(), titleWidth };
    const room = { width: width * zoom, height: height * zoom, ...texts };
    const nearer = closer && input.zoom?.closerLayout(trace, frame, head, closer, room, note);
    if (closer && !nearer) this.#layoutKey = "";
    const scene = nearer ?? layout(sceneFor(trace, stage, head, note), room);
    // Where the page may be longer, the styles give the scene the height that it wants.
    if (zoom === 1) this.root.style.setProperty("--wants", `${scene.wants ?? 0}px`);
    const lens = this.#hold ? holding(this.lens, this.#hold, scene.boxes) : this.lens;
    this.lens = bounded(lens, this.room, scene);
    this.layout = moved(scene, this.lens);
    this.#move(input, old, this.layout);
    const previous = nearer ? undefined : frame.previous && sceneFor(trace, frame.previous.stage, head);
    this.#before = previous && moved(layout(previous, room), this.lens);
    this.#overlay.build(trace, this.layout, frame, palette, this.room);
    this.#tellBlocks(this.layout);
    this.#restoring = true;
    if (focused) this.#gridOf(focused)?.focus();
    this.#restoring = false;
  }

  #zoomOf: Closer["zoom"] | undefined;
  /** From which layout, and since when. */
  #motion: { from: Layout; to: Layout; since: number } | undefined;

  /** From one zoom to another what is on show moves; within one zoom it does where it can be followed. */
  #move({ closer, still }: SceneInput, old: Layout | undefined, now: Layout): void {
    const other = closer?.zoom !== this.#zoomOf;
    this.#zoomOf = closer?.zoom;
    this.#motion = old && other && !still ? { from: old, to: now, since: performance.now() } : undefined;
  }

  /** How far the motion is, if there is one; it goes on by itself. */
  #moving({ zoom }: SceneInput): Motion | undefined {
    const { from, to, since } = this.#motion ?? {};
    const progress = zoom && since !== undefined ? (performance.now() - since) / 1000 / zoom.MOTION_SECONDS : 1;
    if (!zoom || !from || !to || progress >= 1) {
      this.#motion = undefined;
      return undefined;
    }
    return zoom.motionBetween(from, to, progress);
  }

  #blocks = 1;
  /** The focus comes back to a grid that was built anew: the reader points at nothing. */
  #restoring = false;

  #tellBlocks({ boxes }: Layout): void {
    const [box] = boxes;
    const blocks = box ? 2 ** levelFor(box.cellWidth, box.cellHeight, globalThis.devicePixelRatio || 1) : 1;
    if (blocks === this.#blocks) return;
    this.#blocks = blocks;
    this.#events.blocks(blocks);
  }

  /** The grid that has the focus: it keeps it when the overlay is built anew. */
  #focusedView(): string | undefined {
    const root = this.#overlayRoot.getRootNode() as ShadowRoot | Document;
    const grid = root.activeElement?.closest<HTMLElement>(".grid");
    return grid && this.#overlayRoot.contains(grid) ? grid.dataset.view : undefined;
  }

  #paint(input: SceneInput): void {
    const scene = this.layout;
    const context = this.#canvas.getContext("2d");
    if (!scene || !context) return;
    const ratio = globalThis.devicePixelRatio || 1;
    const { width, height } = this.room;
    if (this.#canvas.width !== Math.round(width * ratio) || this.#canvas.height !== Math.round(height * ratio)) {
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const motion = this.#moving(input);
    startShownFrame();
    const complete = paint(context, { ...input, layout: scene, before: this.#before, motion, shade: this.shade });
    cancelAnimationFrame(this.#more);
    if (motion) this.#more = requestAnimationFrame(() => this.input && this.draw(this.input));
    else if (!complete) this.#more = requestAnimationFrame(() => this.input && this.#paint(this.input));
  }

  /** A cursor that leaves the room takes the lens with it; the grid is then built anew, and comes back here by its focus. */
  #follow(box: Box, at: { row: number; column: number }): boolean {
    if (!this.zoomedIn) return false;
    const x = box.x + at.column * box.cellWidth;
    const y = box.y + at.row * box.cellHeight;
    const over = (from: number, size: number, room: number) => (from < 0 ? from : Math.max(0, from + size - room));
    const [dx, dy] = [over(x, box.cellWidth, this.room.width), over(y, box.cellHeight, this.room.height)];
    if (Math.abs(dx) < 1 && Math.abs(dy) < 1) return false;
    const before = this.lens;
    this.look({ ...before, x: before.x + dx, y: before.y + dy });
    return this.lens.x !== before.x || this.lens.y !== before.y;
  }

  #computed(box: Box, row: number, column: number): boolean {
    return this.input !== undefined && row * box.part.view.columns + column < doneOf(box, this.input.frame);
  }

  #under(event: MouseEvent): ReturnType<typeof hit> {
    const bounds = this.root.getBoundingClientRect();
    return this.layout && hit(this.layout, event.clientX - bounds.left, event.clientY - bounds.top);
  }

  #cellUnder(event: MouseEvent): Lit | undefined {
    const found = this.#under(event);
    if (!found || !this.#computed(found.box, found.row, found.column)) return undefined;
    return this.#cellAt(found.box, found.row, found.column);
  }

  /** The cell at a place of a box; where many cells fall on one pixel, the one that the pixel shows. */
  #cellAt({ part: { view }, cellWidth, cellHeight }: Box, row: number, column: number): Lit {
    const level = levelFor(cellWidth, cellHeight, globalThis.devicePixelRatio || 1);
    const { trace } = this.input as SceneInput;
    const at = level > 0 && view instanceof MatrixView ? standsFor(trace, view, level, row, column) : { row, column };
    return { stage: view.stage.id, index: view.index(at.row, at.column) };
  }

  #boxOf(key: string | undefined): Box | undefined {
    return this.layout?.boxes.find(({ part }) => part.view.key === key);
  }

  #gridOf(key: string): HTMLElement | null {
    return this.#overlayRoot.querySelector<HTMLElement>(`.grid[data-view="${key}"]`);
  }

  #onFocus(target: HTMLElement): void {
    const grid = target.closest<HTMLElement>(".grid");
    const box = this.#boxOf(grid?.dataset.view);
    if (grid && box) this.#moveCursor(grid, box, this.#cursor.get(box.part.view.key) ?? { row: 0, column: 0 });
  }

  #onKey(event: KeyboardEvent): void {
    const grid = (event.target as HTMLElement).closest<HTMLElement>(".grid");
    const box = this.#boxOf(grid?.dataset.view);
    if (!grid || !box || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const { view } = box.part;
    const at = { ...(this.#cursor.get(view.key) ?? { row: 0, column: 0 }) };
    if (event.key === "ArrowLeft") at.column--;
    else if (event.key === "ArrowRight") at.column++;
    else if (event.key === "ArrowUp") at.row--;
    else if (event.key === "ArrowDown") at.row++;
    else if (event.key === "Home") at.column = 0;
    else if (event.key === "End") at.column = view.columns - 1;
    else if (event.key === "Enter") {
      if (this.#computed(box, at.row, at.column)) {
        this.#events.pick({ stage: view.stage.id, index: view.index(at.row, at.column) });
      }
    } else return;
    event.preventDefault();
    event.stopPropagation();
    at.row = Math.min(Math.max(at.row, 0), view.rows - 1);
    at.column = Math.min(Math.max(at.column, 0), view.columns - 1);
    this.#moveCursor(grid, box, at);
  }

  #moveCursor(grid: HTMLElement, box: Box, wanted: { row: number; column: number }): void {
    if (!this.input) return;
    const { view } = box.part;
    const at = { row: Math.min(wanted.row, view.rows - 1), column: Math.min(wanted.column, view.columns - 1) };
    this.#cursor.set(view.key, at);
    if (this.#follow(box, at)) {
      // The lens went with the cursor: the box stands elsewhere now, and its grid may be another.
      const [now, there] = [this.#boxOf(view.key), this.#gridOf(view.key)];
      if (now && there) this.#moveCursor(there, now, at);
      return;
    }
    const cell = this.#overlay.cellOf(grid, this.input.trace, box, at.row, at.column);
    if (!cell) return;
    cell.id ||= `cell-${view.key.replace(/[^\w]/g, "-")}-${at.row}-${at.column}`;
    grid.setAttribute("aria-activedescendant", cell.id);
    if (!this.#restoring && this.#computed(box, at.row, at.column)) {
      this.#events.hover({ stage: view.stage.id, index: view.index(at.row, at.column) });
    }
  }
}
