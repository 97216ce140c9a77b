/** What the end-to-end tests share: opening the page, reading its trace, and reading numbers as a person does. */

import { expect, type Page } from "@playwright/test";
import type { Trace } from "../../www/engine/types.ts";
import type { AttentionPlayground } from "../../www/index.ts";
import type { State } from "../../www/state/fields.ts";

export { misprint } from "../common/print.ts";

export type Play = AttentionPlayground & { state: State };

export async function open(page: Page, query = ""): Promise<void> {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(`./${query ? `?${query}` : ""}`);
  await ready(page);
  // What is loaded after the first picture.
  await page.locator("[data-tool]").first().waitFor({ state: "attached" });
  expect(errors).toEqual([]);
}

export async function ready(page: Page): Promise<void> {
  await page
    .locator("attention-playground")
    .first()
    .evaluate((element) => (element as Play).ready);
}

export const state = (page: Page): Promise<State> =>
  page
    .locator("attention-playground")
    .first()
    .evaluate((element) => (element as Play).state);

/** The trace as plain data (a Float32Array does not cross to the test as one). */
export async function trace(page: Page): Promise<Omit<Trace, "data"> & { data: number[] }> {
  return page
    .locator("attention-playground")
    .first()
    .evaluate((element) => {
      const { data, ...rest } = (element as Play).trace as Trace;
      return { ...rest, data: Array.from(data) };
    });
}

/** Waits until a new trace stands after `act`. */
export async function rerun(page: Page, act: () => Promise<unknown>): Promise<void> {
  const handle = await page.evaluateHandle(() => (document.querySelector("attention-playground") as Play).trace);
  await act();
  await page.waitForFunction((old) => (document.querySelector("attention-playground") as Play).trace !== old, handle);
}

export function traced(of: { stages: Trace["stages"]; data: number[] }, stage: string, index: number[]): number {
  const found = of.stages.find(({ id }) => id === stage);
  if (!found) throw new Error(`the page shows a number of the stage "${stage}", which the trace does not have`);
  if (index.length !== found.shape.length) throw new Error(`${stage} [${index}]: expected ${found.shape.length} axes`);
  let linear = 0;
  found.shape.forEach((size, axis) => {
    const at = index[axis] ?? -1;
    if (!(at >= 0 && at < size)) throw new Error(`${stage} [${index}]: expected a cell within ${found.shape}`);
    linear = linear * size + at;
  });
  return of.data[found.offset + linear] as number;
}
