/** The panel under "Share": its link, its files, its films, the code for other pages; by mouse and by keyboard, in two languages. */

import { readFileSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";
import { type Download, expect, type Page, test } from "@playwright/test";
import { traceFromJson } from "../../www/take/json.ts";
import { open, type Play, state, trace } from "./page.ts";

const SENTENCE = "model=none&text=dog+bites+man";

const panelOf = (page: Page) => page.locator(".share-panel").first();

async function share(page: Page): Promise<void> {
  await page.locator(".sharing summary").click();
  await expect(panelOf(page)).toBeVisible();
}

/** A browser lets a page save ten files within a second; what is more it drops without a word. */
const SAVES_MS = 120;

async function take(page: Page, id: string): Promise<Download> {
  await page.waitForTimeout(SAVES_MS);
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
  const summary = page.locator(".sharing summary");
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

test("opened, closed and opened again in haste it is all there", async ({ page }) => {
  await open(page);
  await page.route(/share|panel/, async (route) => {
    await new Promise((done) => setTimeout(done, 300));
    await route.continue();
  });
  const toggle = () =>
    page.locator(".sharing").evaluate((details: HTMLDetailsElement) => {
      details.open = !details.open;
    });
  await toggle();
  await page.waitForTimeout(100);
  await toggle();
  await page.waitForTimeout(1000);
  await toggle();
  await page.waitForTimeout(300);
  await expect(panelOf(page)).toBeVisible();
  // Twice in one turn.
  await page.locator(".sharing").evaluate((details: HTMLDetailsElement) => {
    details.open = false;
    details.open = true;
  });
  await page.waitForTimeout(300);
  await expect(panelOf(page)).toBeVisible();
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

test("a link from a page that begins with a state of its own says what was taken back", async ({ page }) => {
  const ready = () => page.waitForFunction(() => (document.querySelector("attention-playground") as Play)?.trace);
  await page.goto("/gallery/causal/");
  await ready();
  expect((await state(page)).causal).toBe(true);
  await page.locator("attention-playground").evaluate((element) => {
    (element as Play).state = { ...(element as Play).state, causal: false };
  });
  await share(page);
  const link = await page.locator("[data-link]").inputValue();
  const before = await state(page);
  expect(before.causal).toBe(false);
  await page.goto(link);
  await ready();
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
    csv: "\ufeff,dog,bites,man\r\n",
    npy: "\ufffdNUMPY",
    latex: "% \\usepackage{amsmath}\n\\[",
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

test("a film ends with its element, and nothing is downloaded", async ({ page }) => {
  await open(page, SENTENCE);
  await share(page);
  let downloads = 0;
  page.on("download", () => downloads++);
  await page.locator("[data-make]").click();
  await expect(page.locator("progress")).toBeVisible();
  await page.locator("attention-playground").evaluate((element) => element.remove());
  await page.waitForTimeout(4000);
  expect(downloads).toBe(0);
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
  // Of an iframe nobody has measured it, nor of other models.
  await page.locator('[name="way"][value="frame"]').check();
  await expect(page.locator("[data-weighs]")).toHaveCount(0);
  await page.locator('[name="way"][value="element"]').check();
  // What is pressed in the preview is not pressed on the page.
  const before = await state(page);
  await inner.locator("[data-stop]").first().click();
  await inner.locator("[data-stop]").first().focus();
  await page.keyboard.press("ArrowRight");
  expect(await state(page)).toEqual(before);
});

test("what was not measured is not told, and the reader's own model is not promised", async ({ page }) => {
  await open(page, "model=order");
  await share(page);
  await expect(page.locator("[data-snippet]")).toBeVisible();
  await expect(page.locator("[data-weighs], [data-own]")).toHaveCount(0);
});

const HOSTILE = [
  "<script>globalThis.ran=1</script>",
  "<img src=https://leak.example/x onerror=globalThis.ran=1>",
  "]]></text><script>globalThis.ran=1</script>",
  '"; import os; os.system("x") #',
  "=cmd|' /C calc'!A0",
  "\\input{/etc/passwd}\\write18{x}",
  "a\0b\u001b]0;x\u0007",
  "\u202eabc\u2066\u200f",
  "../../../etc/passwd",
  "x".repeat(65_536),
];

test("hostile tokens through every file: nothing runs, nothing leaks, all is well-formed", async ({ page }) => {
  const foreign: string[] = [];
  page.on("request", (request) => {
    if (!/^(http:\/\/127\.0\.0\.1|blob:|data:)/.test(request.url())) foreign.push(request.url());
  });
  await open(page, "model=none");
  await page.locator("attention-playground").evaluate((element, tokens) => {
    const x = { shape: [tokens.length, 2], data: tokens.flatMap((_, n) => [Math.sin(n), Math.cos(n)]) };
    (element as Play).matrices = { tokens, q: x, k: x, v: x } as never;
  }, HOSTILE);
  await expect.poll(async () => (await trace(page)).tokens.query.length).toBe(HOSTILE.length);
  await page.locator("attention-playground").evaluate((element) => (element as Play).goto("weights"));
  await share(page);
  const files = new Map<string, string>();
  for (const id of ["svg", "png", "trace", "npz", "safetensors", "csv", "npy", "latex", "numpy", "torch", "state"]) {
    const file = await take(page, id);
    expect(file.suggestedFilename()).toMatch(/^attention[\w-]*\.(svg|png|json|npz|npy|safetensors|csv|tex|py)$/);
    files.set(id, (await contents(file)).toString());
  }
  const text = (id: string) => files.get(id) ?? "";
  expect(traceFromJson(text("trace")).tokens.query[0]).toBe(HOSTILE[0]);
  expect(JSON.parse(text("state")).matrices.tokens).toEqual(HOSTILE);
  // As a page of its own the picture runs nothing either.
  const found = await page.evaluate(async (svg) => {
    const frame = document.createElement("iframe");
    frame.srcdoc = svg;
    document.body.append(frame);
    await new Promise((done) => {
      frame.onload = done;
    });
    const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
    return {
      broken: parsed.querySelector("parsererror")?.textContent ?? "",
      scripts: parsed.querySelectorAll("script, foreignObject, image, a, use").length,
      within: Boolean((frame.contentWindow as Window & { ran?: number })?.ran),
    };
  }, text("svg"));
  expect(found).toEqual({ broken: "", scripts: 0, within: false });
  for (const id of ["svg", "csv", "latex", "numpy", "torch"]) {
    const own = text(id).replaceAll(/\r?\n/g, "");
    expect([id, own.match(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200e\u200f]/u)]).toEqual([id, null]);
  }
  expect(text("csv")).not.toMatch(/(^|,)"?[=+@]/m);
  expect(text("latex")).not.toMatch(/\\(input|write)/);
  await page.locator("[data-preview]").check();
  await page.locator(".preview attention-playground").evaluate((element) => (element as Play).ready);
  expect(await page.evaluate(() => "ran" in globalThis)).toBe(false);
  expect(foreign).toEqual([]);
});

test("a hostile link is read as values: nothing of it runs, and what is shared again is as safe", async ({ page }) => {
  const text = '"><img src=x onerror=globalThis.ran=1></iframe><script>globalThis.ran=1</script>';
  const query = new URLSearchParams({
    model: "../../models/x",
    text,
    stage: "<script>",
    hide: "header,<b>",
    pin: "scores,0,0,0);alert(1",
    lang: "__proto__",
    edits: "constructor,0=1",
    matrices: "{".repeat(500),
  });
  await open(page, query.toString());
  await share(page);
  const code = (await page.locator('[data-snippet="element"]').textContent()) ?? "";
  expect(code.match(/</g)).toHaveLength(4);
  const link = await page.locator("[data-link]").inputValue();
  expect(new URL(link).searchParams.get("text")).toBe(text);
  expect(await page.evaluate(() => "ran" in globalThis)).toBe(false);
});
