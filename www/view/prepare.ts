/** What a large trace needs before it is drawn, worked out in slices, so that the page stays alive meanwhile. */

import type { Stage, Trace } from "../engine/types.ts";
import { hasHeads } from "../trace/cells.ts";
import { MatrixView } from "./matrix-view.ts";
import { keepScale } from "./palette.ts";
import { keptLevel } from "./pyramid.ts";

/** A stage with more cells than this is prepared; a smaller one is read in a moment when it is needed. */
const LARGE = 100_000;
/** Half a frame: what the reader does comes between two slices. */
const SLICE_MS = 8;

export async function prepare(trace: Trace): Promise<void> {
  let end = performance.now() + SLICE_MS;
  let large = false;
  for (const stage of trace.stages) {
    if (stage.shape.reduce((a, b) => a * b, 1) <= LARGE || stage.shape.length - Number(hasHeads(stage)) !== 2) continue;
    large = true;
    let largest = 0;
    let holes = false;
    for (const view of slicesOf(stage)) {
      const kept = keptLevel(trace, view);
      while (kept.next(trace, view)) {
        if (performance.now() < end) continue;
        await turn();
        end = performance.now() + SLICE_MS;
      }
      holes ||= kept.holes;
      for (const value of kept.numbers.data) largest = Math.max(largest, Math.abs(value) || 0);
    }
    keepScale(trace, stage, largest, holes);
  }
  if (large) await turn();
}

/** Every head's matrix, or the whole stage where it has no heads. */
function slicesOf(stage: Stage): MatrixView[] {
  const first = hasHeads(stage) ? 1 : 0;
  const [rows = 1, columns = 1] = stage.shape.slice(first);
  return Array.from({ length: first === 1 ? (stage.shape[0] ?? 1) : 1 }, (_, head) => {
    const origin = first === 1 ? [head, 0, 0] : [0, 0];
    return new MatrixView(stage, { origin, rowAxis: first, columnAxis: first + 1, rows, columns });
  });
}

/** Lets everything else have its turn. Timers would wait longer and longer. */
export function turn(): Promise<void> {
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });
}
