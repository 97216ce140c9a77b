/** The truth test: every number on the page is read as a person reads it, and held against the trace. */

import { expect, type Page, test } from "@playwright/test";
import { misprint, open, type Play, rerun, state, trace, traced } from "./page.ts";

interface Shown {
  stage: string;
  index: number[];
  text: string;
}

/** All numbers that say which cell they are, as far as they can be seen. */
const shownNumbers = (page: Page): Promise<Shown[]> =>
  page.locator("attention-playground").evaluate((element) => {
    const cells = element.shadowRoot?.querySelectorAll<HTMLElement>("[data-stage][data-index]") ?? [];
    return [...cells]
      .filter((cell) => getComputedStyle(cell).visibility !== "hidden")
      .map((cell) => ({
        stage: cell.dataset.stage ?? "",
        index: (cell.dataset.index ?? "").split(",").map(Number),
        text: cell.textContent?.trim() ?? "",
      }));
  });

/** Decimal numbers in the page's text that are in no element which says what they are. */
const unnamedNumbers = (page: Page): Promise<string[]> =>
  page.locator("attention-playground").evaluate((element) => {
    const found: string[] = [];
    const walker = document.createTreeWalker(element.shadowRoot as ShadowRoot, NodeFilter.SHOW_TEXT);
    const named =
      "[data-stage], [data-scale], [data-exact], [data-rounding], [data-constant], [data-spoken], .transport, .controls, style";
    while (walker.nextNode()) {
      const text = walker.currentNode.textContent ?? "";
      const parent = walker.currentNode.parentElement;
      if (/\d\.\d|e[−-]?\d/.test(text) && parent && !parent.closest(named)) found.push(text.trim());
    }
    return found;
  });

async function checkPage(page: Page, atLeast: number): Promise<number> {
  const [of, shown] = [await trace(page), await shownNumbers(page)];
  expect(shown.length).toBeGreaterThanOrEqual(atLeast);
  const wrong = shown.flatMap(({ stage, index, text }) => {
    const what = misprint(text, traced(of, stage, index));
    return what ? [`${stage} [${index}] ${what}`] : [];
  });
  expect(wrong).toEqual([]);
  expect(await unnamedNumbers(page)).toEqual([]);
  await checkLegend(page, of);
  await checkEquation(page);
  return shown.length;
}

async function checkLegend(page: Page, of: Awaited<ReturnType<typeof trace>>): Promise<void> {
  for (const scale of await page.locator("[data-scale]").all()) {
    const id = (await scale.getAttribute("data-scale")) ?? "";
    const found = of.stages.find((stage) => stage.id === id);
    if (!found) throw new Error(`a legend for ${id}, which is not in the trace`);
    const cells = of.data.slice(found.offset, found.offset + found.shape.reduce((a, b) => a * b, 1));
    const end = cells
      .map(Math.abs)
      .filter(Number.isFinite)
      .reduce((a, b) => Math.max(a, b), 0);
    expect(misprint((await scale.locator(".high").textContent()) ?? "", end), `legend of ${id}`).toBeUndefined();
  }
}

/** The equation's own numbers that are no cells: the f64 result, the rounding, the constant. */
async function checkEquation(page: Page): Promise<void> {
  const result = page.locator(".equation .result [data-index]");
  if ((await result.count()) === 0) return;
  const stage = (await result.getAttribute("data-stage")) ?? "";
  const index = ((await result.getAttribute("data-index")) ?? "").split(",").map(Number);
  const explanation = await page
    .locator("attention-playground")
    .evaluate((element, cell) => (element as Play).explain(cell.stage, cell.index), { stage, index });
  expect(
    misprint((await page.locator("[data-exact]").textContent()) ?? "", explanation.exact),
    "exact",
  ).toBeUndefined();
  for (const constant of await page.locator(".equation [data-constant]").all()) {
    expect(
      misprint((await constant.textContent()) ?? "", Math.fround(explanation.constant?.value ?? Number.NaN)),
      "constant",
    ).toBeUndefined();
  }
}

const INPUTS: [name: string, query: string][] = [
  ["the article's sentence", ""],
  ["causal, sinusoidal, three heads", "heads=3&head-dim=4&causal=true&position=sinusoidal&seed=7&text=dog+bites+man"],
  ["one token", "text=alone&heads=1&head-dim=2"],
  ["explicit scale, emoji and right-to-left", `text=${encodeURIComponent("👩‍🚀 שלום world !")}&scale=2.5&head-dim=3`],
  ["cross-attention, one key/value head", "attention=cross&kv-heads=1&text=the+dog+bites&key-text=man&head-dim=3"],
  ["rotary positions, a mask drawn by hand", "position=rotary&text=dog+bites+man&mask=0-1_2-2&head-dim=4"],
  [
    "ALiBi, a window and a soft cap",
    "position=alibi&causal=true&window=1,0&softcap=2&text=dog+bites+man+again&head-dim=3",
  ],
  ["linear attention, gated delta rule", "attention=gated_delta&kv-heads=1&text=dog+bites+man&head-dim=2"],
  [
    "own matrices with NaN and a huge number",
    `matrices=${encodeURIComponent(
      JSON.stringify({
        q: { shape: [2, 2], data: [1, 2, 1e30, "NaN"] },
        k: { shape: [2, 2], data: [0.5, -1, 3, "Infinity"] },
        v: { shape: [2, 2], data: [1, 0, 0, 1] },
      }),
    )}&heads=1`,
  ],
];

for (const [name, query] of INPUTS) {
  test(`every number is true in every stage: ${name}`, async ({ page }) => {
    test.setTimeout(120_000);
    await open(page, query);
    let seen = 0;
    for (const stop of await page.locator("[data-stop]").all()) {
      const id = (await stop.getAttribute("data-stop")) ?? "";
      await stop.click();
      await expect(page.locator(".scene")).toHaveAttribute("data-scene", id);
      seen += await checkPage(page, 1);
      await page.locator("attention-playground").evaluate((element, stage) => {
        const play = element as Play;
        const found = play.trace?.stages.find((one) => one.id === stage);
        play.goto(stage, found?.shape.map((size) => size - 1) ?? []);
      }, id);
      await expect(page.locator(".equation .result")).toBeVisible();
      await checkPage(page, 1);
    }
    expect(seen).toBeGreaterThan(10);
  });
}

test("every number is true while it plays, at any moment", async ({ page }) => {
  await open(page, "text=dog+bites+man&heads=2&head-dim=3&causal=true");
  const duration = await page.locator(".scrub input").evaluate((input) => Number((input as HTMLInputElement).max));
  for (let n = 0; n <= 24; n++) {
    await page
      .locator("attention-playground")
      .evaluate((element, time) => (element as Play).seek(time), (duration * n) / 24);
    await page.waitForTimeout(30);
    await checkPage(page, 0);
  }
});

test("hovering any cell shows its value and its equation", async ({ page }) => {
  await open(page);
  const cells = page.locator('.scene [data-stage="scores"]');
  for (const n of [0, 7, 40, 143]) {
    await cells.nth(n).hover({ force: true });
    const index = await cells.nth(n).getAttribute("data-index");
    await expect(page.locator(".equation .result [data-index]")).toHaveAttribute("data-index", index ?? "");
    await checkPage(page, 100);
  }
});

test("a walk from the output back to the input, through the page alone", async ({ page }) => {
  await open(page, "stage=output");
  await page.locator('.scene [data-stage="output"]').first().click({ force: true });
  const visited: string[] = [];
  for (let n = 0; n < 20; n++) {
    await checkPage(page, 1);
    visited.push(((await page.locator(".equation .result [data-index]").getAttribute("data-stage")) ?? "") as string);
    const operands = page.locator(".equation .terms [data-stage]");
    if ((await operands.count()) === 0) break;
    const cell = await operands.first().getAttribute("data-index");
    const stage = await operands.first().getAttribute("data-stage");
    await operands.first().click();
    const result = page.locator(`.equation .result [data-stage="${stage}"]`);
    await expect(result).toHaveAttribute("data-index", cell ?? "");
  }
  expect(visited[0]).toBe("output");
  expect(visited.at(-1)).toMatch(/^embeddings$|^w_/);
  expect(visited).toContain("weights");
  await page.keyboard.press("Escape");
  expect((await state(page)).pin).toBe("");
});

test("a new input brings new numbers, all true", async ({ page }) => {
  await open(page);
  await rerun(page, () => page.locator('[data-field="text"]').fill("the street was too wide"));
  expect((await trace(page)).tokens.query).toEqual(["the", "street", "was", "too", "wide"]);
  await checkPage(page, 25);
});
