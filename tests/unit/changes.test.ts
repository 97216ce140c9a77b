/** What the reader has changed, as text and back. */

import { describe, expect, it } from "vitest";
import { editsFrom, editsToText, maskFrom } from "../../www/input/changes.ts";
import { modelOf } from "../../www/state/choice.ts";
import { parseField, parseQuery, toQuery } from "../../www/state/codec.ts";
import { defaultState } from "../../www/state/fields.ts";

const TEXT = "scores,1,8,6=-7.5_row_max,0,*=3e-7_value,*,5,*=0_masked,0,0,1=-inf";

describe("edits", () => {
  it("read stage, places and value, names with an underscore among them", () => {
    expect(editsFrom(TEXT)).toEqual([
      { stage: "scores", index: [1, 8, 6], value: -7.5 },
      { stage: "row_max", index: [0, -1], value: 3e-7 },
      { stage: "value", index: [-1, 5, -1], value: 0 },
      { stage: "masked", index: [0, 0, 1], value: Number.NEGATIVE_INFINITY },
    ]);
    expect(editsFrom("")).toEqual([]);
  });

  it("are written as they are read, whatever the number", () => {
    expect(editsToText(editsFrom(TEXT))).toBe(TEXT);
    for (const value of [0, -0.1, 1e30, -1e-30, 0.30000001192092896, Infinity, 16777216, 3.4028234663852886e38]) {
      const text = editsToText([{ stage: "w_query", index: [0, 1], value }]);
      expect(parseField("edits", text), text).toBe(text);
      expect(editsFrom(text)[0]?.value).toBe(value);
    }
  });

  it.each([
    "scores",
    "scores,1",
    "scores=1",
    "scores,1,2=",
    "scores,1,2=x",
    "scores,-1,2=1",
    "scores,1,2=1_",
    "Scores,1=1",
  ])("%s: refused", (text) => {
    expect(parseField("edits", text)).toBeUndefined();
  });

  it("stand in a link, and leave the model as it is", () => {
    const state = { ...defaultState(), edits: TEXT };
    expect(parseQuery(toQuery(state)).values.edits).toBe(TEXT);
    expect(modelOf(state)).toBe(modelOf(defaultState()));
    expect(modelOf({ ...state, mask: "*-5" }), "a mask alone means an untrained run").toBe("");
    expect(modelOf({ ...state, mask: "*-5", model: "pronoun" })).toBe("pronoun");
  });
});

describe("masks", () => {
  it("hide pairs, or a key from every query", () => {
    expect(Array.from(maskFrom("0-1_*-2", 2, 3).data)).toEqual([1, 0, 0, 1, 1, 0]);
    expect(maskFrom("*-2", 2, 3).shape).toEqual([2, 3]);
  });

  it("beyond the last query or key hide nothing", () => {
    expect(Array.from(maskFrom("5-0_*-7_1-9", 2, 2).data)).toEqual([1, 1, 1, 1]);
  });
});
