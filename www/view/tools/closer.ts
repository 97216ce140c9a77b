/** Bringing cells into sight, and to a size at which they can be read. */

import type { Box } from "../layout.ts";
import type { SceneView } from "../scene-view.ts";

/** Labels and gaps do not grow with the cells: what the lens gives is measured, and mended. */
const TRIES = 4;

/** Closer about a point until the cells of a matrix have at least this size. */
export function closer(
  view: SceneView,
  { part: { view: matrix } }: Box,
  { width, height }: { width: number; height: number },
  at?: { x: number; y: number },
): void {
  for (let n = 0; n < TRIES; n++) {
    const box = view.layout?.boxes.find(({ part }) => part.view.key === matrix.key);
    const { cellWidth = width, cellHeight = height } = box ?? {};
    const factor = Math.max(width / cellWidth, height / cellHeight);
    if (factor > 1) view.zoom(factor, at);
  }
}

/** Takes the lens to where a place of a box, in cells, stands in the middle of the scene. */
export function centre(view: SceneView, box: Box, row: number, column: number): void {
  const { lens, room } = view;
  const [x, y] = [box.x + column * box.cellWidth, box.y + row * box.cellHeight];
  view.look({ ...lens, x: lens.x + x - room.width / 2, y: lens.y + y - room.height / 2 });
}

export const resultOf = (view: SceneView): Box | undefined =>
  view.layout?.boxes.find(({ part }) => part.place === "result");
