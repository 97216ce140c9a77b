/** Pixels for a scene: one cell size for all its matrices, as large as the room allows, or for a product one along each side. Pure. */

import type { Frame } from "../timeline/course.ts";
import type { Place } from "./matrix-view.ts";
import type { Picture } from "./paint.ts";
import { type Part, type Scene, titleOf } from "./scene.ts";

export interface Box {
  part: Part;
  x: number;
  y: number;
  cellWidth: number;
  cellHeight: number;
  /** Where row labels stand, if this box has them. */
  rowLabels: "left" | "none";
  /** Where names of columns stand, if this box has them; upright where columns are too narrow for words. */
  columnLabels: "top" | "upright" | "none";
  /** Room for its title, where that is less than the title wants. */
  titleRoom?: number;
  /** Room for the labels beside it. */
  labelWidth: number;
  /** Where its title stands, if that is not above it. */
  title?: { x: number; y: number; width: number };
  /** How many of its cells are computed, if that is not as usual. */
  done?(frame: Frame): number;
}

/** A cell of the result; `box`: of which box, where several show it. */
export type ActiveCell = Place & { box?: Box };

/** Words that stand in the scene and are no name of a matrix; from where on. */
export interface Note {
  text: string;
  x: number;
  y: number;
  /** What its number is, as data attributes. */
  data?: Record<string, string>;
}

export interface Layout {
  boxes: Box[];
  width: number;
  height: number;
  /** The height in which all of it could be read, whether or not the room is as high. */
  wants?: number;
  notes?: Note[];
  /** Numbers stand in the cells. */
  numbers: boolean;
  /** The cell of the result that is being computed, if the result is not the whole matrix. */
  active?(frame: Frame): ActiveCell | undefined;
  /** What is painted over the cells; `shown`: how much of it may be seen, from 0 to 1. */
  decorate?(context: CanvasRenderingContext2D, picture: Picture, shown: number): void;
}

/** Computed cells of a box, row by row. */
export const doneOf = (box: Box, frame: Frame): number =>
  box.done?.(frame) ?? (box.part.place === "result" ? Math.max(0, Math.floor(frame.cells)) : Number.POSITIVE_INFINITY);

export interface Room {
  width: number;
  height: number;
  /** Width of the widest token label, in pixels. */
  labelWidth: number;
  /** The narrowest cell that holds a number, in pixels. */
  numberWidth: number;
  /** How wide the name over a matrix is, in pixels. */
  titleWidth(title: string): number;
}

const GAP = 22;
const TITLE = 22;
/** Names over columns: what they take, and as upright words how much of the longest. */
const COLUMN_LABELS = { top: 18, upright: 64 };
/** A name over a column needs this much across, and takes more where there is room; upright, this much. */
export const COLUMN_LABEL = { top: 30, pleasant: 36, upright: 11 };
/** Over columns as narrow as this few names are shown anyway: those are level, and whole. */
export const NARROW = 10;
const SIGN = 26;
const LINE_GAP = 4;
/** Wide enough for every number with all its three digits. */
export const MAX_CELL = { width: 56, height: 26 };
/** The lowest cell that holds a number: digits of 12 px are 9 px high. */
export const NUMBER_HEIGHT = 14;
const FAR_RIGHT = 8;
/** The lowest row that has a name of its own. */
export const NAME_HEIGHT = 11;
/** Cells are lower and narrower than this only where all of them are. */
const THIN = 4;
/** Room for the frame of the lowest matrix. */
const EDGE = 6;

export function layout(scene: Scene, room: Room): Layout {
  const laid = (names: Names) => (scene.product ? product(scene, room, names) : sideBySide(scene, room, names));
  const level = laid("top");
  if (!crowded(level)) return level;
  const upright = laid("upright");
  return crowded(upright) ? upright : level;
}

type Names = "top" | "upright";

/** Whether level names would stand over every second or third column only, and upright ones over most. */
const crowded = ({ boxes }: Layout) =>
  boxes.some(
    ({ columnLabels, cellWidth, part }) =>
      columnLabels !== "none" && part.view.columns > 1 && namesOver(cellWidth) === "upright",
  );

export const namesOver = (cellWidth: number): Names =>
  cellWidth >= NARROW && cellWidth < COLUMN_LABEL.top ? "upright" : "top";

/** The height of the names over a matrix. */
export const columnBand = ({ columnLabels, labelWidth }: Pick<Box, "columnLabels" | "labelWidth">): number =>
  columnLabels === "none" ? 0 : columnLabels === "top" ? COLUMN_LABELS.top : uprightBand(labelWidth);

const uprightBand = (labelWidth: number) => Math.min(COLUMN_LABELS.upright, labelWidth - 8);

interface Size {
  width: number;
  height: number;
}

/** Cells fill the room; they keep a pleasant aspect while there is room to choose. `names`: those over them. */
function cellSize(room: Size, columns: number, rows: number, numberWidth: number, names: Names | undefined): Size {
  const width = Math.min(MAX_CELL.width, Math.max(0, room.width / columns));
  const height = Math.min(MAX_CELL.height, Math.max(0, room.height / rows));
  if (width >= numberWidth && height >= NUMBER_HEIGHT) return { width: Math.floor(width), height: Math.floor(height) };
  // Too small for numbers: cells go square, so that the pattern reads as a picture.
  const side = Math.min(width, height, MAX_CELL.height);
  const whole = side >= 3 ? Math.floor(side) : side;
  const level = names === "top" && width >= COLUMN_LABEL.top;
  const wide = !names ? 0 : level ? COLUMN_LABEL.pleasant : COLUMN_LABEL.upright;
  return { width: Math.min(Math.max(whole * 1.6, wide), width), height: whole };
}

const TOKEN_AXES = new Set(["query", "key", "token"]);
/** A title stands over its matrix, however narrow that is. */
const titleWidth = (part: Part, room: Room) => room.titleWidth(titleOf(part));
const needsColumnLabels = (part: Part) => TOKEN_AXES.has(part.view.columnAxisName);
const needsRowLabels = (part: Part) => TOKEN_AXES.has(part.view.rowAxisName);

function product(scene: Scene, room: Room, names: Names): Layout {
  const left = scene.parts.find(({ place }) => place === "left");
  const top = scene.parts.find(({ place }) => place === "top");
  const under = scene.parts.find(({ place }) => place === "under");
  if (!left || !top) return sideBySide(scene, room, names);
  const columns = left.view.columns + top.view.columns;
  const rows = left.view.rows + top.view.rows + (under ? 1 : 0);
  const topNames = needsColumnLabels(top) ? names : "none";
  const above =
    TITLE +
    (topNames === "upright" ? columnBand({ columnLabels: topNames, labelWidth: room.labelWidth }) : COLUMN_LABELS.top);
  const topLabels = needsRowLabels(top) ? Math.max(0, room.labelWidth - 30) : 0;
  const free = {
    width: room.width - room.labelWidth - GAP - topLabels - FAR_RIGHT,
    height: room.height - above - TITLE - GAP - (under ? GAP : 0) - EDGE,
  };
  const leftLeast = titleWidth(left, room) - GAP / 2;
  const rightLeast =
    Math.max(...[top, scene.result, ...(under ? [under] : [])].map((part) => titleWidth(part, room))) - FAR_RIGHT;
  const sides: [Side, Side] = [
    { columns: left.view.columns, least: leftLeast },
    { columns: top.view.columns, least: rightLeast },
  ];
  const even = { ...free, width: columnRoom(free.width, sides) * columns };
  const cell = cellSize(even, columns, rows, room.numberWidth, topNames === "none" ? undefined : topNames);
  const heights: [number, number] = [top.view.rows, rows - top.view.rows];
  const { outer, inner } = uneven(free, sides, heights, cell, room.numberWidth) ?? { outer: cell, inner: cell };
  const { labelWidth } = room;
  const [across, down] = [{ cellWidth: inner.width, labelWidth }, { cellHeight: inner.height }];
  const leftWidth = Math.max(left.view.columns * outer.width, leftLeast);
  const crossingX = labelWidth + leftWidth + GAP + topLabels;
  const crossingY = above + top.view.rows * outer.height + GAP + TITLE;
  const resultY = crossingY + (under ? inner.height + GAP : 0);
  const bare = { rowLabels: "none", columnLabels: "none" } as const;
  const boxes: Box[] = [
    {
      part: left,
      x: labelWidth,
      y: resultY,
      cellWidth: outer.width,
      labelWidth,
      ...down,
      rowLabels: "left",
      // over it is room
      columnLabels: needsColumnLabels(left) ? namesOver(outer.width) : "none",
    },
    {
      part: top,
      x: crossingX,
      y: above,
      cellHeight: outer.height,
      ...across,
      rowLabels: needsRowLabels(top) ? "left" : "none",
      columnLabels: topNames,
    },
    { part: scene.result, x: crossingX, y: resultY, ...across, ...down, ...bare },
  ];
  if (under) boxes.push({ part: under, x: crossingX, y: crossingY, ...across, ...down, ...bare });
  return finish(boxes, cell, room, {
    width: crossingX + Math.max(top.view.columns * inner.width, rightLeast) + FAR_RIGHT,
    height: resultY + left.view.rows * inner.height + 4,
  });
}

/**
 * Where one size for all leaves no room for numbers: cells of the result that hold one, else rows as high as a name, if there is room.
 * What the sums run over has what is left: `outer` is the width of the left matrix and the height of the upper one.
 */
function uneven(
  room: Size,
  [left, right]: [Side, Side],
  [above, below]: [number, number],
  even: Size,
  numberWidth: number,
): { outer: Size; inner: Size } | undefined {
  if (even.width >= numberWidth && even.height >= NUMBER_HEIGHT) return undefined;
  const sized = (outerWidth: number, width: number, least: number) => {
    const height = Math.max(least, even.height);
    const outerHeight = Math.min(height, Math.floor((room.height - below * height) / above));
    return outerHeight < THIN
      ? undefined
      : { outer: { width: outerWidth, height: outerHeight }, inner: { width, height } };
  };
  const pleasant = Math.floor((room.width - left.columns * NUMBER_HEIGHT) / right.columns);
  const width = Math.max(numberWidth, even.width, Math.min(pleasant, MAX_CELL.width));
  const across = room.width - Math.max(right.columns * width, right.least);
  const outerWidth = Math.min(width, across / left.columns);
  const numbers = outerWidth >= THIN && left.least <= across;
  const readable = numbers ? sized(outerWidth, width, NUMBER_HEIGHT) : undefined;
  // Columns of less than a pixel are painted in blocks of several, of rows, too: those have no name of their own.
  return readable ?? (even.width < 1 ? undefined : sized(even.width, even.width, NAME_HEIGHT));
}

/** Some columns, and what their title takes. */
interface Side {
  columns: number;
  least: number;
}

/** Pixels for a column of either side: a title that is wider than its matrix takes its room from the other's columns. */
function columnRoom(width: number, sides: [Side, Side]): number {
  const [a, b] = sides;
  const even = width / Math.max(1, a.columns + b.columns);
  const narrow = sides.filter(({ columns, least }) => columns * even < least);
  const [one] = narrow;
  if (!one || narrow.length > 1) return Math.max(0, even);
  return Math.max(0, (width - one.least) / Math.max(1, (one === a ? b : a).columns));
}

/**
 * Matrices one beside the other; where that leaves no room for numbers, the result stands under its operands. Operands never
 * part: a row's own number stays at the end of its row.
 */
function sideBySide(scene: Scene, room: Room, names: Names): Layout {
  const parts = [...scene.parts, scene.result];
  const abreast = grouped([parts], room, names);
  if (abreast.numbers || scene.parts.length === 0) return abreast;
  const stacked = grouped([scene.parts, [scene.result]], room, names);
  const area = ({ boxes }: Layout) => (boxes[0]?.cellWidth ?? 0) * (boxes[0]?.cellHeight ?? 0);
  return stacked.numbers || area(stacked) > area(abreast) * 1.3 ? stacked : abreast;
}

/** Lines of matrices, each line set from left to right, all cells of one size. */
function grouped(lines: Part[][], room: Room, names: Names): Layout {
  const rowsOf = (line: Part[]) => Math.max(...line.map(({ view }) => view.rows));
  const namesOf = (part: Part, line: Part[]): Box["columnLabels"] =>
    !needsColumnLabels(part) || (names === "upright" && line !== lines[0] && sameColumns(part, lines[0]?.[0]))
      ? "none"
      : names;
  const aboves = lines.map((line) => {
    const bands = line.map((part) => columnBand({ columnLabels: namesOf(part, line), labelWidth: room.labelWidth }));
    return TITLE + (names === "upright" ? Math.max(...bands) : COLUMN_LABELS.top);
  });
  const height = room.height - aboves.reduce((sum, above) => sum + above + LINE_GAP, 0);
  const rows = lines.reduce((sum, line) => sum + rowsOf(line), 0);
  const width = room.width - room.labelWidth - FAR_RIGHT;
  const over = lines.flat().some(needsColumnLabels) ? names : undefined;
  const cells = lines.map((line) =>
    cellSize({ width: lineRoom(line, width, room), height }, lineColumns(line), rows, room.numberWidth, over),
  );
  const cell = cells.reduce((a, b) => (b.width < a.width || b.height < a.height ? b : a));
  const boxes: Box[] = [];
  let y = 0;
  let right = 0;
  for (const [at, line] of lines.entries()) {
    y += aboves[at] ?? 0;
    let x = room.labelWidth;
    const taken = roomsOf(line, cell.width, width, room);
    for (const [n, part] of line.entries()) {
      const titleRoom = taken[n] ?? 0;
      const columnLabels = namesOf(part, line);
      // The names of all stand in one line.
      const title = { x, y: y - TITLE - columnBand({ columnLabels, labelWidth: room.labelWidth }), width: titleRoom };
      boxes.push({
        part,
        titleRoom,
        x,
        y: part.before ? y + (rowsOf(line) - part.view.rows) * cell.height : y,
        cellWidth: cell.width,
        cellHeight: cell.height,
        labelWidth: room.labelWidth,
        rowLabels: part === line[0] && needsRowLabels(part) ? "left" : "none",
        columnLabels,
        ...(part.before && { title, done: doneBefore(part) }),
      });
      right = Math.max(right, x + titleRoom);
      x += titleRoom + SIGN;
    }
    y += rowsOf(line) * cell.height + LINE_GAP;
  }
  return finish(boxes, cell, room, { width: right + FAR_RIGHT, height: y });
}

/** What the tokens before left in the stage that is being computed is there once it is computed. */
const doneBefore =
  ({ view }: Part) =>
  ({ segment, cells }: Frame) =>
    segment.stage.id === view.stage.id
      ? Math.max(0, Math.floor(cells) - view.along("row", 0) * view.columns)
      : Number.POSITIVE_INFINITY;

/** Whether the columns of one matrix stand under those of another. */
const sameColumns = (part: Part, over: Part | undefined) =>
  part.view.columnAxisName === over?.view.columnAxisName && part.view.columns === over.view.columns;

/** What each part of a line takes: its matrix, and of what its title is wider than that as much as there is room for. */
function roomsOf(line: Part[], cellWidth: number, width: number, room: Room): number[] {
  const matrices = line.map(({ view }) => view.columns * cellWidth);
  const beyond = line.map((part, n) => Math.max(0, titleWidth(part, room) - (matrices[n] ?? 0)));
  const sum = (all: number[]) => all.reduce((a, b) => a + b, 0);
  const left = Math.max(0, width - sum(matrices) - (line.length - 1) * SIGN);
  const share = Math.min(1, left / Math.max(1, sum(beyond)));
  return matrices.map((matrix, n) => matrix + (beyond[n] ?? 0) * share);
}

const lineColumns = (line: Part[]) =>
  Math.max(
    1,
    line.reduce((sum, { view }) => sum + view.columns, 0),
  );

/** Pixels for the cells of a line: what its gaps leave, and what titles take that are wider than their matrices. */
function lineRoom(line: Part[], width: number, room: Room): number {
  const free = width - line.length * SIGN;
  const perColumn = Math.max(0, free) / lineColumns(line);
  // Matrices narrower than their titles: they keep their share, and the titles take theirs from the others.
  const narrow = line.filter(
    (part) => part.view.columns * Math.min(perColumn, MAX_CELL.width) < titleWidth(part, room),
  );
  const titles = narrow.reduce((sum, part) => sum + titleWidth(part, room), 0);
  const others = lineColumns(line) - narrow.reduce((sum, part) => sum + part.view.columns, 0);
  if (narrow.length === 0 || others <= 0) return Math.max(1, free);
  return Math.max(1, ((free - titles) * lineColumns(line)) / others);
}

function finish(boxes: Box[], cell: Size, room: Room, size: Size): Layout {
  const numbers = cell.width >= room.numberWidth && cell.height >= NUMBER_HEIGHT;
  return { boxes, numbers, ...size };
}

/** The cell under a point, if there is one. */
export function hit(scene: Layout, x: number, y: number): { box: Box; row: number; column: number } | undefined {
  for (const box of scene.boxes) {
    const column = Math.floor((x - box.x) / box.cellWidth);
    const row = Math.floor((y - box.y) / box.cellHeight);
    const { rows, columns } = box.part.view;
    if (row >= 0 && column >= 0 && row < rows && column < columns) return { box, row, column };
  }
  return undefined;
}
