/** How the terms of a cell are set in lines: no line without any, and the result beside the last where that can be. */

import { expect, it } from "vitest";
import { columnsFor } from "../../www/view/zoom/cell.ts";

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
