/** Nothing jumps: whatever opens, closes, is pointed at, held or complained of, the picture stays where it is, and as large. */

import { expect, type Page, test } from "@playwright/test";
import { open } from "./page.ts";

test.use({ actionTimeout: 5000 });

interface Shift {
  value: number;
  sources: string[];
}

/** From now on every shift that the browser notices is kept, with what moved. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const kept: Shift[] = [];
    Object.assign(globalThis, { shifts: kept });
    const name = (node: Node | null) => (node instanceof Element ? `${node.tagName}.${node.className}` : "");
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as { value: number; sources: { node: Node | null }[] }[])
        kept.push({ value: entry.value, sources: entry.sources.map(({ node }) => name(node)) });
    }).observe({ type: "layout-shift" });
  });
}

const shifts = (page: Page) => page.evaluate(() => (globalThis as unknown as { shifts: Shift[] }).shifts.splice(0));

/** Where the picture and the way to it stand on the page, scrolled or not. */
const boxes = (page: Page) =>
  page.locator("attention-playground").evaluate((element) =>
    Object.fromEntries(
      [".scene", ".strip", ".sentence .tokens"].map((name) => {
        const box = element.shadowRoot?.querySelector(name)?.getBoundingClientRect();
        return [name, box && [box.x + scrollX, box.y + scrollY, box.width, box.height].map(Math.round).join(" ")];
      }),
    ),
  );

type Step = [name: string, act: (page: Page) => Promise<unknown>];

const tool = (name: string) => (page: Page) => page.locator(`[data-tool="${name}"]`).click();
const cell = (index: string) => (page: Page) =>
  page.locator("attention-playground").evaluate((element, at) => {
    (element as unknown as { goto(stage: string, index: number[]): void }).goto("scores", at.split(",").map(Number));
  }, index);
const text = (value: string) => async (page: Page) => {
  await page.locator('[data-field="text"]').fill(value);
  await page.waitForTimeout(150);
};
const hover = (share: number) => async (page: Page) => {
  const box = await page.locator(".scene .grid").last().boundingBox();
  if (box) await page.mouse.move(box.x + box.width * share, box.y + box.height * share);
};

const SENTENCE = "The animal didn't cross the street because it was too wide.";

const STEPS: Step[] = [
  ["pointing at a cell", hover(0.2)],
  ["pointing at another", hover(0.7)],
  ["pointing at nothing", (page) => page.mouse.move(2, 2)],
  ["holding a cell", cell("1,7,5")],
  ["walking on to an operand", (page) => page.locator(".equation .terms .number").first().click()],
  ["coming back", cell("1,7,5")],
  ["letting go", (page) => page.keyboard.press("Escape")],
  ["a text that is refused", text("")],
  ["the text again", text(SENTENCE)],
  ["the box for matrices", (page) => page.getByRole("button", { name: "Matrices", exact: true }).click()],
  ["matrices that are refused", (page) => page.locator("[data-use]").click()],
  ["closing the box", (page) => page.getByRole("button", { name: "Matrices", exact: true }).click()],
  ["the text once more", text(`${SENTENCE} `)],
  ["sharing", (page) => page.locator(".sharing summary").click()],
  ["copying the link", (page) => page.locator("[data-copy-link]").click()],
  ["closing that", (page) => page.locator(".share-panel > .close").click()],
  ["what computes", (page) => page.locator("[data-backend] summary").click()],
  ["closing that", (page) => page.locator("[data-backend] summary").click()],
  ["finding", tool("find")],
  ["typing", (page) => page.keyboard.type("the")],
  ["closing it", (page) => page.keyboard.press("Escape")],
  ["filtering", tool("filter")],
  [
    "a threshold",
    async (page) => {
      await page.locator('[data-field="threshold"]').fill("0.1");
      await page.keyboard.press("Enter");
    },
  ],
  ["its rows", (page) => page.locator(".rows summary").click()],
  ["closing the filter", tool("filter")],
  ["words for another", (page) => page.locator(".swap").first().click()],
  ["closing them", (page) => page.keyboard.press("Escape")],
  ["zooming", (page) => page.locator(".zoom button").nth(2).click()],
  ["showing all", (page) => page.locator(".zoom button").nth(4).click()],
  ["the last stage", (page) => page.locator("[data-stop]").last().click()],
  ["a cell of it, by a key", (page) => page.keyboard.press("ArrowLeft")],
  ["softmax", (page) => page.locator('[data-stop="weights"]').click()],
  ["the mixed stage", (page) => page.locator('[data-stop="mixed"]').click()],
  ["the model's panel", (page) => page.locator('[data-field="model"]').selectOption("own")],
  ["closing the panel", (page) => page.locator(".own-model button").first().click()],
];

for (const [width, height] of [
  [1440, 900],
  [1280, 720],
  [390, 844],
] as const) {
  test(`nothing jumps at ${width}`, async ({ page, context }) => {
    test.setTimeout(90_000);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.setViewportSize({ width, height });
    await open(page, "");
    await expect(page.locator('[data-tool="find"]')).toBeVisible();
    await page.waitForTimeout(300);
    await watch(page);
    const before = await boxes(page);
    expect(before[".scene"]).toBeTruthy();
    const moved: string[] = [];
    for (const [name, act] of STEPS) {
      await act(page);
      await page.waitForTimeout(120);
      const now = await boxes(page);
      if (JSON.stringify(now) !== JSON.stringify(before)) moved.push(`${name}: ${JSON.stringify(now)}`);
      const seen = await shifts(page);
      const picture = seen.filter(({ sources }) => sources.some((one) => /\.(scene|strip|sentence|page)\b/.test(one)));
      if (picture.length > 0) moved.push(`${name}: ${JSON.stringify(picture)}`);
    }
    expect(moved, `at first: ${JSON.stringify(before)}`).toEqual([]);
  });
}
