/** Pixels for a scene: one cell size for all its matrices, as large as the room allows. Pure. */

import type { Part, Scene } from "./scene.ts";

export interface Box {
  part: Part;
  x: number;
  y: number;
  cellWidth: number;
  cellHeight: number;
  /** Where row labels stand, if this box has them. */
  rowLabels: "left" | "none";
  columnLabels: "top" | "none";
  /** Room for the labels beside it. */
  labelWidth: number;
}

export interface Layout {
  boxes: Box[];
  width: number;
  height: number;
  /** Numbers stand in the cells. */
  numbers: boolean;
}

export interface Room {
  width: number;
  height: number;
  /** Width of the widest token label, in pixels. */
  labelWidth: number;
}

const GAP = 22;
const TITLE = 22;
const COLUMN_LABELS = 18;
const SIGN = 26;
const MAX_CELL = { width: 52, height: 26 };
/** Smaller than this, three digits at 12 px do not fit. */
export const NUMBER_CELL = { width: 43, height: 16 };
const MIN_CELL = 1;
const FAR_RIGHT = 8;
/** A title needs this much, however narrow its matrix. */
const TITLE_WIDTH = 92;

export function layout(scene: Scene, room: Room): Layout {
  return scene.geometry === "product" ? product(scene, room) : sideBySide(scene, room);
}

interface Size {
  width: number;
  height: number;
}

/** Cells fill the room; they keep a pleasant aspect while there is room to choose. */
function cellSize(room: Size, columns: number, rows: number): Size {
  const width = Math.min(MAX_CELL.width, Math.max(MIN_CELL, room.width / columns));
  const height = Math.min(MAX_CELL.height, Math.max(MIN_CELL, room.height / rows));
  const fits = width >= NUMBER_CELL.width && height >= NUMBER_CELL.height;
  if (fits) return { width: Math.floor(width), height: Math.floor(height) };
  // Too small for numbers: cells go square, so that the pattern reads as a picture.
  const side = Math.min(width, height, MAX_CELL.height);
  const whole = side >= 3 ? Math.floor(side) : side;
  return { width: Math.min(whole * 1.6, width), height: whole };
}

const needsColumnLabels = (part: Part) => ["query", "key"].includes(part.view.columnAxisName);
const needsRowLabels = (part: Part) => ["query", "key"].includes(part.view.rowAxisName);

function product(scene: Scene, room: Room): Layout {
  const left = scene.parts.find(({ place }) => place === "left");
  const top = scene.parts.find(({ place }) => place === "top");
  const under = scene.parts.find(({ place }) => place === "under");
  if (!left || !top) return sideBySide(scene, room);
  const columns = left.view.columns + top.view.columns;
  const rows = left.view.rows + top.view.rows + (under ? 1 : 0);
  const topLabels = needsRowLabels(top) ? Math.max(0, room.labelWidth - 30) : 0;
  const free = {
    width: room.width - room.labelWidth - GAP - topLabels - FAR_RIGHT,
    height: room.height - 2 * TITLE - COLUMN_LABELS - GAP - (under ? GAP : 0),
  };
  const cell = cellSize(free, columns, rows);
  const size = { cellWidth: cell.width, cellHeight: cell.height, labelWidth: room.labelWidth };
  const crossingX = room.labelWidth + left.view.columns * cell.width + GAP + topLabels;
  const topY = TITLE + COLUMN_LABELS;
  const crossingY = topY + top.view.rows * cell.height + GAP + TITLE;
  const resultY = crossingY + (under ? cell.height + GAP : 0);
  const boxes: Box[] = [
    { part: left, x: room.labelWidth, y: resultY, ...size, rowLabels: "left", columnLabels: "none" },
    {
      part: top,
      x: crossingX,
      y: topY,
      ...size,
      rowLabels: needsRowLabels(top) ? "left" : "none",
      columnLabels: needsColumnLabels(top) ? "top" : "none",
    },
    { part: scene.result, x: crossingX, y: resultY, ...size, rowLabels: "none", columnLabels: "none" },
  ];
  if (under) boxes.push({ part: under, x: crossingX, y: crossingY, ...size, rowLabels: "none", columnLabels: "none" });
  return finish(boxes, cell, {
    width: crossingX + top.view.columns * cell.width + FAR_RIGHT,
    height: resultY + left.view.rows * cell.height + 4,
  });
}

/** Matrices one beside the other; where the room is narrow, one under the other. */
function sideBySide(scene: Scene, room: Room): Layout {
  const parts = [...scene.parts, scene.result];
  const columns = parts.reduce((sum, part) => sum + part.view.columns, 0);
  const rows = Math.max(...parts.map((part) => part.view.rows));
  const narrow = parts.filter((part) => part.view.columns === 1).length;
  const gaps = parts.length * SIGN + narrow * (TITLE_WIDTH - NUMBER_CELL.width);
  const wide = cellSize(
    { width: room.width - room.labelWidth - gaps - FAR_RIGHT, height: room.height - TITLE - COLUMN_LABELS },
    columns,
    rows,
  );
  const widest = Math.max(...parts.map((part) => part.view.columns));
  const stacked = cellSize(
    {
      width: room.width - room.labelWidth - FAR_RIGHT,
      height: room.height / parts.length - TITLE - COLUMN_LABELS - 4,
    },
    widest,
    rows,
  );
  const stack = parts.length <= 3 && stacked.width * stacked.height > wide.width * wide.height * 1.3;
  const cell = stack ? stacked : wide;
  const boxes: Box[] = [];
  let x = room.labelWidth;
  let y = TITLE + COLUMN_LABELS;
  let width = 0;
  for (const part of parts) {
    const first = boxes.length === 0;
    boxes.push({
      part,
      x,
      y,
      cellWidth: cell.width,
      cellHeight: cell.height,
      labelWidth: room.labelWidth,
      rowLabels: (first || stack) && needsRowLabels(part) ? "left" : "none",
      columnLabels: needsColumnLabels(part) ? "top" : "none",
    });
    const taken = Math.max(part.view.columns * cell.width, TITLE_WIDTH);
    width = Math.max(width, x + taken);
    if (stack) y += part.view.rows * cell.height + TITLE + COLUMN_LABELS + 4;
    else x += taken + SIGN;
  }
  const last = boxes.at(-1) as Box;
  const bottom = stack ? last.y + last.part.view.rows * cell.height : TITLE + COLUMN_LABELS + rows * cell.height;
  return finish(boxes, cell, { width: width + FAR_RIGHT, height: bottom + 4 });
}

function finish(boxes: Box[], cell: Size, size: Size): Layout {
  const numbers = cell.width >= NUMBER_CELL.width && cell.height >= NUMBER_CELL.height;
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
