/** The module for notebooks, with a model as their hosts give it: values, changes in both directions, messages. */

import { expect, type Page, test } from "@playwright/test";
import { hostPage, twoOrigins } from "./host.ts";
import type { Play } from "./page.ts";
import { snippet } from "./snippets.ts";

const hosts = twoOrigins();

interface Fake {
  values: Record<string, unknown>;
  saved: Record<string, unknown>[];
  change(name: string, value: unknown): void;
  message(content: object): void;
  listeners(): number;
  stop(): void;
}
declare const fake: Fake;

/** As JupyterLab does it: the module's text from an address that has nothing beside it. */
async function rendered(page: Page, values: object, { refuses = false } = {}): Promise<string[]> {
  const errors = await hostPage(page, hosts, '<div id="output"></div>');
  await page.evaluate(
    async ([from, values, refuses]) => {
      const source = await (await fetch(`${from}/anywidget.js`)).text();
      const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      const all = new Map<string, Set<(content?: unknown) => void>>();
      const of = (name: string) => all.get(name) ?? all.set(name, new Set()).get(name) ?? new Set();
      const made: Fake = {
        values: values as Record<string, unknown>,
        saved: [],
        change(name, value) {
          if (JSON.stringify(made.values[name]) === JSON.stringify(value)) return;
          made.values[name] = value;
          for (const listener of of(`change:${name}`)) listener();
        },
        message(content) {
          for (const listener of of("msg:custom")) listener(content);
        },
        listeners: () => [...all.values()].reduce((sum, { size }) => sum + size, 0),
        stop: () => {},
      };
      const model = {
        get: (name: string) => made.values[name],
        // Backbone tells of what is set before it returns, whoever sets it.
        set: (name: string, value: unknown) => made.change(name, value),
        save_changes: () => made.saved.push(structuredClone(made.values)),
        on: (name: string, listener: () => void) => of(name).add(listener),
        off: (name: string, listener: () => void) => of(name).delete(listener),
      };
      // As the models of MyST, which have nobody to tell.
      const refuse = () => {
        throw new Error("not implemented");
      };
      if (refuses) Object.assign(model, { save_changes: refuse, off: refuse });
      made.stop = await module.default.render({ model, el: document.getElementById("output") });
      Object.assign(globalThis, { fake: made });
      await (document.querySelector("attention-playground") as Play).ready;
    },
    [hosts.package, values, refuses] as const,
  );
  return errors;
}

const element = (page: Page) => page.locator("attention-playground");
const stateOf = (page: Page) => element(page).evaluate((one) => (one as Play).state);

test("it shows what the model says, follows its changes, and tells it what the reader does", async ({ page }) => {
  const errors = await rendered(page, { state: { model: "none", text: "dog bites man", heads: 1, stage: "weights" } });
  expect(await stateOf(page)).toMatchObject({ heads: 1, stage: "weights" });
  await page.evaluate(() => fake.change("state", { model: "none", text: "dog bites man", heads: 2 }));
  await expect.poll(() => element(page).evaluate((one) => (one as Play).trace?.config.heads)).toBe(2);
  expect((await stateOf(page)).stage, "what is not named any more").toBe("scores");
  expect(await page.evaluate(() => fake.saved), "its own changes do not come back").toEqual([]);
  await page.locator('[data-stop="output"]').click();
  await expect
    .poll(() => page.evaluate(() => fake.saved))
    .toEqual([{ state: { model: "none", text: "dog bites man", stage: "output" } }]);
  await page.evaluate(() => fake.message({ method: "goto", args: ["weights", [0, 1, 2]] }));
  await expect.poll(async () => (await stateOf(page)).pin).toBe("weights,0,1,2");
  expect(errors).toEqual([]);
});

test("matrices of the kernel are those of the trace", async ({ page }) => {
  const identity = { shape: [2, 2], data: [1, 0, 0, 1] };
  const q = { shape: [2, 2], data: [Math.log(0.25), Math.log(0.75), Math.log(0.5), Math.log(0.5)] };
  const matrices = { q, k: identity, v: identity, tokens: ["a", "b"] };
  await rendered(page, { state: { heads: 1, scale: 1, stage: "weights" }, matrices });
  const weights = await element(page).evaluate(async (one) => {
    const play = one as Play;
    const at = (i: number, j: number) => play.explain("weights", [0, i, j]).then(({ value }) => value);
    return { tokens: play.trace?.tokens.query, all: await Promise.all([at(0, 0), at(0, 1), at(1, 0)]) };
  });
  expect(weights.tokens).toEqual(["a", "b"]);
  for (const [n, expected] of [0.25, 0.75, 0.5].entries()) expect(weights.all[n]).toBeCloseTo(expected, 6);
});

test("what the reader does, and another state of the kernel, leave the matrices as they are", async ({ page }) => {
  await rendered(page, { state: { model: "none", text: "dog bites man", heads: 1 } });
  const x = { shape: [2, 2], data: [1, 2, 3, 4] };
  await element(page).evaluate((one, x) => {
    (one as Play).matrices = { x };
  }, x);
  await page.locator('[data-stop="weights"]').click();
  await expect.poll(() => page.evaluate(() => fake.saved.length)).toBe(1);
  expect((await stateOf(page)).matrices).toEqual({ x });
  await page.evaluate(() => fake.change("state", { model: "none", heads: 1, stage: "output" }));
  expect(await stateOf(page)).toMatchObject({ stage: "output", matrices: { x } });
  await page.evaluate(() => fake.change("matrices", { x: { shape: [1, 2], data: [5, 6] } }));
  expect((await stateOf(page)).matrices?.x?.data).toEqual([5, 6]);
  await page.evaluate(() => fake.change("matrices", null));
  expect((await stateOf(page)).matrices).toBeNull();
});

test("while it plays the kernel is told now and then, and of where it stops", async ({ page }) => {
  await rendered(page, { state: { model: "none", text: "dog bites man", heads: 1 } });
  await page.evaluate(() => {
    const counted = { changes: 0 };
    document.querySelector("attention-playground")?.addEventListener("state-change", () => counted.changes++);
    Object.assign(globalThis, { counted });
  });
  await page.locator(".transport .play").click();
  await page.waitForTimeout(1500);
  await page.locator(".transport .play").click();
  const { cell } = await stateOf(page);
  await expect
    .poll(() => page.evaluate(() => (fake.saved.at(-1)?.state as { cell?: number } | undefined)?.cell))
    .toBe(cell);
  const [told, all] = await page.evaluate(() => [
    fake.saved.length,
    (globalThis as unknown as { counted: { changes: number } }).counted.changes,
  ]);
  expect(all).toBeGreaterThan(20);
  expect(told).toBeLessThan(all / 2);
});

test("a message that cannot be obeyed is an error of the element's, and of nobody else's", async ({ page }) => {
  const errors = await rendered(page, { state: { model: "none", text: "dog bites man" } });
  const told = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const play = document.querySelector("attention-playground");
        play?.addEventListener("error", (event) => resolve((event as unknown as CustomEvent).detail));
        fake.message({ method: "goto", args: ["nowhere"] });
      }),
  );
  expect(told).toMatchObject({ code: "message", message: expect.stringContaining("found nowhere") });
  expect(errors).toEqual([]);
});

test("the values of the directive in the document", async ({ page }) => {
  const [, values = ""] = /\n(\{.*\})\n:::/s.exec(snippet("page.md", hosts.package)) ?? [];
  await rendered(page, JSON.parse(values));
  expect(await stateOf(page)).toMatchObject({ model: "none", text: "dog bites man", stage: "weights" });
  expect((await element(page).boundingBox())?.height).toBe(560);
});

test("a model that can neither save nor forget stops nothing", async ({ page }) => {
  const state = { model: "none", text: "dog bites man", heads: 1 };
  const errors = await rendered(page, { state }, { refuses: true });
  await page.locator('[data-stop="output"]').click();
  await expect.poll(() => page.evaluate(() => (fake.values.state as { stage?: string }).stage)).toBe("output");
  await page.evaluate(() => fake.stop());
  expect(await element(page).count()).toBe(0);
  expect(errors).toEqual([]);
});

test("a model without any value, as of a page without a kernel; and it leaves nothing behind", async ({ page }) => {
  await rendered(page, {});
  expect((await stateOf(page)).text).toContain("animal");
  await page.evaluate(() => fake.stop());
  expect(await element(page).count()).toBe(0);
  expect(await page.evaluate(() => fake.listeners())).toBe(0);
});
