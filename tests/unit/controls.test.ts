/** Which settings are offered: those that something depends on. */

import { describe, expect, it } from "vitest";
import type { Context } from "../../www/element/parts/context.ts";
import { controlFields } from "../../www/element/settings/controls.ts";

describe("controlFields", () => {
  const matrix = { shape: [1, 1], data: [1] };
  const first = (mode: string, matrices: object | null) =>
    controlFields({ mode, state: { attention: "self", matrices } } as unknown as Context).first;

  it("offers no seed and no size of a head where own matrices leave nothing to draw", () => {
    expect(first("text", null)).toEqual(expect.arrayContaining(["headDim", "seed"]));
    expect(first("matrices", { x: matrix })).toEqual(expect.arrayContaining(["headDim", "seed"]));
    const whole = [
      { q: matrix, k: matrix, v: matrix },
      { x: matrix, wq: matrix, wk: matrix, wv: matrix },
    ];
    for (const matrices of whole) {
      expect(first("matrices", matrices)).not.toContain("seed");
      expect(first("matrices", matrices)).not.toContain("headDim");
    }
  });
});
