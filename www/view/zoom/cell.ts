/**
 * One cell, large: what it is made of, term by term. Of a sum of products, the two factors of each term, their product, and the sum so
 * far, which piles up to the cell; of a sum or a largest of single numbers, those and what they come to so far; else the operands with
 * their sign between them.
 */

import type { Explanation, Factor, Stage, Trace } from "../../engine/types.ts";
import { fill, say } from "../../text/say.ts";
import { type Frame, isInput } from "../../timeline/course.ts";
import { stageOf } from "../../trace/cells.ts";
import { stageName } from "../../trace/story.ts";
import { type Box, type Layout, MAX_CELL, type Note, NUMBER_HEIGHT, type Room } from "../layout.ts";
import { type CellsView, sliceForHead } from "../matrix-view.ts";
import { type Part, readBefore, roleOf, titleOf } from "../scene.ts";
import { type Band, paintBars } from "./bars.ts";
import { type Between, BetweenView, ConstantView, FactorsView, Standing } from "./list-view.ts";
import { faded } from "./row.ts";

const EDGE = 8;
const LABELS = 20;
const GAP = 6;
const BARS = { least: 36, most: 170 };
const LANE = 32;
const TITLES_APART = 3;
/** A cell that stands alone is larger than one among many. */
const LARGE = { width: 108, height: 48 };
/** How the number that is no cell comes in. */
const SIGNS_OF_CONSTANTS: Record<string, string> = { scale: "×" };
const OPERATORS: Record<string, string> = { subtract: "−", error: "−", divide: "÷", add: "+" };

export function cellLayout(
  trace: Trace,
  frame: Frame,
  head: number,
  of: Explanation,
  at: { row: number; column: number },
  room: Room,
): Layout {
  const { stage } = frame.segment;
  const whole = sliceForHead(trace, stage, head);
  const linear = at.row * whole.columns + at.column;
  /** How much of the cell is done: all of it, none, or the part that the frame says. An input is there at once. */
  const progress = (now: Frame) => (isInput(stage) ? 1 : Math.min(1, Math.max(0, now.cells - linear)));
  const view = new FactorsView(
    stage,
    [{ stage: stage.id, index: of.index, value: of.value }],
    `cell:${whole.key}:${linear}`,
  );
  const result = partOf(view, "result");
  // A single term is no sum: its factors stand side by side.
  return of.terms.length > 1 && (factorsOf(of) > 1 || isSum(of))
    ? terms(trace, of, result, progress, room)
    : operands(trace, of, result, progress, room);
}

function partOf(view: CellsView, place: Part["place"], sign = "", note = ""): Part {
  const brief = note !== "";
  const short = brief ? "" : shortName(view.stage);
  return { view, place, role: roleOf(view.stage.id), sign, note, brief, short: short && `${sign} ${short}`.trim() };
}

/** What a lane of a cell is called where it is narrow: "Q", "W_Q"; nothing, where there is no shorter name. */
const shortName = (stage: Stage) =>
  say.narrow[stage.id] ?? say.short[stage.id] ?? /\S+_\S+$/.exec(stageName(stage))?.[0] ?? "";

type Progress = (frame: Frame) => number;

/** Columns that the result takes at the end of the last line. */
const RESULT_COLUMNS = 3;
/** A room that is narrower has a term to a line, and the lanes side by side. */
const NARROW = 520;
const TERM = 20;
/** However low the room is, so many terms of a list are shown. */
const LEAST_TERMS = 6;
/** What is longer is cut in its middle, however high the room may become. */
const HIGHEST = 1400;

interface Range {
  from: number;
  to: number;
}

const sizeOf = (ranges: Range[]) => ranges.reduce((sum, { from, to }) => sum + to - from, 0);

/** All, where there is room for `most`; else the first and the last of them. */
function endsOf(count: number, most: number): Range[] {
  if (count <= most) return [{ from: 0, to: count }];
  const first = Math.floor(most / 2);
  const ends = [
    { from: 0, to: first },
    { from: count - most + first, to: count },
  ];
  return ends.filter(({ from, to }) => to > from);
}

/** Says in a line of its own how many terms are left out there. */
const leftOut = (n: number, y: number): Note => ({ text: `… ${fill(say.termsLeft, { n })}`, x: 0, y });

/** Columns of lines that are alike in length, where the last one, which has terms, leaves room for the result, if there are such. */
export function columnsFor(count: number, most: number): number {
  const lines = Math.min(count, Math.ceil((count + RESULT_COLUMNS) / most));
  const even = Math.ceil((count + RESULT_COLUMNS) / lines);
  for (let columns = even; columns > RESULT_COLUMNS; columns--) if (leavesRoom(count, columns)) return columns;
  return even;
}

const leavesRoom = (count: number, columns: number) => ((count - 1) % columns) + 1 + RESULT_COLUMNS <= columns;

/** Lanes of some of the terms: as many as stand side by side, line under line. */
function terms(trace: Trace, of: Explanation, result: Part, progress: Progress, room: Room): Layout {
  const products = of.terms.some(({ factors }) => factors.length > 1);
  if (room.width < NARROW) return list(trace, of, result, progress, products, room);
  const names = namesWidth(trace, of, room, products);
  const wide = room.width - names - EDGE;
  const perLine = Math.max(RESULT_COLUMNS + 1, Math.floor(wide / Math.max(room.numberWidth, 30)));
  const columns = columnsFor(of.terms.length, perLine);
  const lines = Math.ceil(of.terms.length / columns);
  const laneCount = factorsOf(of) + (products ? 1 : 0) + (isSum(of) ? 1 : 0);
  const cellWidth = Math.min(MAX_CELL.width * 1.25, Math.max(1, wide / columns));
  const least = LABELS + EDGE + BARS.least + laneCount * (NUMBER_HEIGHT + GAP);
  const beside = leavesRoom(of.terms.length, columns);
  /** The result has a line of its own. */
  const under = beside ? 0 : LABELS + LARGE.height;
  const shown = endsOf(lines, Math.max(1, Math.floor((room.height - LABELS - under) / least)));
  const usable = room.height - (sizeOf(shown) < lines ? LABELS : 0) - under;
  const free = usable / sizeOf(shown) - LABELS - EDGE;
  const bars = Math.min(BARS.most, Math.max(BARS.least, free - laneCount * (LANE + GAP)));
  const cellHeight = Math.min(LANE, Math.max(NUMBER_HEIGHT, (free - bars) / laneCount - GAP));
  const boxes: Box[] = [];
  const bands: Band[] = [];
  const notes: Note[] = [];
  let y = 0;
  let next = 0;
  for (const line of shown.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, n) => from + n))) {
    const from = Math.min(of.terms.length, line * columns);
    const range = { from, to: Math.min(of.terms.length, from + columns) };
    if (from > next) {
      notes.push(leftOut(from - next, y));
      y += LABELS;
    }
    next = range.to;
    y += LABELS;
    for (const [n, lane] of lanesOf(trace, of, range, products).entries()) {
      for (const { part, offset } of lane.parts) {
        const before = { x: 0, y: y + (cellHeight - 18) / 2, width: names - EDGE };
        // What stands in a lane of others has its name over it.
        const over = { x: names + offset * cellWidth, y: y - LABELS, width: RESULT_COLUMNS * cellWidth };
        const title = offset > 0 ? over : before;
        // A cell alone lies along no axis.
        const labels = n === 0 && offset === 0 && part.view.columnAxisName ? "top" : "none";
        const x = names + offset * cellWidth;
        const size = { cellWidth, cellHeight, labelWidth: names, rowLabels: "none" as const };
        const box: Box = { ...size, part, x, y, title, columnLabels: labels };
        if (lane.between) box.done = doneOfTerms(of, progress, range);
        boxes.push(box);
        if (lane.between === "running")
          bands.push({
            box,
            y: y + cellHeight + 6,
            height: bars - EDGE,
            piling: of.op === "max" ? undefined : part.view,
          });
      }
      y += cellHeight + GAP;
    }
    y += bars;
  }
  const last = boxes.at(-1) as Box;
  const x = beside ? last.x + last.part.view.columns * cellWidth + 4 * EDGE : names;
  const width = Math.min(LARGE.width, room.width - x - EDGE);
  const height = Math.min(LARGE.height, cellHeight + 2 * EDGE);
  const place = { x, y: beside ? last.y + cellHeight - height : y + LABELS, width, height };
  boxes.push(resultBox(result, place, progress));
  if (!beside) y += LABELS + height;
  return {
    boxes,
    width: room.width,
    height: y,
    wants: Math.min(HIGHEST, lines * least + LABELS + under),
    notes,
    numbers: cellWidth >= room.numberWidth && cellHeight >= NUMBER_HEIGHT,
    active: () => ({ row: 0, column: 0 }),
    decorate: (context, picture, shown) => {
      for (const band of bands) faded(context, shown, () => paintBars(context, picture, band));
    },
  };
}

/** A term to a line: its factors, its product, the sum so far. */
function list(trace: Trace, of: Explanation, result: Part, progress: Progress, products: boolean, room: Room): Layout {
  const { length } = of.terms;
  const around = 3 * LABELS;
  const shown = endsOf(length, Math.max(LEAST_TERMS, Math.floor((room.height - around) / TERM)));
  const lanes = shown.map((range) => lanesOf(trace, of, range, products));
  const count = lanes[0]?.length ?? 0;
  const labels = Math.min(room.labelWidth, room.width / 4);
  const cellWidth = Math.min(MAX_CELL.width * 1.25, (room.width - labels - (count + 1) * EDGE) / (count + 1));
  const cellHeight = Math.min(MAX_CELL.height, Math.max(NUMBER_HEIGHT, (room.height - around) / sizeOf(shown)));
  const size = {
    cellWidth,
    cellHeight,
    labelWidth: labels,
    columnLabels: "none" as const,
    titleRoom: cellWidth + EDGE - TITLES_APART,
  };
  const boxes: Box[] = [];
  const notes: Note[] = [];
  let top = LABELS;
  for (const [at, range] of shown.entries()) {
    const left = range.from - (shown[at - 1]?.to ?? 0);
    if (left > 0) {
      notes.push(leftOut(left, top));
      top += LABELS;
    }
    for (const [n, lane] of (lanes[at] ?? []).entries()) {
      for (const { part, offset } of lane.parts) {
        const y = top + offset * cellHeight;
        const view = new Standing(part.view);
        // The name of a lane stands over its first term, once.
        const named = at === 0 || offset > 0 ? { ...part, view } : { ...part, view, brief: true, sign: "", note: "" };
        const rowLabels = n === 0 && offset === 0 && view.rowAxisName ? "left" : "none";
        const box: Box = { ...size, part: named, x: labels + n * (cellWidth + EDGE), y, rowLabels };
        if (offset > 0) box.title = { x: 0, y: y + (cellHeight - 18) / 2, width: labels };
        if (lane.between) box.done = doneOfTerms(of, progress, range);
        boxes.push(box);
      }
    }
    top += (range.to - range.from) * cellHeight;
  }
  const x = labels + count * (cellWidth + EDGE);
  const y = Math.max(LABELS, top - cellHeight - EDGE);
  boxes.push(resultBox(result, { x, y, width: cellWidth, height: cellHeight + EDGE }, progress));
  return {
    boxes,
    width: room.width,
    height: top + EDGE,
    wants: Math.min(HIGHEST, around + length * TERM),
    notes,
    numbers: cellWidth >= room.numberWidth && cellHeight >= NUMBER_HEIGHT,
    active: () => ({ row: 0, column: 0 }),
  };
}

const doneOfTerms =
  (of: Explanation, progress: Progress, { from, to }: Range) =>
  (now: Frame) =>
    Math.min(to - from, Math.max(0, Math.floor(progress(now) * of.terms.length + 1e-6) - from));

function resultBox(
  part: Part,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  progress: Progress,
): Box {
  const size = { cellWidth: width, cellHeight: height, titleRoom: width, labelWidth: 0 };
  return { ...size, part, x, y, rowLabels: "none", columnLabels: "none", done: (now) => (progress(now) >= 1 ? 1 : 0) };
}

interface Lane {
  /** `offset`: terms of the line that stand before the first of the part. */
  parts: { part: Part; offset: number }[];
  between?: Between;
}

/** A whole softmax says of its products no sum: more is done to them than to add them up. */
const isSum = ({ terms: all }: Explanation) => all.some(({ running }) => running !== undefined);

/** The most factors that one of its terms has. */
const factorsOf = ({ terms: all }: Explanation) => Math.max(...all.map(({ factors }) => factors.length));

function lanesOf(trace: Trace, of: Explanation, range: Range, products: boolean): Lane[] {
  const within = of.terms.slice(range.from, range.to);
  // Of a turned pair one product may be taken away.
  const second = of.op === "rotate" && (of.constant?.value ?? 1) < 0 ? "× −" : "×";
  const lanes: Lane[] = Array.from({ length: factorsOf(of) }, (_, n) => ({
    parts: bySeveral(within.map((term) => term.factors[n])).flatMap(({ cells, offset }) => {
      const stage = stageOf(trace, cells[0]?.stage ?? "");
      if (!stage) return [];
      const key = `factor:${n}:${range.from}:${cells[0]?.stage}:${cells[0]?.index.join()}`;
      const sign = n > 0 ? (offset > 0 ? second : "×") : offset > 0 ? "+" : "";
      const before = readBefore(trace, stage, stageOf(trace, of.stage) as Stage);
      return [{ part: { ...partOf(new FactorsView(stage, cells, key), "left", sign), before }, offset }];
    }),
  }));
  const between = (what: Between, sign: string, name: keyof typeof say.between): Lane => {
    const part = partOf(new BetweenView(trace, of, what, range), "between", sign, say.between[name]);
    // After "Q" and "× K", "=" says what the product is.
    return { parts: [{ part: { ...part, short: sign || (say.narrow[name] ?? "") }, offset: 0 }], between: what };
  };
  if (products) lanes.push(between("product", "=", "product"));
  if (isSum(of)) lanes.push(between("running", "", of.op === "max" ? "largest" : "running"));
  return lanes;
}

/** Neighbours of one stage make a lane: a bias at the end of a sum is one of its own. */
function bySeveral(cells: (Factor | undefined)[]): { cells: Factor[]; offset: number }[] {
  const runs: { cells: Factor[]; offset: number }[] = [];
  for (const [n, cell] of cells.entries()) {
    if (!cell) continue;
    const run = runs.at(-1);
    const goes = run && run.cells[0]?.stage === cell.stage && run.offset + run.cells.length === n;
    if (goes) run.cells.push(cell);
    else runs.push({ cells: [cell], offset: n });
  }
  return runs;
}

function namesWidth(trace: Trace, of: Explanation, room: Room, products: boolean): number {
  const stages = new Set(of.terms.flatMap(({ factors }) => factors.map(({ stage }) => stage)));
  const titles = [...stages].flatMap((id): string[] => {
    const stage = stageOf(trace, id);
    if (!stage) return [];
    const part = partOf(new FactorsView(stage, [], ""), "left", products ? "×" : "");
    return [titleOf({ ...part, before: readBefore(trace, stage, stageOf(trace, of.stage) as Stage) })];
  });
  const words = [say.between.product, say.between.running, say.between.largest];
  const widest = Math.max(...[...titles, ...words].map((title) => room.titleWidth(title ?? "")));
  return Math.min(room.width / 3, widest + 2 * EDGE);
}

/** Operands side by side with the sign of the operation between them, then the result. */
function operands(trace: Trace, of: Explanation, result: Part, progress: Progress, room: Room): Layout {
  const cells = of.terms.flatMap(({ factors }) => factors);
  const parts = cells.flatMap((cell, n): Part[] => {
    const stage: Stage | undefined = stageOf(trace, cell.stage);
    if (!stage) return [];
    const key = `operand:${n}:${cell.stage}:${cell.index.join()}`;
    const sign = n === 0 ? "" : (OPERATORS[of.op] ?? (factorsOf(of) > 1 ? "×" : ""));
    const before = readBefore(trace, stage, result.view.stage);
    return [{ ...partOf(new FactorsView(stage, [cell], key), "left", sign), before }];
  });
  const { constant } = of;
  if (constant) {
    const view = new ConstantView(result.view.stage, of.index, constant);
    const sign = SIGNS_OF_CONSTANTS[of.op] ?? "";
    parts.push({ ...partOf(view, "between", sign, say.constants[constant.name] ?? constant.name), role: "plain" });
  }
  const all = [...parts, { ...result, sign: parts.length > 0 ? "=" : "" }];
  const rooms = all.map((part) => Math.max(LARGE.width, room.titleWidth(titleOf(part)) + EDGE));
  const gap = 5 * EDGE;
  const total = rooms.reduce((sum, width) => sum + width + gap, -gap);
  const stacked = total > room.width - 2 * EDGE;
  const y = Math.max(LABELS * 2, room.height / 3);
  let x = stacked ? EDGE : Math.max(EDGE, (room.width - total) / 2);
  const boxes = all.map((part, n): Box => {
    const box: Box = {
      part,
      x: stacked ? EDGE : x,
      y: stacked ? LABELS * 2 + n * (LARGE.height + LABELS + EDGE) : y,
      cellWidth: LARGE.width,
      cellHeight: LARGE.height,
      labelWidth: 0,
      rowLabels: "none",
      columnLabels: "none",
      titleRoom: stacked ? room.width - 2 * EDGE : (rooms[n] ?? LARGE.width),
    };
    x += (rooms[n] ?? 0) + gap;
    if (part.place === "result") box.done = (now) => (progress(now) >= 1 ? 1 : 0);
    return box;
  });
  return {
    boxes,
    width: room.width,
    height: room.height,
    numbers: true,
    active: () => ({ row: 0, column: 0 }),
  };
}
