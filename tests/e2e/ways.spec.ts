/** Each way in, as the document has it: copied out of it, and run. */

import { expect, test } from "@playwright/test";
import { allReady, frameIn, hostPage, twoOrigins } from "./host.ts";
import type { Play } from "./page.ts";
import { snippet } from "./snippets.ts";

const hosts = twoOrigins();

test("the element, by one line; without JavaScript, what stands between its tags", async ({ page, browser }) => {
  const errors = await hostPage(page, hosts, snippet("element.html", hosts.package));
  await allReady(page);
  await expect(page.locator('.scene[data-scene="weights"]')).toBeVisible();
  await expect(page.locator(".header")).toHaveCount(0);
  expect(errors).toEqual([]);
  const plain = await browser.newPage({ javaScriptEnabled: false });
  await plain.goto(`${hosts.page}/host.html`);
  const link = plain.getByRole("link", { name: "Attention, step by step" });
  await expect(link).toBeVisible();
  expect(await link.getAttribute("href")).toBe(`${hosts.package}/embed.html?text=dog+bites+man&heads=1&stage=weights`);
  await plain.close();
});

test("the frame, and the script that goes with it", async ({ page }) => {
  const script = `<script>${snippet("frame.js", hosts.package)}</script>`;
  const errors = await hostPage(page, hosts, snippet("frame.html", hosts.package) + script);
  const frame = await frameIn(page, hosts);
  const pin = () => frame.locator("attention-playground").evaluate((one) => (one as Play).state?.pin);
  await expect.poll(pin).toBe("weights,0,1,2");
  const { height, wanted } = await page.locator("iframe").evaluate((one) => ({
    height: one.getBoundingClientRect().height,
    wanted: Number((one as HTMLIFrameElement).height),
  }));
  expect(height).toBe(wanted);
  expect(errors).toEqual([]);
});
