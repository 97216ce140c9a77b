/**
 * What axe-core finds on every view and in every panel: in both themes, in both languages, in a wide window and a narrow one. Each view is
 * looked at twice, so that it has been in each theme and in each language once.
 */

import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { open } from "./page.ts";
import { SIZES, VIEWS } from "./views.ts";

type View = [name: string, query: string, act?: (page: Page) => Promise<unknown>];

const unfold = (selector: string, shown: string) => async (page: Page) => {
  await page.locator(selector).first().click();
  await expect(page.locator(shown).first()).toBeVisible();
};

const ALL: View[] = [
  ...VIEWS,
  ["cross-attention", "attention=cross&stage=weights"],
  ["linear attention", "attention=gated_delta&stage=state&text=dog+bites+man"],
  ["cell of a sum", "zoom=cell&stage=mixed"],
  ["matrices", "model=none", unfold(".text-row button[aria-expanded]", "textarea")],
  [
    "the reader's own model",
    "",
    async (page) => {
      await page.locator('[data-field="model"]').selectOption("own");
      await expect(page.locator(".own-model")).toBeVisible();
    },
  ],
  ["about the model", "", unfold(".about-model summary", ".card .summary")],
  [
    "backends, compared",
    "model=none",
    async (page) => {
      await unfold(".backend summary", "[data-compare]")(page);
      await page.locator("[data-compare]").click();
      await expect(page.locator("[data-not-compared]")).toBeVisible();
    },
  ],
  [
    "find",
    "",
    async (page) => {
      await unfold('[data-tool="find"]', "[data-find]")(page);
      await page.locator("[data-find]").fill("the");
    },
  ],
  ["filter", "stage=weights&threshold=0.1&top-k=3", unfold('[data-tool="filter"]', "[data-slider]")],
  [
    "a change, token by token",
    "edits=scores,1,8,6%3D-7.5&mask=*-3&pin=scores,1,8,6&show=difference&model=pronoun",
    unfold("[data-in-turn]", "[data-turns]"),
  ],
  ["a word of the glossary", "", unfold(".caption .term", ".gloss")],
  ["other words for one", "", unfold("[data-swap]", ".words")],
  ["a field that is refused", "model=none&heads=17"],
  ["many tokens", `model=none&heads=1&head-dim=2&stage=weights&text=${"word+".repeat(520)}`],
];

async function serious(page: Page): Promise<string[]> {
  // No frames within: what the other mode opens a page of its own for.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
  const { violations } = await axe.analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .slice(0, 3)
          .map((node) => node.html.slice(0, 160))
          .join(" | ")}`,
    );
}

const LOOKS = [
  ["light", "en", "desk"],
  ["dark", "zh", "phone"],
  ["light", "zh", "phone"],
  ["dark", "en", "desk"],
] as const;

for (const [n, [name, query, act]] of ALL.entries())
  test(`axe-core finds nothing serious: ${name}`, async ({ page }) => {
    // Two analyses, on machines that may be busy.
    test.setTimeout(90_000);
    for (const [theme, lang, size] of n % 2 === 0 ? LOOKS.slice(0, 2) : LOOKS.slice(2)) {
      await page.setViewportSize(SIZES[size]);
      await page.emulateMedia({ colorScheme: theme });
      await open(page, `${query}&lang=${lang}`);
      await act?.(page);
      expect(await serious(page), `${theme}, ${lang}, ${size}`).toEqual([]);
    }
  });

test("axe-core finds nothing serious: two elements on a page", async ({ page }) => {
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
  expect(await serious(page)).toEqual([]);
});
