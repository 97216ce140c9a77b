/** Ready states on the page: the list of them, and each opens without a complaint, at the stage that it names. */

import { expect, test } from "@playwright/test";
import states from "../../www/gallery/states.json" with { type: "json" };
import { open, state } from "./page.ts";

for (const { id, title, state: set } of states as { id: string; title: { en: string }; state: { stage?: string } }[]) {
  test(`${id} opens from the list as it is`, async ({ page }) => {
    await open(page, "model=none&theme=dark");
    await page.locator(".lessons summary").click();
    const link = page.locator(`[data-ready="${id}"]`);
    await expect(link).toHaveText(title.en);
    await open(page, ((await link.getAttribute("href")) ?? "").slice(1));
    expect(await state(page)).toMatchObject({ ...set, theme: "dark" });
    await expect(page.locator(".scene")).toHaveAttribute("data-scene", set.stage ?? "scores");
    await expect(page.locator(".problem, .stale")).toHaveCount(0);
  });
}

test("the list speaks the language of the page, and leads on in it", async ({ page }) => {
  await open(page, "lang=zh");
  await page.locator(".lessons summary").click();
  const link = page.locator('[data-ready="causal"]');
  await expect(link).toHaveText("因果：没有词能看到后面的词");
  await link.click();
  await expect.poll(async () => (await state(page)).lang).toBe("zh");
  await expect.poll(async () => (await state(page)).stage).toBe("masked");
});
