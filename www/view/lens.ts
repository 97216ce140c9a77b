/** Where one looks: how much larger than the room the scene is drawn, and from which point on. */

import type { Box, Layout } from "./layout.ts";

export interface Lens {
  zoom: number;
  x: number;
  y: number;
}

export const WHOLE_SCENE: Lens = { zoom: 1, x: 0, y: 0 };
/** Enough for a cell of 4,096 to become a number that can be read, in a small room too. */
const MAX_ZOOM = 2048;

/** Zooms by `factor`; where that leads is for the layout to say, see `Hold`. */
export function zoomed(lens: Lens, factor: number): Lens {
  return { ...lens, zoom: Math.min(MAX_ZOOM, Math.max(1, lens.zoom * factor)) };
}

/** What is to stay where it is while the lens zooms: a place within a box, in cells, and the point of the room that it is at. */
export interface Hold {
  key: string;
  row: number;
  column: number;
  at: { x: number; y: number };
}

/** The lens from which what is held stands where it stood. Labels and gaps do not grow with the cells, so boxes are asked. */
export function holding(lens: Lens, hold: Hold, boxes: readonly Box[]): Lens {
  const box = boxes.find(({ part }) => part.view.key === hold.key);
  if (!box) return lens;
  const [x, y] = [box.x + hold.column * box.cellWidth, box.y + hold.row * box.cellHeight];
  return { zoom: lens.zoom, x: x - hold.at.x, y: y - hold.at.y };
}

/** Stays within the drawn scene. */
export function bounded(
  lens: Lens,
  room: { width: number; height: number },
  scene: { width: number; height: number },
): Lens {
  if (lens.zoom === 1) return WHOLE_SCENE;
  return {
    zoom: lens.zoom,
    x: Math.min(Math.max(lens.x, 0), Math.max(0, scene.width - room.width)),
    y: Math.min(Math.max(lens.y, 0), Math.max(0, scene.height - room.height)),
  };
}

/** The layout as it is seen from the lens. */
export function moved(scene: Layout, { x, y }: Lens): Layout {
  if (x === 0 && y === 0) return scene;
  const { active, decorate, notes } = scene;
  const boxes = new Map(scene.boxes.map((box) => [box, movedBox(box, x, y)]));
  return {
    ...scene,
    boxes: [...boxes.values()],
    ...(notes && { notes: notes.map((note) => ({ ...note, x: note.x - x, y: note.y - y })) }),
    ...(active && {
      active: (frame) => {
        const at = active(frame);
        return at?.box ? { ...at, box: boxes.get(at.box) as Box } : at;
      },
    }),
    ...(decorate && {
      decorate: (context, picture, shown) => {
        context.save();
        context.translate(-x, -y);
        decorate(context, picture, shown);
        context.restore();
      },
    }),
  };
}

/** A title at the left edge stays there, as the names of rows do. */
function movedBox(box: Box, x: number, y: number): Box {
  const { title } = box;
  const at = { x: box.x - x, y: box.y - y };
  return title
    ? { ...box, ...at, title: { ...title, x: title.x - (title.x > 0 ? x : 0), y: title.y - y } }
    : { ...box, ...at };
}
