/** From the strokes of a pointer to the image of 8 x 8 pixels that the model reads, as the training did it (training/src/digits/strokes.rs). */

import type { Tensor } from "../engine/types.ts";
import type { Stroke } from "./data.ts";

/** Cells of the fine grid along a side: each of the 8 x 8 pixels counts the ink of 4 x 4 cells. */
const FINE = 32;
export const SIDE = 8;
/** The radius of the pen, in cells. */
const PEN = 2.4;
/** The widest ink, in cells. */
const WIDEST = 26;
/** A line that lies is not stretched to a wall: no scale is larger than if the height were this share of the width. */
const FLATTEST = 0.25;
export const MOST_INK = 16;

/**
 * The box around all points is scaled so that the ink fills the 32 rows, squeezed in x if it is wider than 26 cells, and
 * put into the middle. A cell has ink if its centre is no further than the pen's radius from a stroke.
 *
 * Shapes: stroke, point, (x, y) -> 64 digits of base 17, row by row.
 */
export function rasterise(strokes: readonly Stroke[]): string {
  const range = (axis: 0 | 1) => {
    const values = strokes.flatMap((stroke) => stroke.map((point) => point[axis]));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return { size: high - low, middle: (high + low) / 2 };
  };
  const [x, y] = [range(0), range(1)];
  const extent = Math.max(y.size, x.size * FLATTEST);
  const scaleY = extent > 0 ? (FINE - 2 * PEN) / extent : 0;
  const scaleX = x.size > 0 ? Math.min(scaleY, (WIDEST - 2 * PEN) / x.size) : scaleY;
  const placed = strokes.map((stroke) =>
    stroke.map((point): [number, number] => [
      (point[0] - x.middle) * scaleX + FINE / 2,
      (point[1] - y.middle) * scaleY + FINE / 2,
    ]),
  );
  const ink = new Array<number>(SIDE * SIDE).fill(0);
  for (let row = 0; row < FINE; row++) {
    for (let column = 0; column < FINE; column++) {
      const inked = placed.some((stroke) =>
        stroke.some((from, n) => distance([column + 0.5, row + 0.5], from, stroke[n + 1] ?? from) <= PEN),
      );
      const pixel = Math.floor(row / 4) * SIDE + Math.floor(column / 4);
      if (inked) ink[pixel] = (ink[pixel] ?? 0) + 1;
    }
  }
  return toDrawing(ink);
}

/** From a point to the nearest point of a line between two others. */
function distance(point: [number, number], from: [number, number], to: [number, number]): number {
  const along = [to[0] - from[0], to[1] - from[1]] as const;
  const away = [point[0] - from[0], point[1] - from[1]] as const;
  const length = along[0] * along[0] + along[1] * along[1];
  const part = length > 0 ? Math.min(1, Math.max(0, (away[0] * along[0] + away[1] * along[1]) / length)) : 0;
  return Math.hypot(away[0] - part * along[0], away[1] - part * along[1]);
}

export const toDrawing = (ink: readonly number[]): string => ink.map((value) => value.toString(17)).join("");
export const inkOf = (drawing: string): number[] => [...drawing].map((digit) => Number.parseInt(digit, 17));

/** As the model wants them: ink / 8 - 1. */
export function pixelsOf(drawing: string): Tensor {
  return { shape: [1, SIDE, SIDE], data: Float32Array.from(inkOf(drawing), (ink) => ink / 8 - 1) };
}
