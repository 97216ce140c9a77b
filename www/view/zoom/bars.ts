/** Bars: the numbers of a row as heights over a line at zero. What is under way lies between its number before and its number now. */

import type { Trace } from "../../engine/types.ts";
import type { Frame } from "../../timeline/course.ts";
import { type Box, doneOf } from "../layout.ts";
import type { CellsView } from "../matrix-view.ts";
import type { Picture } from "../paint.ts";
import { css, type Palette, type Scale, scaleOf } from "../palette.ts";

/** Where bars stand. */
export interface Band {
  box: Box;
  y: number;
  height: number;
  /** The numbers that those of the box are made of, column by column, if there are such. */
  before?: CellsView | undefined;
  /** Each bar begins where the one before it ends: a sum piles up. */
  piling?: CellsView | undefined;
}

const scaleFor = (trace: Trace, view: CellsView): Scale => view.scale ?? scaleOf(trace, view.stage);

/** Of the height, from -1 to 1; what is no finite number has no bar. */
function share(trace: Trace, view: CellsView, column: number): number | undefined {
  const value = view.value(trace, 0, column);
  const { end } = scaleFor(trace, view);
  return Number.isFinite(value) && end > 0 ? value / end : undefined;
}

/** From the lowest to the highest of all that a band shows, zero among them. */
function reach(trace: Trace, views: (CellsView | undefined)[]): { low: number; high: number } {
  let [low, high] = [0, 0];
  for (const view of views) {
    for (let column = 0; view && column < view.columns; column++) {
      const at = share(trace, view, column) ?? 0;
      [low, high] = [Math.min(low, at), Math.max(high, at)];
    }
  }
  return low === high ? { low: 0, high: 1 } : { low, high };
}

export function paintBars(
  context: CanvasRenderingContext2D,
  { trace, frame, palette, still }: Picture,
  band: Band,
): void {
  const { box, y, height, before, piling } = band;
  const { view } = box.part;
  const { low, high } = reach(trace, [view, before, piling]);
  const at = (part: number) => y + ((high - part) / (high - low)) * height;
  const done = doneOf(box, frame);
  const moving = still ? 0 : partUnderWay(frame, done);
  const shares = scaleFor(trace, view).kind === "positive";
  const gap = Math.min(3, box.cellWidth / 6);
  for (let column = 0; column < view.columns; column++) {
    const from = (before && share(trace, before, column)) ?? 0;
    const to = share(trace, view, column);
    const progress = column < done ? 1 : column === done ? moving : 0;
    const [left, width] = [box.x + column * box.cellWidth + gap, box.cellWidth - 2 * gap];
    const base = piling ? at(share(trace, piling, column - 1) ?? 0) : at(0);
    const top = piling
      ? base + (at(share(trace, piling, column) ?? 0) - base) * progress
      : at(between(from, to, progress));
    if (progress === 0 && !before) continue;
    if (to === undefined && progress === 1) continue;
    paintBar(
      context,
      { left, width, top, base, value: piling ? base - top : between(from, to, progress), shares },
      progress > 0,
      palette,
    );
  }
  context.strokeStyle = palette.accents.plain ?? palette.lit;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(box.x, Math.round(at(0)) + 0.5);
  context.lineTo(box.x + view.columns * box.cellWidth, Math.round(at(0)) + 0.5);
  context.stroke();
}

const between = (from: number, to: number | undefined, progress: number) => from + ((to ?? 0) - from) * progress;

const partUnderWay = (frame: Frame, done: number) => (frame.progress < 1 && Number.isFinite(done) ? frame.progress : 0);

interface Bar {
  left: number;
  width: number;
  top: number;
  base: number;
  value: number;
  /** Of a stage that is never negative: in ink, as its cells are. */
  shares: boolean;
}

/** Filled where it is computed; only drawn around where it is still the number before. */
function paintBar(context: CanvasRenderingContext2D, bar: Bar, computed: boolean, palette: Palette): void {
  const color = css(bar.shares ? palette.ink : bar.value < 0 ? palette.negative : palette.positive);
  const [y, height] = [Math.min(bar.top, bar.base), Math.max(1, Math.abs(bar.base - bar.top))];
  if (computed) {
    context.fillStyle = color;
    context.fillRect(bar.left, y, bar.width, height);
  } else {
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.strokeRect(bar.left + 0.5, y + 0.5, Math.max(1, bar.width - 1), Math.max(1, height - 1));
  }
}
