import { describe, expect, it } from "vitest";
import { formatCell, formatFull, formatPercent, shortest } from "../../www/view/format.ts";

const parse = (text: string) => Number(text.replace("−", "-").replace("e−", "e-"));

describe("formatCell", () => {
  it.each([
    [0, "0"],
    [-0, "0"],
    [1, "1.00"],
    [-0.1234, "−0.123"],
    [12.345, "12.3"],
    [999.6, "1000"],
    [12345, "12345"],
    [1e30, "1e30"],
    [-2.5e-7, "−2.5e−7"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "∞"],
    [Number.NEGATIVE_INFINITY, "−∞"],
  ])("%d is %s", (value, text) => expect(formatCell(value)).toBe(text));

  it("never says -0.00, and stays within 7 characters and its printed precision", () => {
    for (let n = -400; n <= 400; n++) {
      const value = Math.sign(n || 1) * 10 ** (n / 12);
      const text = formatCell(value);
      expect(text).not.toMatch(/^−0(\.0*)?$/);
      expect(text.length).toBeLessThanOrEqual(7);
      const digits = Math.abs(value) >= 1e10 || Math.abs(value) < 1e-9 ? 0.5 : 0.05;
      expect(Math.abs(parse(text) - value)).toBeLessThanOrEqual(Math.abs(value) * digits + 1e-12);
    }
  });
});

describe("formatCell where there is little room", () => {
  const within = (most: number) => (text: string) => text.length <= most;

  it.each([
    [-0.0123, 7, "−0.0123"],
    [-0.0123, 6, "−0.012"],
    [-0.0123, 5, "−0.01"],
    [-0.456, 5, "−0.46"],
    [0.0996, 4, "0.10"],
    [0.996, 3, "1.0"],
    [123.4, 2, "1e2"],
    [-1234, 4, "−1e3"],
    [99_999, 3, "1e5"],
    [-0.005_12, 5, "−5e−3"],
    [-0.005_12, 4, "≈0"],
    [3e-12, 4, "≈0"],
    [-1e30, 5, "−1e30"],
    [0, 1, "0"],
    [Number.NEGATIVE_INFINITY, 2, "−∞"],
  ])("%d within %d characters is %s", (value, most, text) => expect(formatCell(value, within(most))).toBe(text));

  it("finds a form of five characters for every f32, true at its printed precision", () => {
    for (let n = -456; n <= 456; n++) {
      const value = Math.fround(Math.sign(n || 1) * 1.2345 * 10 ** (n / 12));
      if (!Number.isFinite(value)) continue;
      const text = formatCell(value, within(5));
      expect(text.length, `${value} as ${text}`).toBeLessThanOrEqual(5);
      if (text === "≈0") expect(Math.abs(value)).toBeLessThan(0.01);
      else expect(Math.abs(parse(text) - value)).toBeLessThanOrEqual(Math.abs(value) * 0.5);
      expect(text).not.toMatch(/^−?0(\.0*)?$/);
    }
  });
});

describe("formatFull", () => {
  it("names the f32 exactly, in the fewest digits", () => {
    for (let n = 1; n < 3000; n++) {
      const value = Math.fround(Math.sin(n) * 10 ** ((n % 60) - 30));
      expect(Math.fround(Number(shortest(value)))).toBe(value);
    }
    expect(formatFull(Math.fround(0.1))).toBe("0.1");
    expect(formatFull(Math.fround(-1 / 3))).toBe("−0.33333334");
  });
});

describe("formatPercent", () => {
  it.each([
    [0, "0 %"],
    [0.00001, "<0.1 %"],
    [0.0449, "4.5 %"],
    [0.74, "74 %"],
    [1, "100 %"],
    [0.994, "99 %"],
    [0.995, "99.5 %"],
    [0.998, "99.8 %"],
    [0.99999, ">99.9 %"],
    [-0.99999, "<−99.9 %"],
    [1.002, "100 %"],
    [-0.5, "−50 %"],
    [-0.00001, ">−0.1 %"],
    [1e20, "1e22 %"],
    [Number.NaN, "NaN"],
  ])("%d is %s", (value, text) => expect(formatPercent(value)).toBe(text));
});
