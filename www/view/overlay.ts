/** The grid of real numbers that lies over the canvas: titles, token labels, and an element for each cell that can be read. */

import type { Trace } from "../engine/types.ts";
import { fill, say } from "../text/say.ts";
import type { Frame } from "../timeline/course.ts";
import { stageName } from "../trace/story.ts";
import { type Fits, formatCell } from "./format.ts";
import { labelsFor, type Range, titleFor } from "./labels.ts";
import { type Box, doneOf, type Layout, type Note } from "./layout.ts";
import { colorOf, type Palette, scaleOf, textOn } from "./palette.ts";
import { fitsIn, holdsNumbers } from "./text-width.ts";

export interface Window {
  width: number;
  height: number;
}

/** More cells with numbers than this in sight are not given an element each: only the one under the cursor is. */
const MAX_ELEMENTS = 1600;
/** From this height on a number is set larger. */
export const LARGE = 40;

/** A grid with an element for each cell in sight, by its row and by its place in row-major order. */
interface Grid {
  root: HTMLElement;
  box: Box;
  /** So many of its cells are computed, and show their numbers. */
  done: number;
  /** What its elements were made for: with the same, those that stay in sight stay. */
  made: string;
  rows: Map<number, HTMLElement>;
  cells: Map<number, HTMLElement>;
}

export class Overlay {
  readonly #root: HTMLElement;
  /** Numbers stand in the cells that are large enough for them. */
  few = false;
  #grids = new Map<string, Grid>();
  #labels = new Map<string, HTMLElement>();
  #frame: Frame | undefined;
  #trace: Trace | undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
    root.className = "overlay";
  }

  build(trace: Trace, scene: Layout, frame: Frame, palette: Palette, room: Window): void {
    const boxes = scene.boxes.map((box) => ({ box, ...inSight(box, room) }));
    const numbers = boxes.filter(({ box }) => holdsNumbers(box));
    const cells = numbers.reduce((n, { rows, columns }) => n + (rows.to - rows.from) * (columns.to - columns.from), 0);
    this.few = cells <= MAX_ELEMENTS;
    const { few } = this;
    const before = trace === this.#trace && few ? this.#grids : new Map<string, Grid>();
    this.#trace = trace;
    this.#grids = new Map();
    this.#frame = frame;
    // Labels stay from trace to trace, and from place to place: most say the same.
    const known = this.#labels;
    this.#labels = new Map();
    const label = (key: string) => {
      const found = known.get(key) ?? element("div");
      this.#labels.set(key, found);
      return found;
    };
    const parts = boxes.flatMap(({ box, rows, columns }) => {
      const words = [
        titleElement(box),
        ...labels(box, trace, "row", rows, label),
        ...labels(box, trace, "column", columns, label),
      ];
      const seen = rows.to > rows.from && columns.to > columns.from;
      const readable = few && holdsNumbers(box);
      if (!readable || !seen) return [...words, cursorGrid(trace, box)];
      const grid = this.#grid(box, palette, before.get(box.part.view.key));
      reveal(grid, doneOf(box, frame));
      this.#fill(grid, trace, palette, rows, columns);
      if (Number.isFinite(grid.done))
        markBusy(grid.root, rows.from * box.part.view.columns + columns.from >= grid.done);
      return [...words, grid.root];
    });
    this.#replace([...parts, ...(scene.notes ?? []).map(noteElement)]);
  }

  /** Puts the parts in their order. What stands already is not taken away in between: it would lose the focus. */
  #replace(parts: HTMLElement[]): void {
    const kept = new Set<Element>(parts);
    for (const old of [...this.#root.children]) if (!kept.has(old)) old.remove();
    let next = this.#root.firstElementChild;
    for (const part of parts) {
      if (part === next) next = next.nextElementSibling;
      else this.#root.insertBefore(part, next);
    }
  }

  /** The grid of a box: the one from before at its new place, where its cells are the same. */
  #grid(box: Box, palette: Palette, before: Grid | undefined): Grid {
    const { view, place } = box.part;
    const made = [view.rows, view.columns, box.cellWidth, box.cellHeight, place, palette.lit, say.lang].join();
    const kept = before?.made === made ? before : undefined;
    const done = Number.POSITIVE_INFINITY;
    const grid = kept ?? { root: gridElement(box), box, done, made, rows: new Map(), cells: new Map() };
    grid.box = box;
    Object.assign(grid.root.style, { left: `${box.x}px`, top: `${box.y}px` });
    this.#grids.set(view.key, grid);
    return grid;
  }

  /** Makes the cells that came into sight, and takes away those that left it. */
  #fill(grid: Grid, trace: Trace, palette: Palette, rows: Range, columns: Range): void {
    const { box, done } = grid;
    const { view } = box.part;
    const outside = (n: number, { from, to }: Range) => n < from || n >= to;
    for (const [n, cell] of grid.cells) {
      if (!outside(Math.floor(n / view.columns), rows) && !outside(n % view.columns, columns)) continue;
      cell.remove();
      grid.cells.delete(n);
    }
    for (const [r, row] of grid.rows) {
      if (!outside(r, rows)) continue;
      row.remove();
      grid.rows.delete(r);
    }
    const scale = view.scale ?? scaleOf(trace, view.stage);
    const fits = fitsIn(box.cellWidth, scale.kind === "signed");
    for (let r = rows.from; r < rows.to; r++) {
      const row = grid.rows.get(r) ?? element("div", "row");
      for (let c = columns.from; c < columns.to; c++) {
        const n = r * view.columns + c;
        if (grid.cells.has(n)) continue;
        const cell = cellElement(trace, box, r, c, fits);
        cell.style.color = textOn(colorOf(view.value(trace, r, c), scale, palette));
        if (n >= done) cell.style.visibility = "hidden";
        grid.cells.set(n, cell);
        row.insertBefore(cell, grid.cells.get(after(n, columns, view.columns, grid.cells)) ?? null);
      }
      if (Number.isFinite(done)) markBusy(row, r * view.columns + columns.from >= done);
      if (grid.rows.has(r)) continue;
      row.setAttribute("role", "row");
      grid.rows.set(r, row);
      const below = [...grid.rows.keys()].filter((other) => other > r);
      grid.root.insertBefore(row, grid.rows.get(Math.min(...below)) ?? null);
    }
  }

  /** Numbers appear with their cells, and go when the reader steps back. */
  reveal(frame: Frame, arriving: boolean): void {
    this.#root.classList.toggle("arriving", arriving);
    this.#frame = frame;
    for (const grid of this.#grids.values()) reveal(grid, doneOf(grid.box, frame));
  }

  /** The row of the query that is chosen. */
  mark(query: number): void {
    for (const label of this.#root.querySelectorAll<HTMLElement>(".label[data-query]")) {
      label.classList.toggle("chosen", Number(label.dataset.query) === query);
    }
  }

  /** The element of a cell of `grid`, made where there is only the cursor's. */
  cellOf(grid: HTMLElement, trace: Trace, box: Box, row: number, column: number): HTMLElement | null {
    if (grid.classList.contains("virtual")) {
      const cell = cellElement(trace, box, row, column);
      // A number that is not computed yet is not read out either.
      const ahead = this.#frame && row * box.part.view.columns + column >= doneOf(box, this.#frame);
      if (ahead) cell.textContent = "";
      grid.querySelector("[role=row]")?.replaceChildren(cell);
      return cell;
    }
    return this.#grids.get(box.part.view.key)?.cells.get(row * box.part.view.columns + column) ?? null;
  }
}

function reveal(grid: Grid, done: number): void {
  if (done === grid.done) return;
  const [from, to] = [Math.min(done, grid.done), Math.max(done, grid.done)];
  for (const [n, cell] of grid.cells) {
    if (n < from || n >= to) continue;
    cell.style.visibility = n < done ? "visible" : "hidden";
    const row = cell.parentElement;
    if (row?.firstElementChild === cell) markBusy(row, n >= done);
  }
  const [first = 0] = grid.cells.keys();
  if (grid.cells.size > 0) markBusy(grid.root, first >= done);
  grid.done = done;
}

/** The next cell of a row that has an element already. */
function after(n: number, columns: Range, width: number, cells: Map<number, HTMLElement>): number {
  const end = n - (n % width) + columns.to;
  for (let next = n + 1; next < end; next++) if (cells.has(next)) return next;
  return -1;
}

/** The rows and columns of a box that the room shows. */
export function inSight(box: Box, room: Window): { rows: Range; columns: Range } {
  const range = (start: number, size: number, count: number, extent: number): Range => ({
    from: Math.min(count, Math.max(0, Math.floor(-start / size))),
    to: Math.max(0, Math.min(count, Math.ceil((extent - start) / size))),
  });
  return {
    rows: range(box.y, box.cellHeight, box.part.view.rows, room.height),
    columns: range(box.x, box.cellWidth, box.part.view.columns, room.width),
  };
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

function gridElement(box: Box): HTMLElement {
  const { view } = box.part;
  const grid = element("div", "grid");
  const name = stageName(view.stage);
  grid.setAttribute("role", "grid");
  grid.setAttribute("aria-label", fill(say.gridLabel, { stage: name, rows: view.rows, columns: view.columns }));
  grid.setAttribute("aria-rowcount", String(view.rows));
  grid.setAttribute("aria-colcount", String(view.columns));
  grid.tabIndex = 0;
  grid.dataset.view = view.key;
  Object.assign(grid.style, {
    left: `${box.x}px`,
    top: `${box.y}px`,
    width: `${view.columns * box.cellWidth}px`,
    height: `${view.rows * box.cellHeight}px`,
    // Puts the numbers in the middle: a flex box for each takes half as long again to lay out.
    lineHeight: `${box.cellHeight}px`,
  });
  return grid;
}

/** A grid whose cells are too small or too many: it holds the cell under the cursor alone. */
function cursorGrid(trace: Trace, box: Box): HTMLElement {
  const grid = gridElement(box);
  grid.classList.add("virtual");
  const row = element("div", "row");
  row.setAttribute("role", "row");
  const cell = cellElement(trace, box, 0, 0);
  if (box.part.place === "result") cell.textContent = "";
  row.append(cell);
  grid.append(row);
  return grid;
}

/** What only is read out may be as long as it likes. */
function cellElement(trace: Trace, box: Box, row: number, column: number, fits?: Fits): HTMLElement {
  const { view } = box.part;
  const cell = element("div", "cell");
  cell.setAttribute("role", "gridcell");
  cell.setAttribute("aria-rowindex", String(row + 1));
  cell.setAttribute("aria-colindex", String(column + 1));
  const names = view.names?.(row, column) ?? { stage: view.stage.id, index: view.index(row, column).join(",") };
  Object.assign(cell.dataset, names);
  if (box.cellHeight >= LARGE) cell.classList.add("large");
  cell.textContent = formatCell(view.value(trace, row, column), fits);
  Object.assign(cell.style, {
    left: `${column * box.cellWidth}px`,
    top: `${row * box.cellHeight}px`,
    width: `${box.cellWidth}px`,
    height: `${box.cellHeight}px`,
  });
  return cell;
}

function titleElement(box: Box): HTMLElement {
  const made = element("div", `title role-${box.part.role}`);
  const { text, full, cut, left, top, width } = titleFor(box);
  // W_Q is set as W with Q below.
  for (const [n, piece] of text.split(/_(\w)/).entries()) {
    if (n % 2 === 0) made.append(piece);
    else made.append(Object.assign(element("sub"), { textContent: piece }));
  }
  if (cut) made.title = full;
  Object.assign(made.style, { left: `${left}px`, top: `${top}px`, maxWidth: width === undefined ? "" : `${width}px` });
  return made;
}

function noteElement({ text, x, y, data }: Note): HTMLElement {
  const made = element("div", "note");
  made.textContent = text;
  Object.assign(made.dataset, data);
  Object.assign(made.style, { left: `${x}px`, top: `${y}px` });
  return made;
}

/** The labels along a side, each in the element that it had. `label`: the element for one. */
function labels(
  box: Box,
  trace: Trace,
  side: "row" | "column",
  range: Range,
  label: (key: string) => HTMLElement,
): HTMLElement[] {
  return labelsFor(box, trace, side, range).map(({ n, text, query, left, top, width, height, size, upright }) => {
    const one = label(`${box.part.view.key}/${side}/${n}`);
    const classes = upright ? `label ${side} upright` : `label ${side}`;
    if (!one.classList.contains(side) || one.classList.contains("upright") !== upright) one.className = classes;
    if (one.title !== text) one.title = one.textContent = text;
    if (query >= 0) one.dataset.query = String(query);
    else {
      delete one.dataset.query;
      one.classList.remove("chosen");
    }
    const [down, at] = [`${height}px`, { left: `${left}px`, top: `${top}px`, width: `${width}px` }];
    if (
      one.style.left !== at.left ||
      one.style.top !== at.top ||
      one.style.width !== at.width ||
      one.style.height !== down
    )
      Object.assign(one.style, at, { height: down, lineHeight: down, fontSize: `${size}px` });
    return one;
  });
}
