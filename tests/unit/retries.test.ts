import { expect, it } from "vitest";
import { Retries } from "../../www/engine/gpu/retries.ts";

it("gives three within any minute, and again as each is a minute old", () => {
  let now = 5000;
  const retries = new Retries(() => now);
  expect([retries.take(), retries.take()]).toEqual([true, true]);
  now += 30_000;
  expect([retries.take(), retries.take(), retries.take()]).toEqual([true, false, false]);
  now += 29_999;
  expect(retries.take()).toBe(false);
  now += 1;
  expect([retries.take(), retries.take(), retries.take()], "the first two are a minute old").toEqual([
    true,
    true,
    false,
  ]);
  now += 30_000;
  expect([retries.take(), retries.take()], "then the third").toEqual([true, false]);
});
