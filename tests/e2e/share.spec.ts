/** The panel under "Share": its link, its files, its films, the code for other pages; by mouse and by keyboard, in two languages. */

import { readFileSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";
import { type Download, expect, type Page, test } from "@playwright/test";
import { traceFromJson } from "../../www/take/json.ts";
import { open, type Play, state, trace } from "./page.ts";

const SENTENCE = "model=none&text=dog+bites+man";

const panelOf = (page: Page) => page.locator(".share-panel").first();

async function share(page: Page): Promise<void> {
  await page.locator(".share summary").click();
  await expect(panelOf(page)).toBeVisible();
}

async function take(page: Page, id: string): Promise<Download> {
  const download = page.waitForEvent("download");
  await page.locator(`[data-take="${id}"]`).click();
  return download;
}

const contents = async (file: Download) => readFileSync(await file.path());

for (const [lang, scheme] of [
  ["en", "light"],
  ["zh", "dark"],
] as const) {
  test(`${lang}, ${scheme}: it is clean for readers of screens`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await open(page, `lang=${lang}`);
    await share(page);
    await page.locator("[data-make]").waitFor();
    const { violations } = await new AxeBuilder({ page }).include("attention-playground").analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });
}

test("by the keyboard: opened, walked through, closed with Escape, and the focus is back", async ({ page }) => {
  await open(page);
  const before = await page.locator(".scene").boundingBox();
  const summary = page.locator(".share summary");
  await summary.focus();
  await page.keyboard.press("Enter");
  await expect(panelOf(page)).toBeVisible();
  expect(await page.locator(".scene").boundingBox()).toEqual(before);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await expect(page.locator("[data-link]")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(panelOf(page)).toHaveCount(0);
  await expect(summary).toBeFocused();
  await share(page);
  await panelOf(page).getByRole("button", { name: "Close" }).click();
  await expect(summary).toBeFocused();
});

test("the link leads to what is on show", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page, `${SENTENCE}&stage=weights&head=1`);
  await share(page);
  await page.locator("[data-copy-link]").click();
  await expect(page.locator("[data-said]")).toHaveText("Copied.");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const before = await state(page);
  await page.goto(link);
  await page.waitForFunction(() => (document.querySelector("attention-playground") as Play)?.trace);
  expect(await state(page)).toEqual(before);
});

test("a state that is too long for a link is there as a file", async ({ page }) => {
  await open(page, "model=none");
  const text = "dog ".repeat(600);
  await page.locator("attention-playground").evaluate((element, text) => {
    (element as Play).state = { ...(element as Play).state, text };
  }, text);
  await share(page);
  await expect(panelOf(page)).toContainText("a link holds 2000");
  const saved = JSON.parse((await contents(await take(page, "state"))).toString());
  expect(saved.text).toBe(text);
  await page.locator('[value="frame"]').check();
  await expect(page.locator("[data-snippet]")).toHaveCount(0);
  await expect(panelOf(page)).toContainText("too long for an address");
});

test("every file comes, under a name that says what it is", async ({ page }) => {
  await open(page, `${SENTENCE}&stage=weights`);
  await share(page);
  const of = await trace(page);
  const beginnings: Record<string, string> = {
    svg: "<svg xmlns=",
    png: "\ufffdPNG",
    trace: '{"version":1',
    npz: "PK\u0003\u0004",
    csv: ",dog,bites,man\r\n",
    npy: "\ufffdNUMPY",
    latex: "\\[",
    numpy: "# Rebuilds every number",
    torch: "# Rebuilds every number",
    state: '{\n "attentionPlayground": 1',
  };
  const names: Record<string, string> = {};
  for (const [id, beginning] of Object.entries({ ...beginnings, safetensors: "" })) {
    const file = await take(page, id);
    names[id] = file.suggestedFilename();
    const text = (await contents(file)).toString();
    expect([id, text.slice(0, beginning.length)]).toEqual([id, beginning]);
    if (id === "trace") expect(Array.from(traceFromJson(text).data)).toEqual(of.data);
  }
  expect(names).toEqual({
    svg: "attention-weights.svg",
    png: "attention-weights.png",
    trace: "attention-trace.json",
    npz: "attention.npz",
    safetensors: "attention.safetensors",
    csv: "attention-weights.csv",
    npy: "attention-weights.npy",
    latex: "attention-row.tex",
    numpy: "attention-numpy.py",
    torch: "attention-torch.py",
    state: "attention-playground.json",
  });
});

/** The pictures of an animation, as the browser decodes them: how many there are, and whether the first is the last. */
const decoded = (page: Page, bytes: Buffer) =>
  page.evaluate(async (base64) => {
    const data = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const decoder = new ImageDecoder({ data, type: "image/gif" });
    await decoder.tracks.ready;
    await decoder.completed;
    const frames = decoder.tracks.selectedTrack?.frameCount ?? 0;
    const pixels = async (frameIndex: number) => {
      const { image } = await decoder.decode({ frameIndex });
      const canvas = new OffscreenCanvas(image.displayWidth, image.displayHeight);
      const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(image, 0, 0);
      return {
        size: `${canvas.width} × ${canvas.height}`,
        data: context.getImageData(0, 0, canvas.width, canvas.height).data,
      };
    };
    const [first, last] = [await pixels(0), await pixels(frames - 1)];
    let differ = 0;
    for (let n = 0; n < first.data.length; n++) if (first.data[n] !== last.data[n]) differ++;
    return { frames, size: first.size, differ };
  }, bytes.toString("base64"));

test("a GIF of the stage has the pictures that were told, and they move", async ({ page }) => {
  await open(page, `${SENTENCE}&stage=weights`);
  await share(page);
  const facts = await page.locator(".film .note").textContent();
  const download = page.waitForEvent("download");
  await page.locator("[data-make]").click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("attention-weights.gif");
  const { frames, size, differ } = await decoded(page, await contents(file));
  expect(facts).toContain(`${frames} pictures of ${size} pixels`);
  expect(frames).toBeGreaterThan(20);
  expect(differ).toBeGreaterThan(1000);
  await expect(page.locator("[data-film]")).toContainText("KB");
});

test("a film that is stopped leaves nothing behind", async ({ page }) => {
  await open(page, SENTENCE);
  await share(page);
  await page.locator('[name="reach"][value="all"]').check();
  await page.locator("[data-make]").click();
  await page.locator("[data-stop-film]").click();
  await expect(page.locator("[data-make]")).toBeVisible();
  await expect(page.locator("[data-film]")).toHaveText("");
});

test("a video, where the browser encodes one; else it says so", async ({ page }) => {
  test.setTimeout(120_000);
  await open(page, `${SENTENCE}&stage=scaled`);
  await share(page);
  await page.locator('[name="kind"][value="video"]').check();
  const download = page.waitForEvent("download", { timeout: 100_000 }).catch(() => undefined);
  await page.locator("[data-make]").click();
  await expect(page.locator("[data-film]")).toHaveText(/KB|encodes no video/, { timeout: 100_000 });
  if ((await page.locator("[data-film]").textContent())?.includes("no video")) return;
  const file = (await download) as Download;
  const bytes = await contents(file);
  const length = await page.evaluate(
    async ([base64, type]) => {
      const video = document.createElement("video");
      video.src = `data:${type};base64,${base64}`;
      await new Promise((done, failed) => {
        video.onloadedmetadata = done;
        video.onerror = failed;
      });
      return video.duration;
    },
    [bytes.toString("base64"), file.suggestedFilename().endsWith("mp4") ? "video/mp4" : "video/webm"] as const,
  );
  expect(length).toBeGreaterThan(2);
});

test("the code for a page holds the state, and the preview is what it says", async ({ page }) => {
  await open(page, `${SENTENCE}&causal=true&stage=masked`);
  await share(page);
  await page.locator('[data-without="header"]').check();
  const code = await page.locator('[data-snippet="element"]').textContent();
  expect(code).toContain('text="dog bites man"');
  expect(code).toContain('hide="header"');
  await page.locator("[data-preview]").check();
  const inner = page.locator(".preview attention-playground");
  await inner.evaluate((element) => (element as Play).ready);
  const values = (await inner.evaluate((element) => (element as Play).state)) as unknown as Record<string, unknown>;
  expect(values).toMatchObject({ text: "dog bites man", causal: true, stage: "masked", hide: "header" });
  const weighs = Number(await page.locator("[data-weighs]").getAttribute("data-weighs"));
  expect(weighs).toBeGreaterThan(100_000);
  expect(weighs).toBeLessThan(300_000);
  // What is pressed in the preview is not pressed on the page.
  const before = await state(page);
  await inner.locator("[data-stop]").first().click();
  await inner.locator("[data-stop]").first().focus();
  await page.keyboard.press("ArrowRight");
  expect(await state(page)).toEqual(before);
});
