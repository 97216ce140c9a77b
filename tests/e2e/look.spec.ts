/** How it looks: baselines of a fixed trace at three sizes and two themes, axe-core, nothing clipped, nothing scrolling sideways. */

import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { open } from "./page.ts";

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

/** The default model, unless they say otherwise. */
const VIEWS: [name: string, query: string][] = [
  ["scores", "stage=scores"],
  ["query", "stage=query"],
  ["weights-causal", "stage=weights&causal=true&pin=weights,0,7,5"],
  ["mixed", "stage=mixed"],
  ["row", "zoom=row&stage=weights"],
  ["row-mixed", "zoom=row&stage=mixed"],
  ["cell", "zoom=cell&stage=scores"],
  ["changed", "model=pronoun&stage=weights&pin=scores,1,7,5&edits=scores,1,7,5=0"],
  ["mid-cell", "stage=scores&cell=3.5"],
  ["untrained", "model=none&stage=weights"],
  ["digits", "model=digits&stage=weights"],
  ["dates", "model=dates&stage=weights&token=6"],
  ["decoder", "model=decoder"],
  ["recall", "model=recall&text=a1+b2+c3+d4+e5+f6+g7+h8+c?"],
];

for (const [name, query] of VIEWS) {
  for (const [size, viewport] of Object.entries({ desk: DESK, phone: PHONE })) {
    for (const scheme of ["light", "dark"] as const) {
      test(`${name}, ${size}, ${scheme}`, async ({ page }) => {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme: scheme });
        await open(page, query);
        await page.waitForTimeout(250);
        await sideways(page);
        await expect(page).toHaveScreenshot(`${name}-${size}-${scheme}.png`, { fullPage: size === "phone" });
      });
    }
  }
}

async function sideways(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(over, "pixels that the page is wider than the window").toBeLessThanOrEqual(0);
}

for (const scheme of ["light", "dark"] as const) {
  for (const viewport of [DESK, PHONE]) {
    test(`axe-core finds nothing serious: ${scheme}, ${viewport.width}`, async ({ page }) => {
      // Five analyses, on machines that may be busy.
      test.setTimeout(120_000);
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme: scheme });
      for (const [, query] of VIEWS) {
        await open(page, query);
        const { violations } = await new AxeBuilder({ page }).analyze();
        const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        expect(
          serious.map(
            ({ id, nodes }) =>
              `${id}: ${nodes
                .slice(0, 3)
                .map((node) => node.html.slice(0, 160))
                .join(" | ")}`,
          ),
        ).toEqual([]);
      }
    });
  }
}

test("axe-core finds nothing serious: cross and linear attention, the matrices' panel, two elements on a page", async ({
  page,
}) => {
  const serious = async () => {
    const { violations } = await new AxeBuilder({ page }).analyze();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`);
  };
  for (const query of ["attention=cross&stage=weights", "attention=gated_delta&stage=state&text=dog+bites+man"]) {
    await open(page, query);
    expect(await serious(), query).toEqual([]);
  }
  await page.getByRole("button", { name: "Matrices" }).click();
  expect(await serious(), "matrices").toEqual([]);
  const body =
    '<main><h1>host</h1><attention-playground model="none" text="dog bites man"></attention-playground><attention-playground text="man bites dog" heads="1"></attention-playground></main>';
  await page.route("**/host.html", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<!doctype html><html lang="en"><title>host</title><script type="module" src="./element.js"></script><body>${body}`,
    }),
  );
  await page.goto("./host.html");
  await expect(page.locator(".scene > canvas")).toHaveCount(2);
  expect(await serious(), "two elements").toEqual([]);
});

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
