/** What an author controls: parts that are hidden or locked, links in the prose that drive the element, and its events. */

import { expect, test } from "@playwright/test";
import { PARTS } from "../../www/state/fields.ts";
import { allReady, hostPage, tag, twoOrigins, UNTRAINED } from "./host.ts";
import type { Play } from "./page.ts";
import { snippet } from "./snippets.ts";

const hosts = twoOrigins();
const script = () => `<script type="module" src="${hosts.package}/element.js"></script>`;

test("every part can be locked: it stands, and no control of it can be used", async ({ page }) => {
  await hostPage(page, hosts, script() + tag(`model="pronoun" lesson="pronoun" lock="${PARTS.join()}"`));
  await allReady(page);
  await page.locator("[data-tool]").first().waitFor({ state: "attached" });
  const found = await page.locator("attention-playground").evaluate((one) => {
    const inside = [
      ...(one.shadowRoot as ShadowRoot).querySelectorAll<HTMLButtonElement>("button, input, select, textarea"),
    ];
    // The picture and what is for looking at it are no part.
    const others = inside.filter((control) => !control.closest(".scene, .below, .crumbs"));
    return {
      locked: one.shadowRoot?.querySelectorAll("fieldset.locked").length,
      controls: others.length,
      free: others.filter((control) => !control.matches(":disabled")).map((control) => control.outerHTML.slice(0, 90)),
    };
  });
  expect(found.free).toEqual([]);
  expect(found.controls).toBeGreaterThan(30);
  expect(found.locked).toBeGreaterThanOrEqual(8);
});

test("what is locked looks as it does otherwise, and is read aloud", async ({ page }) => {
  const boxes: string[][] = [];
  for (const lock of ["", PARTS.join()]) {
    await hostPage(page, hosts, script() + tag(`${UNTRAINED} lock="${lock}"`));
    await allReady(page);
    await page.locator("[data-tool]").first().waitFor({ state: "attached" });
    const found = page.locator(".header, .strip, .panel, .transport, .caption");
    boxes.push(
      await found.evaluateAll((all) =>
        all.map((one) => `${one.className} ${Object.values(one.getBoundingClientRect().toJSON()).join(" ")}`),
      ),
    );
  }
  expect(boxes[0]).toHaveLength(5);
  expect(boxes[1]).toEqual(boxes[0]);
  await expect(page.getByRole("slider").first()).toBeDisabled();
});

test("a locked transport takes no keys, an open one does", async ({ page }) => {
  await hostPage(page, hosts, script() + tag(`${UNTRAINED} lock="transport"`));
  await allReady(page);
  const cell = () => page.locator("attention-playground").evaluate((one) => (one as Play).state.cell);
  const before = await cell();
  await page.locator(".zoom button").last().focus();
  await page.keyboard.press("ArrowRight");
  expect(await cell()).toBe(before);
  await page.locator("attention-playground").evaluate((one) => one.removeAttribute("lock"));
  await page.keyboard.press("ArrowRight");
  await expect.poll(cell).not.toBe(before);
});

test("every part can be hidden", async ({ page }) => {
  await hostPage(page, hosts, script() + tag(`${UNTRAINED} hide="${PARTS.join()}"`));
  await allReady(page);
  for (const part of [".header", ".strip", ".panel", ".transport", ".sentence", "textarea"])
    await expect(page.locator(part), part).toHaveCount(0);
  await expect(page.locator(".scene")).toBeVisible();
});

test("the snippet with hide and lock", async ({ page }) => {
  await hostPage(page, hosts, snippet("lock.html", hosts.package));
  await allReady(page);
  await expect(page.locator(".header")).toHaveCount(0);
  await expect(page.locator('[data-stop="weights"]')).toBeDisabled();
  await expect(page.locator(".transport .play")).toBeEnabled();
});

test("links drive the element, by mouse and by keyboard, with and without an address", async ({ page }) => {
  await hostPage(page, hosts, snippet("links.html", hosts.package));
  await allReady(page);
  const pin = () => page.locator("attention-playground").evaluate((one) => (one as Play).state.pin);
  const [first, second] = [page.getByRole("link", { name: "weight" }), page.getByRole("link", { name: "score" })];
  await first.click();
  await expect.poll(pin).toBe("weights,0,0,2");
  expect(new URL(page.url()).hash, "the address stays").toBe("");
  await second.focus();
  await page.keyboard.press("Enter");
  await expect.poll(pin).toBe("scores,0,0,2");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await expect.poll(pin).toBe("weights,0,0,2");
});

test("a link far from its element brings it on the screen and starts it; one that is wrong is told of", async ({
  page,
}) => {
  await hostPage(
    page,
    hosts,
    `${script()}<section>${tag(`${UNTRAINED} id="near"`)}</section><section><p><a href="#" data-attention-goto="weights,0,1,2">far</a>
     <a href="#" data-attention-goto="weights,9,9,9">wrong</a></p><div style="height:5000px"></div>${tag(`${UNTRAINED} id="far"`)}</section>`,
  );
  await page.evaluate(() => customElements.whenDefined("attention-playground"));
  await page.evaluate(() =>
    document
      .getElementById("far")
      ?.addEventListener("error", (event) =>
        Object.assign(globalThis, { told: (event as unknown as CustomEvent).detail }),
      ),
  );
  await page.getByRole("link", { name: "far" }).click();
  const pin = (id: string) => page.locator(`#${id}`).evaluate((one) => (one as Play).state.pin);
  await expect.poll(() => pin("far")).toBe("weights,0,1,2");
  expect(await pin("near")).toBe("");
  await page.getByRole("link", { name: "wrong" }).click();
  await expect
    .poll(() => page.evaluate(() => (globalThis as { told?: unknown }).told))
    .toMatchObject({
      code: "link",
      message: expect.stringContaining("found [9,9,9]"),
    });
});

test("a link that somebody else has followed, and one without an element, are left alone", async ({ page }) => {
  await hostPage(
    page,
    hosts,
    `${script()}<a href="#done" data-attention-goto="weights" onclick="event.preventDefault()">done</a>
     <a href="#nobody" data-attention-goto="weights" data-attention-for="nobody">nobody</a>${tag(UNTRAINED)}`,
  );
  await allReady(page);
  const stage = () => page.locator("attention-playground").evaluate((one) => (one as Play).state.stage);
  const before = await stage();
  await page.getByRole("link", { name: "done" }).click();
  await page.getByRole("link", { name: "nobody" }).click();
  expect(new URL(page.url()).hash, "a link as any other").toBe("#nobody");
  await page.waitForTimeout(300);
  expect(await stage()).toBe(before);
});

test("where the script for links cannot be had they lead to their addresses", async ({ page }) => {
  await page.route("**/links*.js", (route) => route.abort());
  await hostPage(page, hosts, `${script()}<a href="#there" data-attention-goto="weights">there</a>${tag(UNTRAINED)}`);
  await allReady(page);
  await page.getByRole("link", { name: "there" }).click();
  await expect.poll(() => new URL(page.url()).hash).toBe("#there");
});

test("the property takes matrices, the text of some, and nothing", async ({ page }) => {
  await hostPage(page, hosts, script() + tag(UNTRAINED));
  await allReady(page);
  const given = await page.locator("attention-playground").evaluate((one) => {
    const play = one as unknown as { matrices: unknown };
    const x = { shape: [1, 2], data: [1, 2] };
    return [{ x }, null, JSON.stringify({ x }), undefined, JSON.stringify({ x }), ""].map((value) => {
      play.matrices = value;
      return play.matrices;
    });
  });
  const x = { shape: [1, 2], data: [1, 2] };
  expect(given).toEqual([{ x }, null, { x }, null, { x }, null]);
});

test("the snippet with events", async ({ page }) => {
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  await hostPage(page, hosts, `${script()}${tag(UNTRAINED)}<script>${snippet("events.js", hosts.package)}</script>`);
  await allReady(page);
  await page.locator('[data-stop="weights"]').click();
  await page.locator("attention-playground").evaluate((one) => (one as Play).goto("scores", [0, 1, 2]));
  await expect
    .poll(() => said)
    .toEqual(expect.arrayContaining([expect.stringMatching(/^user weights/), "scores,0,1,2"]));
});
