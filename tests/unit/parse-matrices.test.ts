import { describe, expect, it } from "vitest";
import { checkMatrixSet } from "../../www/input/matrices.ts";
import { MatrixError, parseInSlices, parseNow } from "../../www/input/parse-matrices.ts";

const two = { shape: [2, 2], data: [1, -2.5, 3, 4] };

describe("the forms that people have", () => {
  it.each([
    ["CSV", "1,-2.5\n3,4\n"],
    ["TSV", "1\t-2.5\n3\t4"],
    ["semicolons, CRLF", "1;-2.5\r\n3;4\r\n"],
    ["decimal commas", "1;-2,5\n3;4,0"],
    ["spaces", "  1 -2.5\n 3   4"],
    ["a comma after every row", "1,-2.5,\n3,4,\n"],
    ["a semicolon after every row, decimal commas", "1;-2,5;\r\n3;4,0;"],
    ["a tab after every row", "1\t-2.5\t\n3\t4\t"],
    ["rows that are parted by semicolons", "1, -2.5;\n3, 4"],
    ["tabs, rows that end with a semicolon", "1\t-2.5;\n3\t4"],
    ["a tab between the name and the first number", "X =\t1\t-2.5\n3\t4"],
    ["blanks, a row that ends with a comma", "1 -2.5 ,\n3 4"],
    ["rows that are parted by commas", "1 -2.5,\n3 4"],
    ["rows without anything", "\n1,-2.5\n,\n\n3,4\n"],
    ["JSON", "[[1, -2.5], [3, 4]]"],
    ["NumPy print", "[[ 1.  -2.5]\n [ 3.   4. ]]"],
    ["NumPy repr", "array([[ 1. , -2.5],\n       [ 3. ,  4. ]], dtype=float32)"],
    [
      "PyTorch print",
      "tensor([[ 1.0000, -2.5000],\n        [ 3.0000,  4.0000]], device='cuda:0', dtype=torch.float16)",
    ],
    ["PyTorch with grad", "tensor([[ 1., -2.5],\n [ 3.,  4.]], grad_fn=<MmBackward0>)"],
  ])("%s", (_, text) => expect(parseNow(text)).toEqual({ x: two }));

  it("several by name, with the names that people write", () => {
    const text = "W_Q = [[1, -2.5], [3, 4]]\nk:\n1,-2.5\n3,4\nV = tensor([[1., -2.5], [3., 4.]])";
    expect(parseNow(text)).toEqual({ wq: two, k: two, v: two });
  });

  it("a JSON object of matrices", () => {
    expect(parseNow('{"q": [[1, -2.5], [3, 4]], "wk": [[1, -2.5], [3, 4]]}')).toEqual({ q: two, wk: two });
  });

  it("three axes, and a vector", () => {
    expect(parseNow("q = [[[1, 2]], [[3, 4]]]").q?.shape).toEqual([2, 1, 2]);
    expect(parseNow("bq = [1, 2, 3]").bq?.shape).toEqual([3]);
  });

  it("NaN and infinity are kept, and 1e300 is infinite in f32", () => {
    expect(parseNow("[[nan, inf, -inf], [NaN, 1e300, -1e300]]").x?.data).toEqual([
      "NaN",
      "Infinity",
      "-Infinity",
      "NaN",
      "Infinity",
      "-Infinity",
    ]);
  });

  it("rounds to f32", () => expect(parseNow("0.1 0.2").x?.data).toEqual([Math.fround(0.1), Math.fround(0.2)]));
});

describe("what is wrong is said with place, expectation and finding", () => {
  it.each([
    ["", /expected at least one matrix, found no text/],
    ["1,2\n3", /X row 2: expected 2 numbers as in row 1, found 1/],
    ["1,2\n3,abc", /X row 2, column 2: expected a number, found “abc”/],
    ["1,,2", /X row 1, column 2: expected a number, found nothing/],
    [",1,2\n3,4", /X row 1, column 1: expected a number, found nothing/],
    ["3,4\n,1,2", /X row 2, column 1: expected a number, found nothing/],
    [",1,2\n3,4,", /X row 1, column 1: expected a number, found nothing/],
    ["1,2,\n3,4", /X row 1, column 3: expected a number, found nothing/],
    ["1,2\n3,4,", /X row 2, column 3: expected a number, found nothing/],
    ["1,2,\n3,4,5", /X row 1, column 3: expected a number, found nothing/],
    [";1;2\n3;4;", /X row 1, column 1: expected a number, found nothing/],
    ["1;2\n3;4;", /X row 2, column 3: expected a number, found nothing/],
    ["\t1\t2\n3\t4\t", /X row 1, column 1: expected a number, found nothing/],
    ["1\t2\n3\t4\t", /X row 2, column 3: expected a number, found nothing/],
    ["1,2,,\n3,4,,", /X row 1, column 3: expected a number, found nothing/],
    ["q = [[1, 2], [3]]", /Q at \[.*\]: expected 2 entries as in the first, found 1/],
    ["[[1, 2], [3, x]]", /number 4: expected a number, found “x”/],
    ["[[1, 2], 3]", /X/],
    ["[[1, 2], [3, 4]", /expected 1 more “\]”/],
    ["[[1, ..., 2]]", /printed in short/],
    ["[[]]", /expected numbers, found an empty list/],
    ["[[1]] hello", /expected the end of the matrix, found “hello”/],
    ["foo = [[1]]", /one of the names .* found “foo”/],
    ["constructor = [[1]]", /one of the names .* found “constructor”/],
    ["q = [[1]]\nQ = [[2]]", /Q: expected one matrix of that name/],
    ["1.2.3", /expected a number/],
    ["0x10", /expected a number/],
  ])("%j", (text, message) => {
    expect(() => parseNow(text)).toThrow(MatrixError);
    expect(() => parseNow(text)).toThrow(message);
  });
});

describe("checkMatrixSet", () => {
  it.each([
    [{ x: two }, undefined],
    [{ x: { shape: [2, 2], data: [1, 2, 3] } }, /expected 4 numbers, found 3/],
    [{ x: { shape: [2, -2], data: [] } }, /shape of positive/],
    [{ x: { shape: [1], data: ["<script>"] } }, /expected numbers/],
    [{ toString: two }, /expected one of/],
    [[], /object/],
    [{ tokens: [1] }, /list of texts/],
  ])("%j", (value, message) => {
    const found = checkMatrixSet(value);
    if (message === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(message);
  });
});

it("a large paste is read in slices: other work goes on between them", async () => {
  const row = Array.from({ length: 512 }, (_, n) => (n * 0.37).toFixed(6)).join(",");
  const text = Array.from({ length: 512 }, () => row).join("\n");
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const set = await parseInSlices(text);
  clearInterval(timer);
  expect(set.x?.shape).toEqual([512, 512]);
  expect(turns).toBeGreaterThan(2);
});
