/** What is loaded on demand comes once, and is asked for again where it failed to come. */

import { expect, it, vi } from "vitest";
import { onDemand } from "../../www/element/on-demand.ts";

it("loads once, however often it is asked for", async () => {
  const load = vi.fn(async () => ({}));
  const ask = onDemand(load);
  expect(load).not.toHaveBeenCalled();
  const [first, second] = await Promise.all([ask(), ask()]);
  expect(await ask()).toBe(first);
  expect(second).toBe(first);
  expect(load).toHaveBeenCalledTimes(1);
});

it("tells everyone who waits that it failed, and tries again for the next", async () => {
  const load = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new Error("offline")).mockResolvedValue("here");
  const ask = onDemand(load);
  const waiting = [ask(), ask()];
  for (const one of waiting) await expect(one).rejects.toThrow("offline");
  expect(load).toHaveBeenCalledTimes(1);
  expect(await ask()).toBe("here");
  expect(load).toHaveBeenCalledTimes(2);
});
