/** Pages that are hard on their guests: a strict policy with Trusted Types, styles that reach everywhere, another direction, forced colours. */

import { expect, type Page, test } from "@playwright/test";
import { allReady, hostPage, LARGE, tag, twoOrigins, UNTRAINED } from "./host.ts";
import type { Play } from "./page.ts";
import { header } from "./snippets.ts";

const hosts = twoOrigins();
const script = (path = "element.js") => `<script type="module" src="${hosts.package}/${path}"></script>`;

/** Uses everything that makes elements, styles, workers or images. */
async function useAll(page: Page): Promise<void> {
  await allReady(page);
  const first = page.locator("attention-playground").first();
  await first.locator("[data-tool]").first().waitFor({ state: "attached" });
  await first.evaluate(async (one) => {
    const play = one as Play;
    for (const zoom of ["row", "cell", "matrix"] as const) {
      play.state = { stage: "weights", zoom } as Play["state"];
      await play.explain("weights", [0, 0, 0]);
      await play.updateComplete;
    }
    play.goto("weights", [0, 1, 0]);
    await play.toBlob("image/png");
  });
  await first.locator(".equation").first().waitFor();
  await first.evaluate((one) => {
    (one as Play).state = { model: "dates" } as Play["state"];
  });
  await expect.poll(() => first.evaluate((one) => (one as Play).trace?.config.heads)).toBeGreaterThan(0);
  for (const model of ["digits", "recall"]) {
    const before = await first.evaluateHandle((one) => (one as Play).trace);
    await first.evaluate((one, model) => {
      (one as Play).state = { model } as Play["state"];
    }, model);
    await page.waitForFunction((old) => (document.querySelector("attention-playground") as Play).trace !== old, before);
  }
}

test("the policy in the document is enough, from another origin", async ({ page }) => {
  const errors = await hostPage(page, hosts, script() + tag() + tag(LARGE), header("cross-origin", hosts.package));
  await useAll(page);
  expect(errors.filter((error) => !/data:|favicon/.test(error))).toEqual([]);
});

test("two versions on one page need leave for policies of one name, and then stand", async ({ page }) => {
  const { "Content-Security-Policy": policy = "" } = header("cross-origin", hosts.package);
  const both = script() + script("later/element.js") + tag(LARGE);
  const refused = await hostPage(page, hosts, both, { "Content-Security-Policy": policy });
  await allReady(page);
  await expect.poll(() => refused.some((error) => /policy/i.test(error))).toBe(true);
  const errors = await hostPage(page, hosts, both, { "Content-Security-Policy": `${policy} 'allow-duplicates'` });
  await allReady(page);
  await page.waitForLoadState("networkidle");
  expect(errors.filter((error) => !/data:|favicon/.test(error))).toEqual([]);
});

test("the policy in the document is enough for the frame", async ({ page, request }) => {
  const from = new URL(test.info().project.use.baseURL as string).origin;
  const { "Content-Security-Policy": policy = "" } = header("frame", from);
  // The element alone needs no style: that is all which the frame has besides.
  const alone = header("same-origin", from)["Content-Security-Policy"];
  expect(policy.replace(" style-src 'self';", "")).toBe(alone);
  await page.route("**/embed.html*", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": policy } });
  });
  expect((await request.get("./embed.html")).ok()).toBe(true);
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto("./embed.html");
  await useAll(page);
  expect(errors.filter((error) => !/favicon/.test(error))).toEqual([]);
});

test("less than the policy in the document is not enough", async ({ page }) => {
  const less = header("cross-origin", hosts.package)["Content-Security-Policy"]?.replace(" attention-playground", "");
  await hostPage(page, hosts, script() + tag(LARGE, "<p>the fallback</p>"), { "Content-Security-Policy": less });
  await expect(page.locator(".problem")).toBeVisible();
  await expect(page.getByText("the fallback")).toBeVisible();
});

test("where every style of the page is unset, with force, the picture stands all the same", async ({ page }) => {
  const style = "<style>* { all: unset !important; }</style>";
  await hostPage(page, hosts, `${style}${script()}${tag(UNTRAINED)}`);
  await allReady(page);
  const box = await page.locator("attention-playground").boundingBox();
  expect(box?.width).toBeGreaterThan(600);
  expect(box?.height).toBeGreaterThan(400);
  const grid = await page.locator('.grid[data-view^="scores"]').boundingBox();
  expect(grid?.width).toBeGreaterThan(50);
  await page.locator('[data-stop="weights"]').click();
  await expect(page.locator('.scene[data-scene="weights"]')).toBeVisible();
});

test("an author can still take it away, by attribute, style and sheet", async ({ page }) => {
  await hostPage(page, hosts, `<style>.gone { display: none }</style>${script()}${tag(UNTRAINED)}`);
  await allReady(page);
  const element = page.locator("attention-playground");
  for (const [name, value] of [
    ["hidden", ""],
    ["style", "display: none"],
    ["class", "gone"],
  ] as const) {
    await element.evaluate((one, [name, value]) => one.setAttribute(name, value), [name, value] as const);
    await expect(element).toBeHidden();
    await element.evaluate((one, name) => one.removeAttribute(name), name);
    await expect(element).toBeVisible();
  }
});

test("in a page from right to left matrices keep their order, and nothing runs out at the side", async ({ page }) => {
  await hostPage(page, hosts, `<div dir="rtl" lang="ar">${script()}${tag(UNTRAINED)}</div>`);
  await allReady(page);
  const x = async (cell: string) =>
    (await page.locator(`.grid [data-index="${cell}"]`).first().boundingBox())?.x ?? NaN;
  expect(await x("0,0,0")).toBeLessThan(await x("0,0,1"));
  // Signs stand before their numbers, and the ends of a scale beside its colours.
  const order = await page.evaluate(() => {
    const root = document.querySelector("attention-playground")?.shadowRoot as ShadowRoot;
    const left = (text: Text, n: number) => {
      const range = document.createRange();
      range.setStart(text, n);
      range.setEnd(text, n + 1);
      return range.getBoundingClientRect().left;
    };
    const minus = [...root.querySelectorAll(".grid .cell")].find((cell) => cell.textContent?.startsWith("−"));
    const text = minus?.firstChild as Text;
    const scale = root.querySelector(".scale") as Element;
    const at = (part: string) => scale.querySelector(part)?.getBoundingClientRect().left ?? Number.NaN;
    return { number: left(text, 0) < left(text, 1), scale: at(".low") < at(".high") };
  });
  expect(order).toEqual({ number: true, scale: true });
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
});

test("what a page sets for its own text does not reach the element", async ({ page }) => {
  const style =
    "white-space:nowrap;text-indent:60px;letter-spacing:4px;text-transform:uppercase;writing-mode:vertical-rl";
  await hostPage(
    page,
    hosts,
    `<div style="${style}"><div style="width:1000px;writing-mode:horizontal-tb">${script()}${tag(UNTRAINED)}</div></div>`,
  );
  await allReady(page);
  const wide = await page.locator(".panel").evaluate((panel) => panel.scrollWidth - panel.clientWidth);
  expect(wide).toBeLessThanOrEqual(0);
  const about = page.locator(".caption .about");
  const { textIndent, letterSpacing, textTransform } = await about.evaluate((one) => getComputedStyle(one));
  expect([textIndent, letterSpacing, textTransform]).toEqual(["0px", "normal", "none"]);
});

test("with forced colours what is chosen still shows", async ({ page }) => {
  await page.emulateMedia({ forcedColors: "active" });
  await hostPage(page, hosts, script() + tag(UNTRAINED));
  await allReady(page);
  const outline = (selector: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((one) => getComputedStyle(one).outlineStyle);
  expect(await outline(".stop[aria-current]")).toBe("solid");
  expect(await outline('.token[aria-pressed="true"]')).toBe("solid");
});
