/** A film of the course: its frames one by one, so that the page stays alive, until all are there or the reader has enough. */

import type { Trace } from "../../engine/types.ts";
import { turn } from "../../view/prepare.ts";
import type { SceneView } from "../../view/scene-view.ts";
import { type Ask, FilmPainter } from "./painter.ts";
import type { Reach } from "./plan.ts";

export type { Reach } from "./plan.ts";
export type FilmKind = "gif" | "video";

/** Frames a second, the most frames, and pixels for each of the page. Hundredths of a second are all the time that a GIF knows. */
const KINDS = {
  gif: { rate: 12.5, most: 500, ratio: 1 },
  video: { rate: 30, most: 3600, ratio: 2 },
};

export interface FilmFacts {
  frames: number;
  width: number;
  height: number;
  seconds: number;
  /** How much faster it runs than the course at speed 1. */
  speed: number;
}

const never: Ask = () => Promise.reject(new Error("film: nothing is asked before it is made"));

/** What a film will be, before it is made. */
export function factsOf(view: SceneView, trace: Trace, kind: FilmKind, reach: Reach): FilmFacts {
  const { rate, ratio } = KINDS[kind];
  const { plan, width, height } = new FilmPainter(view, trace, reach, KINDS[kind], never);
  const frames = plan.times.length;
  return { frames, width: width * ratio, height: height * ratio, seconds: frames / rate, speed: plan.speed };
}

export interface Making {
  ask: Ask;
  signal: AbortSignal;
  progress(done: number, all: number): void;
}

/** Undefined where this browser encodes no video. Rejects with the reason of the signal. */
export async function film(
  view: SceneView,
  trace: Trace,
  kind: FilmKind,
  reach: Reach,
  making: Making,
): Promise<Blob | undefined> {
  const { rate, ratio } = KINDS[kind];
  const painter = new FilmPainter(view, trace, reach, KINDS[kind], making.ask);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [painter.width * ratio, painter.height * ratio];
  const context = canvas.getContext("2d", { willReadFrequently: kind === "gif" }) as CanvasRenderingContext2D;
  const encoder = kind === "gif" ? await gifOf(context, rate) : await videoOf(canvas, rate);
  if (!encoder) return undefined;
  const { times } = painter.plan;
  try {
    for (const [n, time] of times.entries()) {
      making.signal.throwIfAborted();
      await painter.draw(context, time, ratio);
      await encoder.add();
      making.progress(n + 1, times.length);
      await turn();
    }
    return await encoder.finish();
  } catch (error) {
    await encoder.cancel();
    throw error;
  }
}

async function gifOf(context: CanvasRenderingContext2D, rate: number) {
  const { Gif } = await import("./gif.ts");
  const gif = new Gif(rate);
  return { add: async () => gif.add(context), finish: async () => gif.finish(), cancel: async () => undefined };
}

async function videoOf(canvas: HTMLCanvasElement, rate: number) {
  if (!("VideoEncoder" in globalThis)) return undefined;
  return (await import("./video.ts")).startVideo(canvas, rate);
}
