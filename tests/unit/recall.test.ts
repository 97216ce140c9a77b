/** Sequences for the networks that remember: read, and refused in words. */

import { expect, it } from "vitest";
import { readSequence } from "../../www/recall/sequence.ts";

it("reads letters with digits, and a flag", () => {
  expect(readSequence("q7 b2  Q?")).toEqual({
    task: "pairs",
    tokens: [
      [17, 8],
      [2, 3],
      [17, 11],
    ],
    words: ["q7", "b2", "q?"],
  });
  expect(readSequence("k 3 ! 0 ?")).toMatchObject({
    task: "flag",
    tokens: [
      [11, 0],
      [0, 4],
      [27, 0],
      [0, 1],
      [0, 11],
    ],
  });
});

it.each([
  ["", "nothing"],
  ["q7 b2", "“b2”"],
  ["q7 dog q?", "“dog” (word 2)"],
  ["q77 q?", "“q77” (word 1)"],
])("refuses “%s” by what it found", (text, found) => {
  expect(() => readSequence(text)).toThrow(expect.objectContaining({ code: "text", found }));
});
