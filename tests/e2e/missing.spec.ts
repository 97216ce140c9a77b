/** Parts of the page that are loaded on demand and do not come: the reader is told, and asking again brings them. */

import { expect, type Page, test } from "@playwright/test";
import { ready, state } from "./page.ts";

/** What is loaded on demand, how a reader asks for it, and what is there once it came. */
const PARTS: Record<string, { chunk: string; query?: string; ask: (page: Page) => Promise<unknown>; there: string }> = {
  Share: {
    chunk: "share",
    ask: (page) => page.locator(".sharing summary").click(),
    there: "[data-take=svg]",
  },
  "the choice of a backend": {
    chunk: "backend",
    ask: (page) => page.locator("[data-backend] summary").click(),
    there: ".backend input",
  },
  "the card of a model": {
    chunk: "card",
    ask: (page) => page.locator(".about-model summary").click(),
    there: ".card [data-model]",
  },
  "the panel for the reader's own model": {
    chunk: "own",
    ask: (page) => page.locator("[data-field=model]").selectOption("own"),
    there: ".own-model",
  },
  "one cell": {
    chunk: "zoom",
    query: "model=none&stage=scores",
    ask: (page) => page.keyboard.press("3"),
    there: ".scene [data-between=product]",
  },
};

for (const [name, { chunk, query = "", ask, there }] of Object.entries(PARTS))
  test(`${name}: where it does not come the reader is told, and asking again brings it`, async ({ page }) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    const files = new RegExp(`/${chunk}-[^/]*\\.js`);
    await page.route(files, (route) => route.abort());
    await page.goto(`./?${query}`);
    await ready(page);
    await ask(page);
    const notice = page.locator("p.notice", { hasText: "could not be loaded" });
    await expect(notice).toBeVisible();
    await expect(page.locator(there)).toHaveCount(0);
    await page.unroute(files);
    await notice.getByRole("button").click();
    await ask(page);
    await expect(page.locator(there).first()).toBeVisible();
    expect(errors).toEqual([]);
  });

test("films that do not come are missed where they would be; the panel opened again brings them", async ({ page }) => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  const film = /\/film-[^/]*\.js/;
  await page.route(film, (route) => route.abort());
  await page.goto("./?model=none&text=dog+bites+man");
  await ready(page);
  const fold = page.locator(".sharing summary");
  await fold.click();
  await expect(page.locator("[data-film]")).toContainText("could not be loaded");
  await expect(page.locator("[data-take=svg]")).toBeVisible();
  await expect(page.locator("[data-make]")).toHaveCount(0);
  await page.unroute(film);
  await fold.click();
  await expect(page.locator(".share-panel")).toHaveCount(0);
  await fold.click();
  await expect(page.locator("[data-make]")).toBeVisible();
  expect(errors).toEqual([]);
});

test("without its language the page speaks English; without a model's part it waits for the next try", async ({
  page,
}) => {
  await page.route(/\/zh-[^/]*\.js/, (route) => route.abort());
  await page.goto("./?lang=zh&model=none&text=dog+bites+man");
  await ready(page);
  await expect(page.locator("p.notice")).toContainText("could not be loaded");
  expect((await state(page)).lang).toBe("en");
  const models = /\/models-[^/]*\.js/;
  await page.route(models, (route) => route.abort());
  await page.goto("./");
  await expect(page.locator(".problem")).toBeVisible();
  await page.unroute(models);
  await page.locator("attention-playground").evaluate((element) => {
    (element as unknown as { state: object }).state = { model: "order" };
  });
  await expect(page.locator(".scene .grid").first()).toBeVisible();
  await expect(page.locator(".problem")).toHaveCount(0);
});

test("a lesson that never comes keeps the picture waiting for a while, and no longer", async ({ page }) => {
  await page.route("**/lessons/masks.json", () => undefined);
  await page.goto("./?lesson=masks&model=none&text=dog+bites+man");
  await expect(page.locator(".scene .grid").first()).toBeVisible({ timeout: 25_000 });
  await expect(page.locator("[data-problem=lesson]")).toContainText("none within 15 s");
});
