import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Pace, type Told } from "../../www/element/pace.ts";
import type { Explanation } from "../../www/engine/types.ts";
import type { Frame, Segment } from "../../www/timeline/course.ts";

const segment = {} as Segment;
const frame = (column: number, of = segment): Frame =>
  ({ segment: of, active: { row: 0, column }, cells: column }) as Frame;
const told = (column: number, of = segment, explanation?: Explanation): Told => ({
  frame: frame(column, of),
  explanation,
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("of cells that pass by in every frame, one is told of now and then, and the last once it stands", () => {
  let asked = 0;
  const pace = new Pace(() => asked++);
  const seen = new Set<number>();
  let last = told(0);
  for (let n = 0; n < 60; n++) {
    last = told(n);
    seen.add(pace.of(last, false).frame.active?.column ?? -1);
    vi.advanceTimersByTime(1000 / 60);
  }
  expect(seen.size).toBeGreaterThan(6);
  expect(seen.size).toBeLessThan(12);
  asked = 0;
  vi.advanceTimersByTime(200);
  expect(asked).toBe(1);
  expect(pace.of(last, false)).toBe(last);
});

test("a step alone, another frame or the answer of the same cell, and another stage are told of at once", () => {
  const pace = new Pace(() => undefined);
  const tells = (now: Told) => expect(pace.of(now, false)).toBe(now);
  tells(told(0));
  vi.advanceTimersByTime(150);
  tells(told(1));
  tells(told(1, segment, {} as Explanation));
  tells(told(1));
  const passed = told(2);
  expect(pace.of(passed, false)).not.toBe(passed);
  tells(told(3, {} as Segment));
});

test("what a reader points at is answered at once, and does not hurry the cells that pass by", () => {
  const pace = new Pace(() => undefined);
  pace.of(told(0), false);
  const answer = {} as Explanation;
  const { frame: at, explanation } = pace.of(told(1, segment, answer), true);
  expect(at.active?.column).toBe(0);
  expect(explanation).toBe(answer);
});
