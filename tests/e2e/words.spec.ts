/** What the page says: in two languages, with terms that can be asked for, and formulas that can be read. */

import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { open, state } from "./page.ts";

/** Latin words that every language has: names, symbols, and what the reader or a model wrote. */
const SHARED =
  /^(ALiBi|RoPE|softmax|CPU|GPU|CSV|TSV|JSON|NumPy|PyTorch|Ctrl|Esc|Shift|Space|Home|End|English|pronoun|order|decoder|dates|digits|recall|cos|sin|Beta|dim|width|channel|head|exp|Exp|[A-Z]{1,2}|[a-z]|[WQKVOb]_[QKVO]|d_k|e\^|auto)$/;

/** Words of Latin letters in the page's own text. */
const latin = (page: Page): Promise<string[]> =>
  page.locator("attention-playground").evaluate((element) => {
    const found: string[] = [];
    const walker = document.createTreeWalker(element.shadowRoot as ShadowRoot, NodeFilter.SHOW_TEXT);
    const foreign =
      ".sentence, .scene, .formula, math, option, .example, .card, .cell-name, .crumbs, style, [data-spoken]";
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      // What stands in quotation marks is a token.
      const text = (walker.currentNode.textContent ?? "").replace(/“[^”]*”/g, "");
      if (parent && !parent.closest(foreign) && parent.checkVisibility())
        found.push(...(text.match(/[A-Za-z][\w^]*/g) ?? []));
    }
    // What is read out, or stands beside the pointer, is said too.
    for (const one of (element.shadowRoot as ShadowRoot).querySelectorAll<HTMLElement>(
      "[aria-label], [title], [placeholder]",
    )) {
      if (one.closest(foreign) || one.matches(".scale, .label, [data-field=matrices]")) continue;
      for (const name of ["aria-label", "title", "placeholder"])
        found.push(...((one.getAttribute(name) ?? "").replace(/“[^”]*”/g, "").match(/[A-Za-z][\w^]*/g) ?? []));
    }
    return [...new Set(found)];
  });

for (const query of ["", "model=none&text=dog+bites+man", "model=none&attention=gated_delta&text=dog+bites+man"]) {
  test(`nothing on the page stays in English: ${query || "the first picture"}`, async ({ page }) => {
    test.setTimeout(90_000);
    await open(page, `${query}&lang=zh`);
    const stops = await page.locator("[data-stop]").evaluateAll((all) => all.map((one) => one.dataset.stop ?? ""));
    for (const stop of stops) {
      await page.locator(`[data-stop="${stop}"]`).click();
      const left = (await latin(page)).filter((word) => !SHARED.test(word));
      expect(left, stop).toEqual([]);
    }
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    expect(
      violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id }) => id),
    ).toEqual([]);
  });
}

test("the language changes at once, is a link, and is the host's where nothing is said", async ({ page }) => {
  await open(page, "stage=weights");
  await expect(page.locator(".caption h2")).toHaveText("Weights");
  await page.locator('[data-field="lang"]').selectOption("zh");
  await expect(page.locator(".caption h2")).not.toHaveText("Weights");
  await expect(page.locator(".scene .title").first()).not.toContainText("Exp");
  await expect(page).toHaveURL(/lang=zh/);
  expect((await state(page)).lang).toBe("zh");
  await page.route("**/host.html", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<!doctype html><html lang="en"><title>host</title><script type="module" src="./element.js"></script>
        <attention-playground model="none" text="dog"></attention-playground><div lang="zh"><attention-playground model="none" text="dog"></attention-playground></div>`,
    }),
  );
  await page.goto("./host.html");
  await expect(page.locator(".caption h2").nth(0)).toHaveText("Scores");
  await expect(page.locator(".caption h2").nth(1)).toHaveText("分数");
  // One drawn anew does not change what the other speaks.
  await page
    .locator("attention-playground")
    .first()
    .evaluate((element) => element.setAttribute("stage", "weights"));
  await expect(page.locator(".caption h2").nth(0)).toHaveText("Weights");
  await expect(page.locator(".caption h2").nth(1)).toHaveText("分数");
});

test("a term says what it means, by pointer and by keyboard, and never over itself", async ({ page }) => {
  await open(page, "stage=scores&cell=90");
  const term = page.locator('.caption .term[data-term="query"]').first();
  await expect(async () => {
    await page.mouse.move(0, 0);
    await term.hover();
    await expect(page.locator(".gloss")).toBeVisible({ timeout: 500 });
  }).toPass();
  const [gloss, word] = [await page.locator(".gloss").boundingBox(), await term.boundingBox()];
  if (!gloss || !word) throw new Error("expected a gloss and its term on the screen");
  expect(gloss.y >= word.y + word.height || gloss.y + gloss.height <= word.y).toBe(true);
  await page.mouse.move(0, 0);
  await expect(page.locator(".gloss")).toHaveCount(0);
  await term.focus();
  await expect(page.locator(".gloss")).toBeVisible();
  await expect(term).toHaveAttribute("aria-describedby", "gloss");
  await page.keyboard.press("Escape");
  await expect(page.locator(".gloss")).toHaveCount(0);
});

test("the formula of every stage is MathML with all its names, and reads out in words", async ({ page }) => {
  await open(page, "model=none&text=dog+bites+man&position=rotary&causal=true&softcap=2");
  const stops = await page.locator("[data-stop]").evaluateAll((all) => all.map((one) => one.dataset.stop ?? ""));
  for (const stop of stops) {
    await page.locator(`[data-stop="${stop}"]`).click();
    await page.locator(`.scene [data-stage="${stop}"]`).first().click();
    const formula = page.locator(".equation [data-formula]");
    await expect(formula.locator("math").first()).toBeAttached();
    const [text, drawn, label] = await formula.evaluate((one) => [
      one.getAttribute("data-formula") ?? "",
      one.textContent ?? "",
      one.getAttribute("aria-label") ?? "",
    ]);
    // The index under a maximum is set apart from it.
    for (const name of text?.replace(/\bmax_/g, "max ").match(/[a-z]+(_[a-z]+)*/gi) ?? [])
      expect(drawn, text).toContain(name);
    expect(label?.length, text).toBeGreaterThan(10);
  }
});
