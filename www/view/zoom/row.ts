/**
 * One row of a stage, large. A product keeps its geometry: the row on the left, the matrix that it meets, what they give. What is done
 * cell by cell is a ladder of lanes, from the scores down to the stage on show, so that a column is the story of one key. The weighted
 * sum has its weights as a column, each beside the value that it takes a share of.
 */

import type { Explanation, Stage, Trace } from "../../engine/types.ts";
import { type Frame, isInput } from "../../timeline/course.ts";
import { stageOf } from "../../trace/cells.ts";
import { stageName } from "../../trace/story.ts";
import { formatCell } from "../format.ts";
import {
  type Box,
  columnBand,
  type Layout,
  layout,
  MAX_CELL,
  type Note,
  NUMBER_HEIGHT,
  namesOver,
  type Room,
} from "../layout.ts";
import { sliceForHead, transposed } from "../matrix-view.ts";
import { type MatrixPart, type Part, roleOf, type Scene, sceneFor, titleOf } from "../scene.ts";
import { type Band, paintBars } from "./bars.ts";

/** What is done to the scores of a row, in order; the number that a row has for itself stands at the end of its lane. */
const LADDER = ["scores", "scaled", "capped", "alibi", "mask", "bias", "biased", "masked", "shifted", "exp", "weights"];
const OWN_NUMBER: Record<string, string> = { row_max: "shifted", row_sum: "weights" };
const LANE_SIGNS: Record<string, string> = { bias: "+", biased: "=" };

const EDGE = 8;
const LABELS = 20;
const LANE_GAP = 8;
const BARS = { least: 40, most: 190 };
const LANE = 30;
/** What is done to a lane stands between it and the next. */
const STEP = 22;

export function rowLayout(
  trace: Trace,
  frame: Frame,
  head: number,
  row: number,
  of: Explanation,
  room: Room,
  note: string,
): Layout {
  const { stage } = frame.segment;
  const scene = sceneFor(trace, stage, head, note);
  if (stage.id === "mixed" && scene.product) return pile(scene, row, room);
  const ladder = LADDER.includes(stage.id) || stage.id in OWN_NUMBER;
  if (ladder && stageOf(trace, "scores") && stage.id !== "scores") return lanes(trace, stage, head, row, room, note);
  const parts = scene.parts.flatMap((part) => operand(scene, part, of, row));
  // Nothing stands before the first token that could decay: its zeros are no product.
  if (stage.op === "decay" && parts.length < scene.parts.length)
    return plain({ ...scene, parts: [], result: { ...scene.result, sign: "" } }, row, room);
  return plain({ ...scene, parts }, row, room);
}

/**
 * Of an operand, the row that the cell is made of; all of a matrix that is met by a row, or of which no row is named. What is read of
 * the token before, the first token has none of.
 */
function operand({ result }: Scene, part: MatrixPart, of: Explanation, row: number): MatrixPart[] {
  if (part.place === "top" || part.place === "under") return [part];
  const factors = of.terms.flatMap((term) => term.factors);
  const [named] = factors.flatMap(({ stage, index }) => part.view.locate(stage, index) ?? []);
  if (named) return [{ ...part, view: part.view.row(named.row) }];
  if (part.before) return [];
  return [part.view.rows === result.view.rows ? { ...part, view: part.view.row(row) } : part];
}

/** The computed cells of a row, as a part of those of the whole matrix. */
const doneInRow = (row: number, columns: number) => (frame: Frame) =>
  Math.min(columns, Math.max(0, Math.floor(frame.cells) - row * columns));

/** The active cell, where it is in this row. */
const activeIn = (row: number) => (frame: Frame) =>
  frame.active?.row === row ? { row: 0, column: frame.active.column } : undefined;

/**
 * As it stands for the whole matrix, with one row of the result, and bars under that; in lines where that has no room for numbers.
 * An input is there at once.
 */
function plain(scene: Scene, row: number, room: Room): Layout {
  const { parts } = scene;
  const { columns } = scene.result.view;
  const result: MatrixPart = { ...scene.result, view: scene.result.view.row(row) };
  const bars = Math.min(BARS.most, room.height / 4);
  const made = layout({ ...scene, result }, { ...room, height: room.height - bars - EDGE });
  const [left] = parts;
  const lines = linesOf(result, room);
  if (scene.product && !made.numbers && left?.view.inOneAxis) return tall(scene, parts, row, room);
  if (!scene.product && !made.numbers && (lines.count === 1 || result.view.inOneAxis)) return strips(scene, row, room);
  const box = made.boxes.find(({ part }) => part.place === "result") as Box;
  box.done = isInput(result.view.stage) ? () => columns : doneInRow(row, columns);
  const band: Band = { box, y: box.y + box.cellHeight + EDGE, height: bars - EDGE };
  return {
    ...made,
    height: made.height + bars,
    active: activeIn(row),
    decorate: (context, picture, shown) => faded(context, shown, () => paintBars(context, picture, band)),
  };
}

type Names = Box["columnLabels"];

/** A product whose row is too long to stand beside the matrix: the row in lines, the matrix under it, then what they give, with bars. */
function tall(scene: Scene, parts: MatrixPart[], row: number, room: Room): Layout {
  const [left, ...met] = parts as [MatrixPart, ...MatrixPart[]];
  const others = met.map((part) => ({ ...part, sign: part.place === "under" ? "+" : "×" }));
  const result: MatrixPart = { ...scene.result, view: scene.result.view.row(row), sign: "=" };
  const { columns } = result.view;
  const names = Math.min(
    room.width / 4,
    Math.max(...[left, ...others, result].map((part) => room.titleWidth(titleOf(part)))) + 2 * EDGE,
  );
  const wide = room.width - names - EDGE;
  const size = { labelWidth: names, rowLabels: "none" } as const;
  const boxes: Box[] = [];
  let y = EDGE;
  const put = (part: Part, cellWidth: number, cellHeight: number, named = true, columnLabels: Names = "none"): Box => {
    y += columnBand({ columnLabels, labelWidth: names });
    const title = { x: 0, y: y + Math.max(0, Math.min(cellHeight, LANE) - 18) / 2, width: named ? names - EDGE : 0 };
    const box: Box = { ...size, part, x: names, y, cellWidth, cellHeight, title, columnLabels };
    boxes.push(box);
    y += cellHeight * part.view.rows + LANE_GAP;
    return box;
  };
  const perLine = Math.ceil(
    left.view.columns / Math.ceil(left.view.columns / Math.max(1, Math.floor(wide / room.numberWidth))),
  );
  for (let from = 0; from < left.view.columns; from += perLine) {
    const to = Math.min(left.view.columns, from + perLine);
    put(
      { ...left, view: left.view.part(from, to) },
      Math.min(MAX_CELL.width, wide / perLine),
      NUMBER_HEIGHT + 6,
      from === 0,
    );
  }
  const cellWidth = Math.min(MAX_CELL.width * 1.25, wide / columns);
  const bars = BARS.least + LANE;
  const rows = others.reduce((sum, { view }) => sum + view.rows, 0);
  const keys: Names = others[0]?.view.columnAxisName === "key" ? namesOver(cellWidth) : "none";
  const over = columnBand({ columnLabels: keys, labelWidth: names });
  const free = room.height - y - over - LANE - bars - (others.length + 1) * LANE_GAP;
  for (const part of others) {
    const cellHeight = Math.min(LANE, Math.max(1, free / rows));
    put(part, cellWidth, cellHeight, true, part === others[0] ? keys : "none");
  }
  const box = put(result, cellWidth, LANE);
  box.done = doneInRow(row, columns);
  const band: Band = { box, y, height: bars - EDGE };
  return {
    boxes,
    width: room.width,
    height: y + bars,
    numbers: false,
    active: activeIn(row),
    decorate: (context, picture, shown) => faded(context, shown, () => paintBars(context, picture, band)),
  };
}

/** Into how many lines a row goes whose numbers are to be read. */
function linesOf({ view: { columns } }: MatrixPart, room: Room): { count: number; perLine: number } {
  const count = Math.ceil(columns / Math.max(1, Math.floor((room.width * 3) / 4 / (room.numberWidth + EDGE))));
  return { count, perLine: Math.ceil(columns / count) };
}

/** Some columns of a row. */
interface Strip {
  part: MatrixPart;
  from: number;
  to: number;
}

/** The columns of some rows, so many to a line: where all are as long, the operands of each line over what they give. */
function stripsOf(parts: MatrixPart[], perLine: number): Strip[] {
  const linesOf = (part: MatrixPart) =>
    Array.from({ length: Math.ceil(part.view.columns / perLine) }, (_, line) => ({
      part,
      from: line * perLine,
      to: Math.min(part.view.columns, (line + 1) * perLine),
    }));
  const lines = parts.map(linesOf);
  const [first = []] = lines;
  const aligned = parts.every(({ view }) => view.columns === parts[0]?.view.columns);
  return aligned ? first.flatMap((_, line) => lines.flatMap((strips) => strips[line] ?? [])) : lines.flat();
}

/** A row that is too long for one line. */
function strips(scene: Scene, row: number, room: Room): Layout {
  const { columns } = scene.result.view;
  const parts = [...scene.parts, scene.result];
  const names = Math.min(room.width / 4, Math.max(...parts.map((part) => room.titleWidth(titleOf(part)))) + EDGE);
  const wide = room.width - names - EDGE;
  const { perLine } = linesOf(scene.result, room);
  const made = stripsOf(parts, perLine);
  const cellWidth = Math.min(MAX_CELL.width * 1.25, wide / perLine);
  const cellHeight = Math.min(LANE, Math.max(4, (room.height - EDGE) / made.length - LANE_GAP / 2));
  const boxes = made.map(({ part, from, to }, n): Box => {
    const y = EDGE + n * (cellHeight + LANE_GAP / 2);
    const title = { x: 0, y: y + (cellHeight - 18) / 2, width: from === 0 ? names - EDGE : 0 };
    const one = part === scene.result ? part.view.row(row) : part.view;
    const view = to - from < one.columns ? one.part(from, to) : one;
    const size = { cellWidth, cellHeight, labelWidth: names, rowLabels: "none", columnLabels: "none" } as const;
    const box: Box = { ...size, part: { ...part, brief: false, view }, x: names, y, title };
    if (part === scene.result)
      box.done = (frame) =>
        isInput(view.stage)
          ? to - from
          : Math.min(to - from, Math.max(0, Math.floor(frame.cells) - row * columns - from));
    return box;
  });
  const results = boxes.filter(({ part }) => part.place === "result");
  return {
    boxes,
    width: room.width,
    height: room.height,
    numbers: cellWidth >= room.numberWidth && cellHeight >= NUMBER_HEIGHT,
    active: (frame) => {
      const at = activeIn(row)(frame);
      const box = at && results[Math.floor(at.column / perLine)];
      return box && { row: 0, column: at.column % perLine, box };
    },
  };
}

/** Lane under lane, keys in columns. */
function lanes(trace: Trace, stage: Stage, head: number, row: number, room: Room, note: string): Layout {
  const last = OWN_NUMBER[stage.id] ?? stage.id;
  const until = LADDER.indexOf(last) - (stage.id in OWN_NUMBER ? 1 : 0);
  const stages = LADDER.slice(0, until + 1).flatMap((id) => stageOf(trace, id) ?? []);
  const parts = stages.map((lane) => laneOf(trace, lane, head, row, lane === stage ? note : undefined));
  const names = Math.min(room.width / 4, Math.max(...parts.map((part) => room.titleWidth(titleOf(part)))) + EDGE);
  const columns = parts[0]?.view.columns ?? 1;
  const own = (id: string) => (stageOf(trace, id) ? room.numberWidth + 4 * EDGE : 0);
  const wide = room.width - names - 2 * EDGE - own("row_max");
  const cellWidth = Math.min(MAX_CELL.width * 1.25, Math.max(1, wide / columns));
  const columnLabels = columns > 1 ? namesOver(cellWidth) : "top";
  const top = Math.max(LABELS, columnBand({ columnLabels, labelWidth: names }));
  const steps = stages.map((lane, n) => (n > 0 ? stepTo(trace, lane) : undefined));
  const gaps = steps.map((step) => (step ? STEP : LANE_GAP)).reduce((sum, gap) => sum + gap, 0);
  const bars = Math.min(BARS.most, Math.max(BARS.least, room.height - top - gaps - parts.length * LANE));
  const cellHeight = Math.min(LANE, Math.max(NUMBER_HEIGHT, (room.height - top - gaps - bars - EDGE) / parts.length));
  const size = { cellWidth, cellHeight, labelWidth: names, rowLabels: "none" as const };
  const notes: Note[] = [];
  let next = top;
  const boxes: Box[] = parts.map((part, n) => {
    const step = steps[n];
    if (step) notes.push({ ...step, x: names, y: next + 1 });
    const y = next + (n === 0 ? 0 : step ? STEP : LANE_GAP);
    next = y + cellHeight;
    const title = { x: 0, y: y + (cellHeight - 18) / 2, width: names - EDGE };
    return { ...size, part, x: names, y, title, columnLabels: n === 0 ? columnLabels : "none" };
  });
  boxes.push(...ownNumbers(trace, head, row, boxes, stage, room, note));
  const box = boxes.find(({ part }) => part.place === "result") as Box;
  const lane = boxes[parts.length - 1] as Box;
  if (box === lane) box.done = doneInRow(row, columns);
  else box.done = (frame) => (Math.floor(frame.cells) > row ? 1 : 0);
  const operands = boxes.filter(({ part }) => part.view.stage.id === stage.from[0]);
  const before = box === lane ? operands[0]?.part.view : undefined;
  const band: Band = { box: lane, y: lane.y + cellHeight + EDGE, height: bars - EDGE, before };
  return {
    boxes,
    width: room.width,
    height: lane.y + cellHeight + bars,
    wants: top + gaps + parts.length * NUMBER_HEIGHT + BARS.least + EDGE,
    notes,
    numbers: cellWidth >= room.numberWidth,
    active: box === lane ? activeIn(row) : (frame) => (frame.active?.row === row ? { row: 0, column: 0 } : undefined),
    decorate: (context, picture, shown) => faded(context, shown, () => paintBars(context, picture, band)),
  };
}

/** What the lane before it goes through to give a lane, if that has no lane of its own. */
function stepTo(trace: Trace, { op, from }: Stage): Pick<Note, "text" | "data"> | undefined {
  const other = stageOf(trace, from[1] ?? "");
  const name = other ? stageName(other) : "";
  if (op === "scale") return { text: `↓ × ${formatCell(trace.config.scale)}`, data: { constant: "scale" } };
  if (op === "softcap") {
    const cap = formatCell(Number(trace.config.softcap));
    return { text: `↓ ${cap} · tanh(x / ${cap})`, data: { constant: "softcap" } };
  }
  if (op === "subtract") return { text: `↓ − ${name}` };
  if (op === "exp") return { text: "↓ eˣ" };
  if (op === "divide") return { text: `↓ ÷ ${name}` };
  return undefined;
}

/** `note`: of the result. */
function laneOf(trace: Trace, stage: Stage, head: number, row: number, note: string | undefined): MatrixPart {
  const view = sliceForHead(trace, stage, head).row(row);
  const place = note === undefined ? "left" : "result";
  const sign = LANE_SIGNS[stage.id] ?? "";
  return { view, place, role: roleOf(stage.id), sign, note: note ?? "", brief: false, short: "" };
}

/** The largest score and the sum of a row, each at the end of the lane that it is taken of. */
function ownNumbers(
  trace: Trace,
  head: number,
  row: number,
  lanes: Box[],
  stage: Stage,
  room: Room,
  note: string,
): Box[] {
  return Object.keys(OWN_NUMBER).flatMap((id): Box[] => {
    const own = stageOf(trace, id);
    const lane = own && lanes.find(({ part }) => part.view.stage.id === own.from[0]);
    const there = own && trace.stages.indexOf(own) <= trace.stages.indexOf(stage);
    if (!own || !lane || !there) return [];
    const x = lane.x + lane.part.view.columns * lane.cellWidth + 2 * EDGE;
    const part = { ...laneOf(trace, own, head, row, own === stage ? note : undefined), sign: "" };
    const cellWidth = Math.max(room.numberWidth, Math.min(lane.cellWidth, MAX_CELL.width));
    const title = { x: x - EDGE, y: lane.y - 18, width: room.width - x + EDGE };
    return [{ ...lane, part, x, cellWidth, title, columnLabels: "none" }];
  });
}

/** Weights down, the values beside them, and what they give below. */
function pile(scene: Scene, row: number, room: Room): Layout {
  const [weights, values] = scene.parts;
  if (!weights || !values) return plain(scene, row, room);
  const down: MatrixPart = { ...weights, view: transposed(weights.view.row(row)), sign: "" };
  const result: MatrixPart = { ...scene.result, view: scene.result.view.row(row) };
  const { rows, columns } = values.view;
  const titles = 2 * (LABELS + EDGE);
  const bars = Math.min(BARS.most, Math.max(BARS.least, room.height / 5));
  const cellHeight = Math.min(MAX_CELL.height, (room.height - titles - bars - 2 * EDGE) / (rows + 1));
  const wide = room.width - room.labelWidth - 2 * EDGE;
  const name = room.titleWidth(titleOf(down)) + EDGE;
  // Where the name of the weights is wider than they are, the values stand apart by that.
  const even = (wide - 4 * EDGE) / (columns + 1);
  const width = even + 4 * EDGE < name ? (wide - name) / columns : even;
  const cellWidth = Math.min(MAX_CELL.width * 1.25, Math.max(1, width));
  const size = { cellWidth, cellHeight, labelWidth: room.labelWidth, columnLabels: "none" as const };
  const x = room.labelWidth + Math.max(cellWidth + 4 * EDGE, name);
  const top = LABELS + 2;
  const below = top + rows * cellHeight + LABELS + EDGE;
  const box: Box = { ...size, part: result, x, y: below, rowLabels: "none", done: doneInRow(row, columns) };
  const boxes: Box[] = [
    { ...size, part: down, x: room.labelWidth, y: top, rowLabels: "left" },
    { ...size, part: { ...values, sign: "×" }, x, y: top, rowLabels: "none" },
    box,
  ];
  const band: Band = { box, y: below + cellHeight + EDGE, height: bars - EDGE };
  return {
    boxes,
    width: x + columns * cellWidth + EDGE,
    height: below + cellHeight + bars,
    numbers: cellWidth >= room.numberWidth && cellHeight >= NUMBER_HEIGHT,
    active: activeIn(row),
    decorate: (context, picture, shown) => faded(context, shown, () => paintBars(context, picture, band)),
  };
}

export function faded(context: CanvasRenderingContext2D, shown: number, paint: () => void): void {
  context.save();
  context.globalAlpha = shown;
  paint();
  context.restore();
}
