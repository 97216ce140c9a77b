/** Where one looks: how much larger than the room the scene is drawn, and from which point on. Pure arithmetic. */

export interface Lens {
  zoom: number;
  x: number;
  y: number;
}

export const WHOLE_SCENE: Lens = { zoom: 1, x: 0, y: 0 };
/** Enough for a cell of 4,096 to become a number that can be read. */
const MAX_ZOOM = 256;

/** Zooms by `factor` and keeps what lies under the point where it is. */
export function zoomed(lens: Lens, factor: number, at: { x: number; y: number }): Lens {
  const zoom = Math.min(MAX_ZOOM, Math.max(1, lens.zoom * factor));
  const ratio = zoom / lens.zoom;
  return { zoom, x: (lens.x + at.x) * ratio - at.x, y: (lens.y + at.y) * ratio - at.y };
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
