/** What has become of a number: now, before, and the one less the other. */

import type { Stage, Trace } from "../../engine/types.ts";
import { change as text } from "../../text/change.ts";
import { stageOf, valueAt } from "../../trace/cells.ts";
import { keepScale } from "../../view/palette.ts";
import type { Context } from "../parts/context.ts";
import { before } from "./runs.ts";

export const sizeOf = (stage: Stage): number => stage.shape.reduce((a, b) => a * b, 1);

export const cellsOf = (trace: Trace, stage: Stage): Float32Array =>
  trace.data.subarray(stage.offset, stage.offset + sizeOf(stage));

/** A hidden score that stays hidden has not moved. */
const less = (now: number, then: number) => (now === then ? 0 : Math.fround(now - then));

export interface Compared {
  before: number;
  now: number;
  difference: number;
}

/** Undefined where the trace before had no such cell. */
export function compared(trace: Trace, then: Trace, id: string, index: readonly number[]): Compared | undefined {
  const [own, other] = [stageOf(trace, id), stageOf(then, id)];
  if (!own || other?.shape.join() !== own.shape.join()) return undefined;
  const [now, was] = [valueAt(trace, own, index), valueAt(then, other, index)];
  return { before: was, now, difference: less(now, was) };
}

/** More numbers than this are not copied for a picture. */
const MOST = 24_000_000;

interface Made {
  then: Trace;
  stage: string;
  show: string;
  trace: Trace;
}
const made = new WeakMap<Trace, Made>();

/** The trace with the stage on show as it was, or as the difference. Its operands stay what they are now. */
export function pictured(context: Context): Trace | undefined {
  const { trace, frame, state } = context;
  const stage = frame?.segment.stage;
  if (!trace || !stage || state.show === "now" || trace.data.length > MOST) return undefined;
  const then = before(context);
  const other = then && stageOf(then, stage.id);
  if (!then || other?.shape.join() !== stage.shape.join()) return undefined;
  const known = made.get(trace);
  if (known && known.then === then && known.stage === stage.id && known.show === state.show) return known.trace;
  const data = Float32Array.from(trace.data);
  const [now, was] = [cellsOf(trace, stage), cellsOf(then, other)];
  const difference = state.show === "difference";
  data.set(difference ? now.map((value, n) => less(value, was[n] ?? Number.NaN)) : was, stage.offset);
  const picture = { ...trace, data };
  if (difference) {
    const sizes = cellsOf(picture, stage).map(Math.abs).filter(Number.isFinite);
    const end = sizes.reduce((a, b) => Math.max(a, b), 0);
    keepScale(picture, stage, end, sizes.length < now.length, "signed");
  }
  made.set(trace, { then, stage: stage.id, show: state.show, trace: picture });
  return picture;
}

/** What tells the numbers of a picture from those of now. */
export const noteOf = (context: Context): string => (pictured(context) ? (text.shows[context.state.show] ?? "") : "");

/** How far a token's row of the output moved: the length of the difference over the length before. */
export interface Moved {
  part: number;
  whole: number;
  ratio: number;
}

/** The last stage: the output, or, without a projection, the joined heads. */
export const outputOf = (trace: Trace): Stage | undefined => stageOf(trace, "output") ?? stageOf(trace, "concat");

export function moved(trace: Trace, then: Trace, token: number): Moved | undefined {
  const [own, other] = [outputOf(trace), outputOf(then)];
  if (!own || own.shape.join() !== other?.shape.join()) return undefined;
  const width = own.shape[1] ?? 1;
  let [part, whole] = [0, 0];
  for (let n = token * width; n < (token + 1) * width; n++) {
    const [now, was] = [trace.data[own.offset + n] ?? Number.NaN, then.data[other.offset + n] ?? Number.NaN];
    part += (now - was) ** 2;
    whole += was ** 2;
  }
  [part, whole] = [Math.sqrt(part), Math.sqrt(whole)];
  return { part, whole, ratio: part === 0 ? 0 : part / whole };
}
