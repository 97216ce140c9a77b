/** Events that come with every frame, as a page around embed.html is told of them. */

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { gathered, joined, light } from "../../www/embed/gather.ts";
import { defaultState, type State } from "../../www/state/fields.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const change = (changed: (keyof State)[], source: "user" | "api" = "user") => ({
  state: { ...defaultState(), matrices: {} },
  changed,
  source,
});

it("tells the first at once, and those of a quarter of a second together", () => {
  const tell = vi.fn();
  const give = gathered(tell, joined);
  give(change(["stage"]));
  expect(tell).toHaveBeenCalledTimes(1);
  for (let frame = 0; frame < 60; frame++) {
    give(change([frame % 2 ? "cell" : "pin"]));
    vi.advanceTimersByTime(16);
  }
  vi.advanceTimersByTime(1000);
  expect(tell.mock.calls.length).toBeGreaterThan(3);
  expect(tell.mock.calls.length).toBeLessThan(7);
  expect(tell.mock.lastCall?.[0].changed.toSorted()).toEqual(["cell", "pin"]);
  give(change(["text"]));
  expect(tell.mock.lastCall?.[0].changed).toEqual(["text"]);
});

it("keeps apart what the reader did and what the page did", () => {
  const tell = vi.fn();
  const give = gathered(tell, joined);
  give(change(["stage"]));
  give(change(["cell"]));
  give(change(["pin"], "api"));
  vi.advanceTimersByTime(1000);
  expect(tell.mock.calls.map(([{ source, changed }]) => [source, changed])).toEqual([
    ["user", ["stage"]],
    ["user", ["cell"]],
    ["api", ["pin"]],
  ]);
});

it("sends matrices along only where they are new", () => {
  expect(light(change(["cell"]))).not.toHaveProperty("state.matrices");
  expect(light(change(["cell"]))).toHaveProperty("state.text");
  expect(light(change(["cell", "matrices"]))).toHaveProperty("state.matrices");
});
