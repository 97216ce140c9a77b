/** Owns the canvas and the grid of real numbers that lies over it. Draws what it is told; reports what the reader points at. */

import type { Trace } from "../engine/types.ts";
import { en, fill } from "../text/en.ts";
import type { Frame } from "../timeline/course.ts";
import { formatCell } from "./format.ts";
import { type Box, hit, type Layout, layout } from "./layout.ts";
import { valueAt } from "./matrix-view.ts";
import { type Lit, paint } from "./paint.ts";
import { colorOf, type Palette, scaleOf, textOn } from "./palette.ts";
import { sceneFor, titleOf } from "./scene.ts";

export interface SceneInput {
  trace: Trace;
  frame: Frame;
  head: number;
  /** The query that is chosen in the sentence: its row is marked. */
  token: number;
  lit: readonly Lit[];
  /** The cell that the reader asks about: its value stands beside it. */
  asked: Lit | undefined;
  palette: Palette;
  still: boolean;
}

export interface SceneEvents {
  hover(cell: Lit | undefined): void;
  pick(cell: Lit): void;
}

const LABEL_FONT = '13px system-ui, "Segoe UI", Roboto, sans-serif';
const TIP_HEIGHT = 24;
const MIN_LABEL = 34;
const MAX_LABEL = 110;
/** More cells than this are not given an element each: only the one under the cursor is. */
const MAX_ELEMENTS = 1600;

export class SceneView {
  readonly #root: HTMLElement;
  readonly #canvas = document.createElement("canvas");
  readonly #overlay = document.createElement("div");
  readonly #tip = document.createElement("div");
  readonly #events: SceneEvents;
  #room = { width: 0, height: 0 };
  #input: SceneInput | undefined;
  #layout: Layout | undefined;
  #before: Layout | undefined;
  #layoutKey = "";
  #traceOfLayout: Trace | undefined;
  #resultCells: HTMLElement[] = [];
  #shown = 0;
  #cursor = new Map<string, { row: number; column: number }>();

  constructor(root: HTMLElement, events: SceneEvents) {
    this.#root = root;
    this.#events = events;
    this.#overlay.className = "overlay";
    this.#canvas.setAttribute("aria-hidden", "true");
    this.#tip.className = "tip";
    root.replaceChildren(this.#canvas, this.#overlay, this.#tip);
    root.addEventListener("pointermove", (event) => this.#events.hover(this.#cellUnder(event)));
    root.addEventListener("pointerleave", () => this.#events.hover(undefined));
    root.addEventListener("click", (event) => {
      const cell = this.#cellUnder(event);
      if (cell) this.#events.pick(cell);
    });
    this.#overlay.addEventListener("keydown", (event) => this.#onKey(event));
    this.#overlay.addEventListener("focusin", (event) => this.#onFocus(event.target as HTMLElement));
  }

  resize(width: number, height: number): void {
    if (width === this.#room.width && height === this.#room.height) return;
    this.#room = { width, height };
    if (this.#input) this.draw(this.#input);
  }

  draw(input: SceneInput): void {
    this.#input = input;
    if (this.#room.width < 8) return;
    this.#arrange(input);
    this.#reveal(input);
    this.#paint(input);
    this.#mark(input.token);
    this.#showTip(input);
  }

  #mark(token: number): void {
    for (const label of this.#overlay.querySelectorAll<HTMLElement>(".label[data-query]")) {
      label.classList.toggle("chosen", Number(label.dataset.query) === token);
    }
  }

  /** The asked cell's value, above or below it, never over it. */
  #showTip({ asked, trace }: SceneInput): void {
    const at = asked && this.placeOf(asked);
    // Where numbers stand in their cells, one more beside them would only be in the way.
    const shown = asked && at && !this.#layout?.numbers;
    this.#tip.hidden = !shown;
    if (!shown) return;
    const stage = trace.stages.find(({ id }) => id === asked.stage);
    this.#tip.textContent = stage ? formatCell(valueAt(trace, stage, asked.index)) : "";
    this.#tip.dataset.stage = asked.stage;
    this.#tip.dataset.index = asked.index.join(",");
    const below = at.y < TIP_HEIGHT + 4;
    const x = Math.min(Math.max(at.x + at.width / 2, 34), this.#room.width - 34);
    const y = below ? at.y + at.height + 4 : at.y - TIP_HEIGHT - 4;
    this.#tip.style.transform = `translate(${x}px, ${y}px) translateX(-50%)`;
  }

  /** Where a cell stands on the screen, relative to the scene: for the tip beside it. */
  placeOf(cell: Lit): { x: number; y: number; width: number; height: number } | undefined {
    for (const box of this.#layout?.boxes ?? []) {
      const at = box.part.view.locate(cell.stage, cell.index);
      if (at) {
        const x = box.x + at.column * box.cellWidth;
        return { x, y: box.y + at.row * box.cellHeight, width: box.cellWidth, height: box.cellHeight };
      }
    }
    return undefined;
  }

  get layout(): Layout | undefined {
    return this.#layout;
  }

  #arrange({ trace, frame, head, palette }: SceneInput): void {
    const { stage } = frame.segment;
    const key = [stage.id, head, this.#room.width, this.#room.height, palette.lit].join("/");
    if (key === this.#layoutKey && trace === this.#traceOfLayout) return;
    this.#layoutKey = key;
    this.#traceOfLayout = trace;
    const room = { ...this.#room, labelWidth: labelWidth(trace) };
    this.#layout = layout(sceneFor(trace, stage, head), room);
    const previous = frame.previous && sceneFor(trace, frame.previous.stage, head);
    this.#before = previous && layout(previous, room);
    this.#root.style.setProperty("--scene-width", `${Math.ceil(this.#layout.width)}px`);
    this.#build(trace, this.#layout, palette);
  }

  #build(trace: Trace, scene: Layout, palette: Palette): void {
    this.#resultCells = [];
    this.#shown = 0;
    const cells = scene.boxes.reduce((n, { part: { view } }) => n + view.rows * view.columns, 0);
    const full = scene.numbers && cells <= MAX_ELEMENTS;
    this.#overlay.replaceChildren(
      ...scene.boxes.flatMap((box) => [
        title(box),
        ...labels(box, trace, "row"),
        ...labels(box, trace, "column"),
        this.#grid(trace, box, palette, full),
      ]),
    );
  }

  #grid(trace: Trace, box: Box, palette: Palette, full: boolean): HTMLElement {
    const { view, place } = box.part;
    const grid = element("div", "grid");
    const name = en.stages[view.stage.id] ?? view.stage.id;
    grid.setAttribute("role", "grid");
    grid.setAttribute("aria-label", fill(en.gridLabel, { stage: name, rows: view.rows, columns: view.columns }));
    grid.setAttribute("aria-rowcount", String(view.rows));
    grid.setAttribute("aria-colcount", String(view.columns));
    grid.tabIndex = 0;
    grid.dataset.view = view.key;
    Object.assign(grid.style, {
      left: `${box.x}px`,
      top: `${box.y}px`,
      width: `${view.columns * box.cellWidth}px`,
      height: `${view.rows * box.cellHeight}px`,
    });
    if (!full) {
      grid.classList.add("virtual");
      const row = element("div");
      row.setAttribute("role", "row");
      row.append(cellElement(trace, box, 0, 0));
      grid.append(row);
      if (place === "result") this.#resultCells = [];
      return grid;
    }
    grid.style.gridTemplateColumns = `repeat(${view.columns}, ${box.cellWidth}px)`;
    grid.style.gridAutoRows = `${box.cellHeight}px`;
    const scale = scaleOf(trace, view.stage);
    for (let r = 0; r < view.rows; r++) {
      const row = element("div", "row");
      row.setAttribute("role", "row");
      for (let c = 0; c < view.columns; c++) {
        const cell = cellElement(trace, box, r, c);
        cell.style.color = textOn(colorOf(view.value(trace, r, c), scale, palette));
        row.append(cell);
        if (place === "result" && c === 0) markBusy(row, true);
        if (place === "result") {
          cell.style.visibility = "hidden";
          this.#resultCells.push(cell);
        }
      }
      grid.append(row);
    }
    return grid;
  }

  /** Numbers appear with their cells, and go when the reader steps back. */
  #reveal({ frame, still }: SceneInput): void {
    const done = Math.max(0, Math.floor(frame.cells));
    for (let n = Math.min(done, this.#shown); n < Math.max(done, this.#shown); n++) {
      const cell = this.#resultCells[n];
      if (!cell) continue;
      cell.style.visibility = n < done ? "visible" : "hidden";
      const row = cell.parentElement;
      if (row?.firstElementChild === cell) markBusy(row, n >= done);
    }
    const grid = this.#resultCells[0]?.closest<HTMLElement>(".grid");
    if (grid) markBusy(grid, done === 0);
    this.#shown = done;
    this.#overlay.classList.toggle("arriving", frame.cells < 0 && !still);
  }

  #paint(input: SceneInput): void {
    const scene = this.#layout;
    const context = this.#canvas.getContext("2d");
    if (!scene || !context) return;
    const ratio = globalThis.devicePixelRatio || 1;
    const { width, height } = this.#room;
    if (this.#canvas.width !== Math.round(width * ratio) || this.#canvas.height !== Math.round(height * ratio)) {
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    paint(context, { ...input, layout: scene, before: this.#before });
  }

  #computed(box: Box, row: number, column: number): boolean {
    if (box.part.place !== "result") return true;
    return row * box.part.view.columns + column < Math.floor(this.#input?.frame.cells ?? 0);
  }

  #cellUnder(event: MouseEvent): Lit | undefined {
    const bounds = this.#root.getBoundingClientRect();
    const found = this.#layout && hit(this.#layout, event.clientX - bounds.left, event.clientY - bounds.top);
    if (!found || !this.#computed(found.box, found.row, found.column)) return undefined;
    const { view } = found.box.part;
    return { stage: view.stage.id, index: view.index(found.row, found.column) };
  }

  #onFocus(target: HTMLElement): void {
    const grid = target.closest<HTMLElement>(".grid");
    const box = this.#layout?.boxes.find(({ part }) => part.view.key === grid?.dataset.view);
    if (grid && box) this.#moveCursor(grid, box, this.#cursor.get(box.part.view.key) ?? { row: 0, column: 0 });
  }

  #onKey(event: KeyboardEvent): void {
    const grid = (event.target as HTMLElement).closest<HTMLElement>(".grid");
    const box = this.#layout?.boxes.find(({ part }) => part.view.key === grid?.dataset.view);
    if (!grid || !box || event.ctrlKey || event.metaKey || event.altKey) return;
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

  #moveCursor(grid: HTMLElement, box: Box, at: { row: number; column: number }): void {
    if (!this.#input) return;
    const { view } = box.part;
    this.#cursor.set(view.key, at);
    let cell = grid.querySelector<HTMLElement>(`[data-index="${view.index(at.row, at.column).join(",")}"]`);
    if (grid.classList.contains("virtual")) {
      cell = cellElement(this.#input.trace, box, at.row, at.column);
      grid.querySelector("[role=row]")?.replaceChildren(cell);
    }
    if (!cell) return;
    cell.id ||= `cell-${view.key.replace(/[^\w]/g, "-")}-${at.row}-${at.column}`;
    grid.setAttribute("aria-activedescendant", cell.id);
    if (this.#computed(box, at.row, at.column)) {
      this.#events.hover({ stage: view.stage.id, index: view.index(at.row, at.column) });
    }
  }
}

/** A row of which no cell is computed yet has nothing to read out: its content is still to come. */
function markBusy(part: Element, busy: boolean): void {
  if (busy) part.setAttribute("aria-busy", "true");
  else part.removeAttribute("aria-busy");
}

function element(tag: string, className = ""): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  return made;
}

function cellElement(trace: Trace, box: Box, row: number, column: number): HTMLElement {
  const { view } = box.part;
  const cell = element("div", "cell");
  cell.setAttribute("role", "gridcell");
  cell.setAttribute("aria-rowindex", String(row + 1));
  cell.setAttribute("aria-colindex", String(column + 1));
  cell.dataset.stage = view.stage.id;
  cell.dataset.index = view.index(row, column).join(",");
  cell.textContent = formatCell(view.value(trace, row, column));
  return cell;
}

function title(box: Box): HTMLElement {
  const made = element("div", `title role-${box.part.role}`);
  // W_Q is set as W with Q below.
  for (const [n, piece] of titleOf(box.part).split(/_(\w)/).entries()) {
    if (n % 2 === 0) made.append(piece);
    else made.append(Object.assign(element("sub"), { textContent: piece }));
  }
  Object.assign(made.style, { left: `${box.x}px`, top: `${box.y - (box.columnLabels === "top" ? 40 : 22)}px` });
  return made;
}

/** Token labels along a side; where they would not fit, every second, third, .. is shown. */
function labels(box: Box, trace: Trace, side: "row" | "column"): HTMLElement[] {
  if ((side === "row" ? box.rowLabels : box.columnLabels) === "none") return [];
  const { view } = box.part;
  const axis = side === "row" ? view.rowAxisName : view.columnAxisName;
  const tokens = axis === "key" ? trace.tokens.key : trace.tokens.query;
  const size = side === "row" ? box.cellHeight : box.cellWidth;
  const every = Math.max(1, Math.ceil((side === "row" ? 15 : 30) / size));
  const made: HTMLElement[] = [];
  const count = side === "row" ? view.rows : view.columns;
  for (let n = 0; n < count; n += every) {
    const label = element("div", `label ${side}`);
    label.textContent = tokens[n] ?? String(n);
    label.title = tokens[n] ?? String(n);
    if (axis !== "key" && side === "row") label.dataset.query = String(n);
    const at =
      side === "row"
        ? {
            left: `${box.x - box.labelWidth}px`,
            top: `${box.y + (n + 0.5) * size - 8}px`,
            width: `${box.labelWidth - 8}px`,
            height: "16px",
          }
        : { left: `${box.x + n * size}px`, top: `${box.y - 19}px`, width: `${size * every}px`, height: "18px" };
    Object.assign(label.style, at);
    made.push(label);
  }
  return made;
}

const widths = new WeakMap<Trace, number>();

function labelWidth(trace: Trace): number {
  const known = widths.get(trace);
  if (known !== undefined) return known;
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  if (!context) return MAX_LABEL;
  context.font = LABEL_FONT;
  const widest = [...trace.tokens.query, ...trace.tokens.key].reduce(
    (most, token) => Math.max(most, context.measureText(token).width),
    0,
  );
  const width = Math.min(MAX_LABEL, Math.max(MIN_LABEL, Math.ceil(widest) + 12));
  widths.set(trace, width);
  return width;
}
