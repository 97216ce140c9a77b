/** Playing, stepping, seeking, the link, the keyboard, motion: the page as its readers use it. */

import { expect, type Page, test } from "@playwright/test";
import { open, type Play, ready, rerun, state, trace } from "./page.ts";

const picture = (page: Page): Promise<string> =>
  page.locator(".scene > canvas").evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

const shown = (page: Page): Promise<string> =>
  page
    .locator(".scene .overlay")
    .evaluate((overlay) =>
      [...overlay.querySelectorAll<HTMLElement>(".cell")].map((cell) => getComputedStyle(cell).visibility[0]).join(""),
    );

test("opens with the article's sentence and its stages in order; an untrained run says that it is one", async ({
  page,
}) => {
  await open(page);
  await expect(page.locator(".untrained")).toHaveCount(0);
  await page.locator('[data-field="model"]').selectOption("none");
  await expect(page.locator('[data-field="text"]')).toHaveValue(
    "The animal didn't cross the street because it was too wide.",
  );
  await expect(page.locator(".untrained")).toContainText("the arithmetic is real, the pattern means nothing");
  const stops = await page
    .locator("[data-stop]")
    .evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.stop));
  expect(stops).toEqual((await trace(page)).stages.map(({ id }) => id).filter((id) => !/^(w|b)_/.test(id)));
  expect(await page.locator('.token[aria-pressed="true"]').textContent()).toContain("it");
});

test("plays through stages, pauses where it is told, and a step moves by cell, row and stage", async ({ page }) => {
  await open(page, "model=none&text=dog+bites+man&speed=4");
  await page.getByRole("button", { name: "Play" }).click();
  await page.waitForFunction(() => {
    const { stage, cell } = (document.querySelector("attention-playground") as Play).state;
    return stage === "scores" && cell > 0.5;
  });
  await page.waitForFunction(() => (document.querySelector("attention-playground") as Play).state.stage === "scaled");
  await page.getByRole("button", { name: "Pause" }).click();
  const paused = await state(page);
  await page.waitForTimeout(200);
  expect((await state(page)).cell).toBe(paused.cell);
  await page.locator('[data-stop="scores"]').click();
  await page.getByRole("button", { name: "Stage back" }).click();
  expect((await state(page)).stage).toBe("value");
  await page.getByRole("button", { name: "Cell on" }).click();
  expect(await state(page)).toMatchObject({ stage: "scores", cell: 1 });
  await page.getByRole("button", { name: "Row on" }).click();
  expect(await state(page)).toMatchObject({ stage: "scores", cell: 3 });
  await page.getByRole("button", { name: "Cell back" }).click();
  expect(await state(page)).toMatchObject({ stage: "scores", cell: 2 });
});

test("scrubbing back looks exactly like playing forward", async ({ page }) => {
  await open(page, "model=none&text=dog+bites+man&heads=2&head-dim=3&causal=true");
  const duration = await page.locator(".scrub input").evaluate((input) => Number((input as HTMLInputElement).max));
  const times = Array.from({ length: 40 }, (_, n) => (duration * (n + 0.37)) / 40);
  const at = async (time: number) => {
    await page.locator("attention-playground").evaluate(async (element, t) => {
      (element as Play).seek(t);
      await (element as Play).updateComplete;
      // The engine's answer about the cell comes a turn later, and lights its operands.
      await new Promise((resolve) => setTimeout(resolve));
      await (element as Play).updateComplete;
    }, time);
    return `${await picture(page)}/${await shown(page)}`;
  };
  const forward: string[] = [];
  for (const time of times) forward.push(await at(time));
  for (const n of times.map((_, k) => times.length - 1 - k))
    expect((await at(times[n] as number)) === forward[n], `frame ${n}`).toBe(true);
  expect(new Set(forward).size).toBeGreaterThan(30);
});

test("the link repeats the frame, on a page that was never here", async ({ page, context }) => {
  await open(page, "model=none&text=dog+bites+man&seed=9&causal=true&position=sinusoidal&head=1&stage=weights");
  await page.keyboard.press("ArrowLeft");
  await page.locator('.scene [data-stage="weights"]').nth(3).click({ force: true });
  await page.waitForTimeout(400);
  const link = page.url();
  const other = await context.newPage();
  await other.goto(link);
  await ready(other);
  expect(await state(other)).toEqual(await state(page));
  expect((await trace(other)).data).toEqual((await trace(page)).data);
  expect(await picture(other)).toBe(await picture(page));
});

test("back and forward are undo and redo", async ({ page }) => {
  await open(page, "model=none");
  await page.locator('[data-stop="weights"]').click();
  await rerun(page, () => page.locator('[data-field="causal"]').check());
  expect((await trace(page)).stages.some(({ id }) => id === "masked")).toBe(true);
  await rerun(page, () => page.goBack());
  expect(await state(page)).toMatchObject({ causal: false, stage: "weights" });
  await page.goBack();
  expect((await state(page)).stage).toBe("scores");
  await page.goForward();
  await rerun(page, () => page.goForward());
  expect(await state(page)).toMatchObject({ causal: true, stage: "weights" });
});

test("everything by keyboard, and each step is spoken", async ({ page }) => {
  await open(page, "model=none&text=dog+bites+man");
  const spoken = page.locator("[data-spoken]");
  await page.keyboard.press("Home");
  expect(await state(page)).toMatchObject({ stage: "embeddings" });
  await page.keyboard.press("l");
  expect((await state(page)).stage).toBe("query");
  await page.keyboard.press("ArrowRight");
  await expect(spoken).toContainText("gives number 1 of its key");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("j");
  await page.keyboard.press("End");
  expect((await state(page)).stage).toBe("output");
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Play" })).toBeVisible();
  await page.locator('[data-stop="scores"]').click();
  await page.locator('.grid[data-view^="scores"]').focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(".equation .result [data-index]")).toHaveAttribute("data-index", "0,1,1");
  await page.keyboard.press("Enter");
  expect((await state(page)).pin).toBe("scores,0,1,1");
  await page.keyboard.press("Escape");
  expect((await state(page)).pin).toBe("");
});

test("reduced motion: frames cut between whole cells", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page, "model=none&text=dog+bites+man&speed=4&stage=scores");
  await page.getByRole("button", { name: "Play" }).click();
  for (let n = 0; n < 20; n++) {
    await page.waitForTimeout(40);
    const { cell } = await state(page);
    expect(Number.isInteger(cell)).toBe(true);
  }
});

test("the heads on show and the chosen token change what is drawn, not what is computed", async ({ page }) => {
  await open(page);
  const before = await trace(page);
  await page.locator('select[data-field="head"]').selectOption("1");
  await page.locator(".token", { hasText: "street" }).click();
  expect(await state(page)).toMatchObject({ head: 1, token: 5 });
  expect((await trace(page)).data).toEqual(before.data);
  await expect(page.locator('.share[data-index="1,5,0"]')).toBeVisible();
});

test("cells of the mask are clicked shut and open", async ({ page }) => {
  await open(page, "model=none&text=dog+bites+man");
  await page.getByText("More settings").click();
  await page.locator(".check input").check();
  await rerun(page, () => page.locator('.scene [data-stage="scores"]').nth(1).click({ force: true }));
  const masked = await trace(page);
  const stage = masked.stages.find(({ id }) => id === "masked");
  expect(masked.data[(stage?.offset ?? 0) + 1]).toBe(Number.NEGATIVE_INFINITY);
  await expect(page.locator(".scene")).toHaveAttribute("data-scene", "masked");
  await rerun(page, () => page.locator('.scene [data-stage="masked"]').nth(1).click({ force: true }));
  expect((await trace(page)).stages.some(({ id }) => id === "masked")).toBe(false);
  await expect(page.locator(".scene")).toHaveAttribute("data-scene", "scores");
});

test("the site works under any base path", async ({ page }) => {
  await page.goto("./some/base/path/?model=none&text=dog+bites+man");
  await page.locator("attention-playground").evaluate((element) => (element as Play).ready);
  expect((await trace(page)).tokens.query).toEqual(["dog", "bites", "man"]);
});

test("what is typed just before a push is not lost to Back", async ({ page }) => {
  await open(page);
  await rerun(page, () => page.locator('[data-field="text"]').fill("typed words"));
  await page.locator('[data-stop="weights"]').click();
  await page.goBack();
  expect(await state(page)).toMatchObject({ text: "typed words", stage: "scores" });
});

test("every setting, by its control, reaches the engine", async ({ page }) => {
  await open(page, "model=none&text=dog+bites+man+again");
  await page.getByText("More settings").click();
  const config = async () => (await trace(page)).config;
  const set = (field: string, value: string) =>
    rerun(page, async () => {
      await page.locator(`[data-field="${field}"]`).fill(value);
      await page.locator(`[data-field="${field}"]`).press("Tab");
    });
  const choose = (field: string, value: string) =>
    rerun(page, () => page.locator(`select[data-field="${field}"]`).selectOption(value));
  await set("heads", "4");
  await set("kvHeads", "2");
  await set("headDim", "6");
  await set("scale", "0.25");
  await set("softcap", "3");
  await set("window", "1,0");
  await set("seed", "42");
  expect(await config()).toMatchObject({ heads: 4, kvHeads: 2, headDim: 6, scale: 0.25, softcap: 3, seed: 42 });
  expect((await config()).window).toEqual([1, 0]);
  await choose("position", "rotary");
  expect((await trace(page)).stages.some(({ id }) => id === "query_rotated")).toBe(true);
  await choose("attention", "cross");
  await rerun(page, () => page.locator('[data-field="keyText"]').fill("man bites"));
  expect((await trace(page)).tokens.key).toEqual(["man", "bites"]);
  await choose("position", "none");
  await choose("attention", "gated_delta");
  await set("decay", "-0.5");
  await set("beta", "0.25");
  const of = await trace(page);
  const first = (id: string) => of.data[of.stages.find((stage) => stage.id === id)?.offset ?? -1];
  expect(first("decay")).toBe(-0.5);
  expect(first("beta")).toBe(0.25);
});

test("numbers that the reader gave are called so, in the caption and in the equation", async ({ page }) => {
  const two = { shape: [2, 2], data: [1, 2, 3, 4] };
  await open(
    page,
    `heads=1&stage=query&cell=2&matrices=${encodeURIComponent(JSON.stringify({ q: two, k: two, v: two }))}`,
  );
  await expect(page.locator(".caption .now")).toContainText("was given: 2.00");
  await expect(page.locator(".caption .about")).toContainText("These numbers are yours");
  await expect(page.locator(".equation .terms")).toContainText("given by you");
});
