/** The closer zooms of a stage, one row and one cell: loaded with the first that is on show. */

import type { Explanation, Trace } from "../../engine/types.ts";
import type { Frame } from "../../timeline/course.ts";
import type { Layout, Room } from "../layout.ts";
import type { Place } from "../matrix-view.ts";
import { cellLayout } from "./cell.ts";
import { rowLayout } from "./row.ts";

export { MOTION_SECONDS, motionBetween } from "./motion.ts";

export interface Closer {
  zoom: "row" | "cell";
  at: Place;
  /** Of the cell: what is not explained yet is not shown yet. */
  explanation: Explanation | undefined;
}

/** Undefined where the explanation of the cell is still to come. */
export function closerLayout(
  trace: Trace,
  frame: Frame,
  head: number,
  closer: Closer,
  room: Room,
  note: string,
): Layout | undefined {
  const { zoom, at, explanation } = closer;
  if (!explanation) return undefined;
  if (zoom === "row") return rowLayout(trace, frame, head, at.row, explanation, room, note);
  return cellLayout(trace, frame, head, explanation, at, room);
}
