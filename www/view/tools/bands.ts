/** A row and a column that are lit through all matrices of the scene: those of a token. */

import type { Box } from "../layout.ts";
import type { CellsView, Side } from "../matrix-view.ts";
import type { SceneView } from "../scene-view.ts";

/** A token, and the sides that it stands on. */
export interface Place {
  n: number;
  query: boolean;
  key: boolean;
}

/** A row thinner than this could not be seen. */
const LEAST = 3;

export class Bands {
  readonly #view: SceneView;
  readonly #root = document.createElement("div");
  place: Place | undefined;

  constructor(view: SceneView) {
    this.#view = view;
    this.#root.className = "bands";
    this.#root.setAttribute("aria-hidden", "true");
    view.root.append(this.#root);
  }

  drawn(): void {
    const { place } = this;
    this.#root.hidden = !place;
    if (!place) return;
    const bands: HTMLElement[] = [];
    for (const box of this.#view.layout?.boxes ?? []) {
      if (stands(place, box.part.view.rowAxisName)) bands.push(...this.#band(box, "row", place.n));
      if (stands(place, box.part.view.columnAxisName)) bands.push(...this.#band(box, "column", place.n));
    }
    this.#root.replaceChildren(...bands);
  }

  /** As far as it is in sight. */
  #band(box: Box, side: Side, n: number): HTMLElement[] {
    const { view } = box.part;
    const { room } = this.#view;
    const row = side === "row";
    const at = placeIn(view, side, n);
    if (at < 0) return [];
    const [left, right] = row
      ? [box.x, box.x + view.columns * box.cellWidth]
      : [box.x + at * box.cellWidth, box.x + (at + 1) * box.cellWidth];
    const [top, bottom] = row
      ? [box.y + at * box.cellHeight, box.y + (at + 1) * box.cellHeight]
      : [box.y, box.y + view.rows * box.cellHeight];
    if (right < 0 || bottom < 0 || left > room.width || top > room.height) return [];
    const band = document.createElement("i");
    band.className = side;
    const [x, y] = [Math.max(-LEAST, left), Math.max(-LEAST, top)];
    Object.assign(band.style, {
      left: `${x}px`,
      top: `${y}px`,
      width: `${Math.max(LEAST, Math.min(right, room.width + LEAST) - x)}px`,
      height: `${Math.max(LEAST, Math.min(bottom, room.height + LEAST) - y)}px`,
    });
    return [band];
  }
}

/** The row or the column of a view that stands for a place along its axis; -1 where none does. */
export function placeIn(view: CellsView, side: Side, n: number): number {
  const count = side === "row" ? view.rows : view.columns;
  for (let at = 0; at < count; at++) if (view.along(side, at) === n) return at;
  return -1;
}

/** Whether the tokens of an axis are those of a place. */
export const stands = ({ query, key }: Place, axis: string): boolean =>
  axis === "key" ? key : (axis === "query" || axis === "token") && query;
