/** How the terms of a cell are set in lines: no line without any, the result beside the last where that can be, and no more than there is room for. */

import { expect, it } from "vitest";
import { createEngine } from "../../www/engine/engine.ts";
import { Course } from "../../www/timeline/course.ts";
import { cellLayout, columnsFor } from "../../www/view/zoom/cell.ts";
import { traceOf } from "./trace-of.ts";

it("no line has more than there is room for, and the last has room for the result if lines of any length have", () => {
  for (let count = 1; count <= 1100; count++)
    for (let most = 8; most <= 40; most++) {
      const columns = columnsFor(count, most);
      expect(columns, `${count} terms, at most ${most}`).toBeLessThanOrEqual(most);
      const room = (columns: number) => columns - 3 > (count - 1) % columns;
      const even = Math.ceil((count + 3) / Math.min(count, Math.ceil((count + 3) / most)));
      const some = Array.from({ length: even - 3 }, (_, n) => n + 4).some(room);
      expect(room(columns), `${count} terms, at most ${most}`).toBe(some);
    }
});

it.each([
  [8, 24],
  [8, 20],
  [10, 7],
])("a sum of %i x %i terms is no higher than the room", async (heads, headDim) => {
  const engine = await createEngine();
  try {
    const trace = await traceOf(engine, { model: "none", text: "dog bites man", heads, headDim });
    const frame = new Course(trace).frame("output", 0);
    const of = await engine.explain(trace, "output", [0, 0]);
    expect(of.terms.length).toBe(heads * headDim);
    for (const numberWidth of [34, 52])
      for (let width = 520; width <= 1300; width += 20)
        for (let height = 300; height <= 900; height += 20) {
          const room = { width, height, labelWidth: 60, numberWidth, titleWidth: (title: string) => 7 * title.length };
          const layout = cellLayout(trace, frame, 0, of, { row: 0, column: 0 }, room);
          expect(layout.height, `in ${width} x ${height}`).toBeLessThanOrEqual(height);
        }
  } finally {
    engine.dispose();
  }
});
