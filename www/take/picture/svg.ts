/** The scene on show as an SVG: vectors and text, built by the painter of the page. */

import { type Picture, paint } from "../../view/paint.ts";
import type { SceneView } from "../../view/scene-view.ts";
import { FAMILY } from "../../view/text-width.ts";
import { svgCells } from "./cells.ts";
import { SvgContext, tag, xml } from "./svg-context.ts";
import { type Word, wordsOf } from "./words.ts";

/** Around a scene that is shown whole. */
const MARGIN = 8;

export interface SvgPicture {
  text: string;
  width: number;
  height: number;
}

/** `page`: the colour behind it all. */
export function svgOf({ root, input, layout, room, shade, lens }: SceneView, page: string): SvgPicture {
  if (!input || !layout) throw new Error("toBlob: expected a scene, found none");
  const { trace, frame, token, palette } = input;
  const whole = lens.zoom === 1;
  const width = Math.ceil(whole ? Math.min(room.width, layout.width) : room.width);
  const height = Math.ceil(whole ? Math.min(room.height, layout.height) : room.height);
  const size = { width, height };
  const context = new SvgContext(width, height);
  const picture: Picture = {
    ...input,
    layout,
    before: undefined,
    motion: undefined,
    shade,
    cells: (_, __, box, view) => svgCells(context, picture, box, view),
  };
  paint(context as unknown as CanvasRenderingContext2D, picture);
  const words = wordsOf({ trace, layout, frame, token, palette, room: size });
  const margin = whole ? MARGIN : 0;
  const outer = { width: width + 2 * margin, height: height + 2 * margin };
  const viewBox = [-margin, -margin, outer.width, outer.height].join(" ");
  const written = words.map(wordElement);
  const shapes = [
    tag("rect", { x: -margin, y: -margin, ...outer, fill: page }),
    ...context.partsNamed(digest([page, ...context.parts, ...written].join("\n"))).filter(Boolean),
    ...written,
  ];
  // As on the page: what tells its numbers from those of now.
  const { of } = root.dataset;
  const named = { "font-family": FAMILY, ...(of && { "data-of": of }) };
  const about = { xmlns: "http://www.w3.org/2000/svg", ...outer, viewBox, ...named };
  return { text: tag("svg", about, shapes.join("\n")), ...outer };
}

/** FNV-1a: short, and another one for another picture. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193);
  return (hash >>> 0).toString(36);
}

function wordElement({ text, x, y, anchor, size, weight, color, spacing, upright, subscripts, data }: Word): string {
  const named = Object.fromEntries(Object.entries(data).map(([name, value]) => [`data-${name}`, value]));
  const attributes = {
    x: x.toFixed(2),
    y: y.toFixed(2),
    ...(upright && { transform: `rotate(-90 ${x.toFixed(2)} ${y.toFixed(2)})` }),
    "font-size": size,
    fill: color,
    ...(anchor !== "start" && { "text-anchor": anchor }),
    ...(weight !== 400 && { "font-weight": weight }),
    ...(spacing !== 0 && { "letter-spacing": `${spacing}em`, style: "font-variant-numeric: tabular-nums" }),
    ...named,
  };
  return tag("text", attributes, subscripts ? lowered(text, size) : xml(text));
}

/** W_Q is W with Q below. */
function lowered(text: string, size: number): string {
  const drop = size / 5;
  const pieces = text.split(/_(\w)/);
  return pieces
    .map((piece, n) => {
      if (n % 2 === 1) return tag("tspan", { dy: drop, "font-size": size * 0.8 }, xml(piece));
      return n > 0 && piece ? tag("tspan", { dy: -drop }, xml(piece)) : xml(piece);
    })
    .join("");
}
