/** The cells of a matrix as rectangles of the very colours of the canvas; of a large one, as the image that the canvas has. */

import type { Box } from "../../view/layout.ts";
import type { MatrixView } from "../../view/matrix-view.ts";
import { inSight } from "../../view/overlay.ts";
import type { Picture } from "../../view/paint.ts";
import { paintNumbers, scaleOf } from "../../view/palette.ts";
import { partOf } from "../../view/pyramid.ts";
import { drawCells, startFrame } from "../../view/tiles.ts";
import type { SvgContext } from "./svg-context.ts";

/** More cells in sight than this are an image: rectangles would make a file that nothing opens in time. */
export const MOST_RECTANGLES = 20_000;
/** Pixels of such an image for each of the picture. */
const SHARPNESS = 2;

export function svgCells(context: SvgContext, picture: Picture, box: Box, view: MatrixView): boolean {
  const { rows, columns } = inSight(box, context.canvas);
  const part = { row: rows.from, column: columns.from, rows: rows.to - rows.from, columns: columns.to - columns.from };
  if (part.rows <= 0 || part.columns <= 0) return true;
  if (part.rows * part.columns > MOST_RECTANGLES) return imageOf(context, picture, box, view);
  const { trace, palette, shade } = picture;
  const colors = new Uint32Array(part.rows * part.columns);
  paintNumbers(partOf(trace, view, 0, part), scaleOf(trace, view.stage), palette, colors);
  if (shade?.keyFor(view)) shade.fade(view, 0, part, colors);
  const bytes = new Uint8Array(colors.buffer);
  for (let n = 0; n < colors.length; n++) {
    const [row, column] = [part.row + Math.floor(n / part.columns), part.column + (n % part.columns)];
    context.fillStyle = `rgb(${bytes.subarray(4 * n, 4 * n + 3).join(" ")})`;
    context.fillRect(box.x + column * box.cellWidth, box.y + row * box.cellHeight, box.cellWidth, box.cellHeight);
  }
  return true;
}

function imageOf(context: SvgContext, picture: Picture, box: Box, view: MatrixView): boolean {
  const { width, height } = context.canvas;
  const [left, top] = [Math.max(0, box.x), Math.max(0, box.y)];
  const right = Math.min(width, box.x + view.columns * box.cellWidth);
  const bottom = Math.min(height, box.y + view.rows * box.cellHeight);
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil((right - left) * SHARPNESS);
  canvas.height = Math.ceil((bottom - top) * SHARPNESS);
  const own = canvas.getContext("2d") as CanvasRenderingContext2D;
  own.setTransform(SHARPNESS, 0, 0, SHARPNESS, -left * SHARPNESS, -top * SHARPNESS);
  // A part of it is made in each turn, as on the page.
  for (startFrame(); !drawCells(own, picture, box, view); startFrame());
  context.image(canvas.toDataURL(), left, top, right - left, bottom - top);
  return true;
}
