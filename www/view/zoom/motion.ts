/** From one zoom to another, in one motion: what is on show before and after moves from the one place to the other. */

import type { Box, Layout } from "../layout.ts";
import type { Motion, Spot } from "../paint.ts";

export const MOTION_SECONDS = 0.45;

/** Where the cells of `box` stand in `other`, if some of them do: its first one is sought, or the other's first one in it. */
function spotIn(box: Box, other: Layout): Spot | undefined {
  const { view } = box.part;
  const first = view.index(0, 0);
  for (const candidate of other.boxes) {
    const { cellWidth, cellHeight, x, y } = candidate;
    const there = candidate.part.view.locate(view.stage.id, first);
    if (there) return { x: x + there.column * cellWidth, y: y + there.row * cellHeight, cellWidth, cellHeight };
    const here = view.locate(candidate.part.view.stage.id, candidate.part.view.index(0, 0));
    if (here) return { x: x - here.column * cellWidth, y: y - here.row * cellHeight, cellWidth, cellHeight };
  }
  return undefined;
}

export function motionBetween(before: Layout, after: Layout, progress: number): Motion {
  const name = ({ part: { view } }: Box) => `${view.key}/${view.rows}`;
  const kept = new Set(after.boxes.map(name));
  const leaving = before.boxes.filter((box) => !kept.has(name(box)));
  return {
    progress,
    origin: (box) => spotIn(box, before),
    leaving: leaving.map((box) => ({ box, to: spotIn(box, after) })),
  };
}
