import { expect, test } from "vitest";
import { madeUpNumbers } from "./truth.mjs";

test.each([
  "const x = Math.random();",
  'const x = Math["random"]();',
  "const { random } = Math;",
  "crypto.getRandomValues(bytes);",
  "const m = [[1, -2.5], [3, 4]];",
  "const m: number[][] = [\n  [1],\n];",
  "const m = [[1, 2] as const];",
  "const t = new Float32Array([1, 2]);",
  "const t = Float32Array.of(1, 2);",
  "const t = Float32Array.from([1]);",
])("%s is made up", (source) => {
  expect(madeUpNumbers(source)).toHaveLength(1);
});

test.each([
  "// Math.random(), [[1, 2]]",
  'const hint = "[[1, 2], [3, 4]]";',
  "const shape = [2, 3];",
  "const stops = [[0, white], [1, black]];",
  "const x = Math.floor(y);",
  "const t = new Float32Array(8);",
  "const t = Float32Array.from(row);",
  "const rows: [number, number][] = [[a, b]];",
])("%s is fine", (source) => {
  expect(madeUpNumbers(source)).toEqual([]);
});

test("says where", () => {
  expect(madeUpNumbers("\n\nlet x = Math.random();")[0]).toEqual({
    line: 3,
    text: "Math.random",
    reason: "a random number",
  });
});
