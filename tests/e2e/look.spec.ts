/** How it looks: baselines of a fixed trace at three sizes and two themes, nothing clipped, nothing scrolling sideways. */

import { expect, type Page, test } from "@playwright/test";
import { open } from "./page.ts";
import { SIZES, VIEWS } from "./views.ts";

const { desk: DESK, phone: PHONE } = SIZES;

for (const [name, query] of VIEWS) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const scheme of ["light", "dark"] as const) {
      test(`${name}, ${size}, ${scheme}`, async ({ page }) => {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme: scheme });
        await open(page, query);
        await page.waitForTimeout(250);
        await sideways(page);
        await expect(page).toHaveScreenshot(`${name}-${size}-${scheme}.png`, { fullPage: size !== "desk" });
      });
    }
  }
}

async function sideways(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(over, "pixels that the page is wider than the window").toBeLessThanOrEqual(0);
}

test("no text is smaller than 12 px, no label is cut at the desk", async ({ page }) => {
  await page.setViewportSize(DESK);
  await open(page);
  const small = await page.locator("attention-playground").evaluate((element) => {
    const found: string[] = [];
    for (const one of element.shadowRoot?.querySelectorAll<HTMLElement>("*") ?? []) {
      const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
      const look = getComputedStyle(one);
      if (own && one.offsetParent && Number.parseFloat(look.fontSize) < 12 && !one.closest("sup"))
        found.push(`${one.className}: ${look.fontSize}`);
      if (own && one.matches(".label.row, .grid:not(.virtual) .cell, .title") && one.scrollWidth > one.clientWidth + 1)
        found.push(`cut: ${one.textContent}`);
    }
    return found;
  });
  expect(small).toEqual([]);
});

/** Numbers in cells, and those that are wider than their cell. */
const numbersOf = (page: Page) =>
  page.locator(".scene").evaluate((scene) => {
    const cells = [...scene.querySelectorAll<HTMLElement>(".grid:not(.virtual) .cell")];
    const wide = cells.filter((cell) => {
      const text = document.createRange();
      text.selectNodeContents(cell);
      return text.getBoundingClientRect().width > cell.getBoundingClientRect().width;
    });
    return {
      count: cells.length,
      width: cells[0]?.getBoundingClientRect().width ?? 0,
      cut: wide.map((cell) => `${cell.textContent} in ${cell.offsetWidth} px`),
    };
  });

for (const [width, height] of [
  [1440, 900],
  [1280, 720],
] as const) {
  test(`the first picture has its numbers, and is whole, at ${width} x ${height}`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await open(page);
    const { count, cut } = await numbersOf(page);
    expect(count).toBe(12 * 8 + 8 * 12 + 12 * 12);
    expect(cut).toEqual([]);
    const over = await page.evaluate(() => document.documentElement.scrollHeight - innerHeight);
    expect(over, "pixels that the page is higher than the window").toBeLessThanOrEqual(0);
  });
}

test("the header has room for what it holds, in windows of every width", async ({ page }) => {
  await open(page);
  for (let width = 1900; width >= 360; width -= 35) {
    await page.setViewportSize({ width, height: 800 });
    const { outside, over, slight } = await page.locator(".header").evaluate((header) => {
      const controls = [...header.querySelectorAll<HTMLElement>(".name, select, button, summary, label > span")].filter(
        (one) => one.checkVisibility({ visibilityProperty: true }) && one.offsetWidth > 1,
      );
      const boxes = controls.map((one) => ({
        one: one.textContent?.trim().slice(0, 20),
        ...one.getBoundingClientRect().toJSON(),
      }));
      const room = header.getBoundingClientRect();
      return {
        outside: boxes
          .filter(({ left, right }) => left < room.left - 1 || right > room.right + 1)
          .map(({ one }) => one),
        over: boxes.flatMap((a, n) =>
          boxes
            .slice(n + 1)
            .filter((b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
            .map((b) => `${a.one} and ${b.one}`),
        ),
        slight: [...header.querySelectorAll("select")]
          .filter((one) => one.offsetWidth < 40)
          .map((one) => one.dataset.field),
      };
    });
    expect({ width, outside, over, slight }).toEqual({ width, outside: [], over: [], slight: [] });
  }
});

test("no title leaves the scene on a phone", async ({ page }) => {
  await page.setViewportSize(PHONE);
  await open(page);
  const cut: string[] = [];
  for (const stop of await page.locator("[data-stop]").all()) {
    await stop.click();
    await expect(page.locator(".scene")).toHaveAttribute("data-scene", (await stop.getAttribute("data-stop")) ?? "");
    const over = await page.locator(".scene").evaluate((scene) => {
      const { right } = scene.getBoundingClientRect();
      const titles = [...scene.querySelectorAll<HTMLElement>(".title")];
      const over = titles.filter((title) => title.getBoundingClientRect().right > right + 1);
      return over.map((title) => `${title.textContent} in ${scene.getAttribute("data-scene")}`);
    });
    cut.push(...over);
  }
  expect(cut).toEqual([]);
});

test("no number is cut in a cell of any size", async ({ page }) => {
  await open(page);
  const widths = new Set<number>();
  for (let width = 1900; width >= 1000; width -= 20) {
    await page.setViewportSize({ width, height: 900 });
    for (const stage of ["scores", "exp", "output"]) {
      await page.locator(`[data-stop="${stage}"]`).click();
      await expect(page.locator(".scene")).toHaveAttribute("data-scene", stage);
      const { width: cell, cut } = await numbersOf(page);
      expect(cut, `${stage}, ${width}`).toEqual([]);
      widths.add(cell);
    }
  }
  // From the narrowest cell with numbers to the widest.
  expect(widths.size).toBeGreaterThan(8);
});

for (const query of [
  "heads=16&head-dim=64&stage=output",
  "heads=16&head-dim=8&stage=concat",
  `model=none&text=${"word+".repeat(300)}&stage=weights`,
  "position=alibi&causal=true&softcap=2&stage=biased",
]) {
  test(`every matrix is within the scene: ${query.slice(0, 40)}`, async ({ page }) => {
    await page.setViewportSize(DESK);
    await open(page, query);
    const outside = await page.locator(".scene").evaluate((scene) => {
      const room = scene.getBoundingClientRect();
      return [...scene.querySelectorAll(".grid")]
        .map((grid) => grid.getBoundingClientRect())
        .filter(
          (grid) => grid.right > room.right + 1 || grid.bottom > room.bottom + 3 || grid.width < 1 || grid.height < 1,
        ).length;
    });
    expect(outside).toBe(0);
  });
}
