/** What one looks at a long input with: the overview, finding a token, filters, zoom and pan by everything, swiping between stages. */

import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { open as openPage, type Play, state, trace, traced } from "./page.ts";

const words = (count: number) => Array.from({ length: count }, (_, n) => `w${(n * 7919) % 997}`).join("+");
test.use({ viewport: { width: 1440, height: 900 } });

const LONG = `model=none&heads=1&stage=weights&text=${words(128)}`;

/** The tools come after the first picture. */
async function open(page: Page, query: string): Promise<void> {
  await openPage(page, query);
  await expect(page.locator('[data-tool="find"]')).toBeVisible();
}

const grid = (page: Page) => page.locator('.scene > .overlay .grid[data-view^="weights"]');
const zoomed = (page: Page) => page.locator(".scene").evaluate((scene) => scene.classList.contains("zoomed"));
const minimap = (page: Page) => page.locator(".minimap");

/** Where the result stands relative to the scene, in pixels. */
const place = (page: Page) =>
  grid(page).evaluate((element) => {
    const scene = element.closest(".scene")?.getBoundingClientRect() as DOMRect;
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x: x - scene.x, y: y - scene.y, width, height };
  });

/** Takes its time where there are many cells. */
async function serious(page: Page): Promise<string[]> {
  test.setTimeout(120_000);
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`);
}

test("a double click zooms to where numbers are readable, and back; no text is selected", async ({ page }) => {
  await open(page, LONG);
  await expect(grid(page)).toHaveClass(/virtual/);
  const before = await grid(page).boundingBox();
  if (!before) throw new Error("no grid");
  const at = { x: before.x + before.width / 3, y: before.y + before.height / 3 };
  await page.mouse.dblclick(at.x, at.y);
  await expect(grid(page)).not.toHaveClass(/virtual/);
  expect(await page.evaluate(() => getSelection()?.toString())).toBe("");
  const under = page.locator('.scene .cell[data-stage="weights"]').first();
  expect((await under.boundingBox())?.height).toBeGreaterThanOrEqual(14);
  await page.waitForTimeout(400);
  await page.mouse.dblclick(at.x, at.y);
  await expect(grid(page)).toHaveClass(/virtual/);
  expect(await grid(page).boundingBox()).toEqual(before);
});

test("keys zoom and pan wherever the focus is, but in a text; the wheel pans, sideways with Shift", async ({
  page,
}) => {
  await open(page, LONG);
  await page.locator('[data-field="text"]').focus();
  await page.keyboard.press("0");
  expect((await state(page)).text).toMatch(/0$/);
  expect(await zoomed(page)).toBe(false);
  await page.locator('.play, [data-tool="find"]').first().focus();
  for (let n = 0; n < 8; n++) await page.keyboard.press("+");
  expect(await zoomed(page)).toBe(true);
  const start = await place(page);
  await page.keyboard.press("Shift+ArrowRight");
  const right = await place(page);
  expect(right.x).toBeLessThan(start.x - 20);
  expect(right.y).toBe(start.y);
  await page.keyboard.press("Shift+ArrowDown");
  expect((await place(page)).y).toBeLessThan(right.y - 20);
  await page.locator(".scene").hover({ position: { x: 300, y: 200 } });
  const there = await place(page);
  await page.keyboard.down("Shift");
  await page.mouse.wheel(0, 60);
  await page.keyboard.up("Shift");
  await expect.poll(async () => (await place(page)).x).toBeCloseTo(there.x - 60, 0);
  expect((await place(page)).y).toBe(there.y);
  await page.mouse.wheel(0, 40);
  await expect.poll(async () => (await place(page)).y).toBeCloseTo(there.y - 40, 0);
  await page.keyboard.press("0");
  expect(await zoomed(page)).toBe(false);
});

test("the overview shows what is in sight, takes one elsewhere, and hides nothing that is asked", async ({ page }) => {
  await open(page, LONG);
  await expect(minimap(page)).toBeHidden();
  await page.locator(".play").focus();
  for (let n = 0; n < 10; n++) await page.keyboard.press("+");
  await expect(minimap(page)).toBeVisible();
  const frame = () => page.locator(".minimap i").boundingBox();
  const box = await minimap(page).locator("canvas").boundingBox();
  if (!box) throw new Error("no overview");
  await page.mouse.click(box.x + box.width * 0.2, box.y + box.height * 0.8);
  const [first, at] = [await frame(), await place(page)];
  const room = await page.locator(".scene").boundingBox();
  // The frame is the scene, as a part of the result.
  expect((first?.width ?? 0) / box.width).toBeCloseTo((room?.width ?? 0) / at.width, 1);
  expect(((first?.x ?? 0) + (first?.width ?? 0) / 2 - box.x) / box.width).toBeCloseTo(0.2, 1);
  // To a pixel of the overview.
  const off = Math.abs(at.x + at.width * 0.2 - (room?.width ?? 0) / 2);
  expect(off).toBeLessThanOrEqual(at.width / box.width);
  await minimap(page).focus();
  await page.keyboard.press("ArrowUp");
  expect((await frame())?.y).toBeLessThan((first?.y ?? 0) - 3);
  expect(await serious(page)).toEqual([]);
  // A cell that is held under it: the overview is elsewhere.
  const corner = await minimap(page).getAttribute("data-corner");
  const overview = await minimap(page).boundingBox();
  const under = await page.locator(".scene").evaluate(
    (scene, [x, y]) => {
      const root = scene.getRootNode() as ShadowRoot;
      const cell = root.elementsFromPoint(x as number, y as number).find((one) => one.matches(".cell"));
      return (cell as HTMLElement | undefined)?.dataset.index ?? "";
    },
    [(overview?.x ?? 0) + 20, (overview?.y ?? 0) + 20],
  );
  expect(under).not.toBe("");
  await page.locator("attention-playground").evaluate((element, index) => {
    (element as Play).state = { ...(element as Play).state, pin: `weights,${index}` };
  }, under);
  await expect(minimap(page)).not.toHaveAttribute("data-corner", corner ?? "");
});

test("at the zoom of a row, a token that is found is lit where it stands, and nowhere else", async ({ page }) => {
  await open(page, "stage=weights&zoom=row");
  await expect(page.locator(".crumbs")).toContainText("“it”");
  await page.locator('[data-tool="find"]').click();
  await page.locator("[data-find]").fill("street");
  const column = page.locator(".bands .column").first();
  await expect(column).toBeVisible();
  // The row on show is that of another token.
  await expect(page.locator(".bands .row")).toHaveCount(0);
  const [lit, cell] = [
    await column.boundingBox(),
    await page.locator('.scene .cell[data-stage="weights"][data-index="1,7,5"]').boundingBox(),
  ];
  expect(Math.abs((lit?.x ?? 0) - (cell?.x ?? Number.NaN))).toBeLessThan(3);
});

test("finding a token counts, lights and brings into sight; Shift and Enter choose it", async ({ page }) => {
  await open(page, LONG);
  await grid(page).focus();
  await page.keyboard.press("/");
  const field = page.locator("[data-find]");
  await expect(field).toBeFocused();
  await field.fill("w9");
  const tokens = (await trace(page)).tokens.query;
  const matches = tokens.flatMap((token, n) => (token.includes("w9") ? [n] : []));
  expect(matches.length).toBeGreaterThan(5);
  const found = page.locator("[data-found]");
  const says = (n: number) =>
    `${n + 1} of ${matches.length}: “${tokens[matches[n] ?? 0]}”, token ${(matches[n] ?? 0) + 1}`;
  await expect(found).toHaveText(says(0));
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  await expect(found).toHaveText(says(2));
  await page.keyboard.press("ArrowUp");
  await expect(found).toHaveText(says(1));
  const match = matches[1] ?? 0;
  // Its row and its column cross in sight, at the cell of the token with itself.
  const cell = await page.locator(`.scene .cell[data-index="0,${match},${match}"][data-stage="weights"]`).boundingBox();
  const room = await page.locator(".scene").boundingBox();
  if (!cell || !room) throw new Error("the match is not in sight");
  expect(cell.x).toBeGreaterThan(room.x);
  expect(cell.y + cell.height).toBeLessThan(room.y + room.height);
  const rows = await page.locator(".bands .row").evaluateAll((all) => all.map((one) => one.getBoundingClientRect().y));
  expect(rows.some((y) => Math.abs(y - cell.y) < 2)).toBe(true);
  expect(await serious(page)).toEqual([]);
  await page.keyboard.press("Shift+Enter");
  expect((await state(page)).token).toBe(match);
  await page.keyboard.press("Escape");
  await expect(field).toHaveCount(0);
  await expect(page.locator(".bands")).toBeHidden();
});

test("nothing of the zoomed picture is left at its edge when all is shown and a token is looked for", async ({
  page,
}) => {
  await open(page, "");
  const [closer, , all] = await page.locator(".zoom button:not([data-tool])").all();
  for (let n = 0; n < 3; n++) await closer?.click();
  await expect(minimap(page)).toBeVisible();
  await page.waitForTimeout(500);
  await page.screenshot();
  await all?.click();
  await page.waitForTimeout(500);
  await page.locator('[data-tool="find"]').click();
  await expect(page.locator("[data-find]")).toBeFocused();
  await page.waitForTimeout(500);
  const { x, y, width, height } = (await page.locator(".scene").boundingBox()) as DOMRect;
  // A picture of a part would be drawn anew: the whole one is what stands there.
  const png = (await page.screenshot()).toString("base64");
  const dark = await page.evaluate(
    async ([data, x, y, height]) => {
      const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
      const context = new OffscreenCanvas(6, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(await createImageBitmap(new Blob([bytes])), -x, -y);
      return context.getImageData(0, 0, 6, height).data.filter((value, n) => n % 4 === 0 && value < 200).length;
    },
    [png, x + width - 6, y, Math.floor(height)] as const,
  );
  expect(dark).toBe(0);
});

test("Ctrl and F is the browser's where the scene has no focus", async ({ page }) => {
  await open(page, "");
  await page.locator('[data-field="text"]').focus();
  await page.keyboard.press("Control+f");
  await expect(page.locator("[data-find]")).toHaveCount(0);
  await page.locator(".scene .grid").last().focus();
  await page.keyboard.press("Control+f");
  await expect(page.locator("[data-find]")).toBeFocused();
  await page.keyboard.type("it");
  await expect(page.locator("[data-found]")).toContainText("of 1: “it”, token 8");
});

test("filters fade what is small, say what is kept, and change no number", async ({ page }) => {
  await open(page, "stage=weights");
  await page.locator('[data-tool="filter"]').click();
  await page.locator('[data-field="topK"]').fill("3");
  await page.locator('[data-field="topK"]').press("Enter");
  await page.locator('[data-field="threshold"]').fill("0.1");
  await page.locator('[data-field="threshold"]').press("Enter");
  expect(await state(page)).toMatchObject({ threshold: 0.1, topK: 3 });
  const data = await trace(page);
  const head = await page.locator(".scene .cell[data-stage='weights']").first().getAttribute("data-index");
  const h = Number(head?.split(",")[0]);
  const rows = await page
    .locator(".rows [data-kept-row]")
    .evaluateAll((all) =>
      all.map(({ dataset }) => ({ count: Number(dataset.keptCount), share: Number(dataset.keptShare) })),
    );
  expect(rows).toHaveLength(12);
  const faded: string[] = [];
  for (const [query, { count, share }] of rows.entries()) {
    const weights = Array.from({ length: 12 }, (_, key) => traced(data, "weights", [h, query, key]));
    const least = [...weights].sort((a, b) => b - a)[2] as number;
    const kept = weights.filter((weight) => weight >= least && weight >= 0.1);
    expect(count).toBe(kept.length);
    const sum = (all: number[]) => all.reduce((a, b) => a + b, 0);
    expect(share).toBeCloseTo(sum(kept) / sum(weights), 12);
    for (const [key, weight] of weights.entries()) if (!kept.includes(weight)) faded.push(`${h},${query},${key}`);
  }
  const marked = await page
    .locator(".scene .cell.faded[data-stage='weights']")
    .evaluateAll((all) => all.map((cell) => (cell as HTMLElement).dataset.index));
  expect(marked).toEqual(faded);
  // Every number stands in the page as before, and the arcs follow.
  await expect(page.locator(".scene .cell[data-stage='weights']")).toHaveCount(144);
  const faint = await page
    .locator(".arcs path")
    .evaluateAll((all) => all.filter((path) => Number(path.getAttribute("opacity")) < 0.13).length);
  expect(faint).toBeGreaterThan(5);
  // Faded on the canvas, too: near the colour of the paper.
  const pixel = () =>
    page.locator(".scene > canvas").evaluate((canvas, index) => {
      const scene = canvas.parentElement as HTMLElement;
      const cell = scene.querySelector(`.cell[data-stage="weights"][data-index="${index}"]`) as HTMLElement;
      const [a, b] = [cell.getBoundingClientRect(), scene.getBoundingClientRect()];
      const context = (canvas as HTMLCanvasElement).getContext("2d") as CanvasRenderingContext2D;
      return context.getImageData(a.x - b.x + 3, a.y - b.y + 3, 1, 1).data[0] as number;
    }, `${h},0,5`);
  expect(faded).toContain(`${h},0,5`);
  const light = await pixel();
  expect(await serious(page)).toEqual([]);
  await page.locator("[data-filter-off]").click();
  expect(await pixel()).toBeLessThan(light - 5);
  await expect(page.locator(".cell.faded")).toHaveCount(0);
  await openPage(page, "stage=weights&threshold=0.1");
  await expect(page.locator(".legend [data-kept-row]")).toContainText("Faded: filtered.");
});

test.describe("with a finger", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  async function swipe(
    page: Page,
    from: { x: number; y: number },
    to: { x: number; y: number },
    during?: () => Promise<void>,
  ) {
    const session = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", points: { x: number; y: number }[]) =>
      session.send("Input.dispatchTouchEvent", { type, touchPoints: points });
    await touch("touchStart", [from]);
    const steps = 8;
    for (let n = 1; n <= steps; n++)
      await touch("touchMove", [
        { x: from.x + ((to.x - from.x) * n) / steps, y: from.y + ((to.y - from.y) * n) / steps },
      ]);
    await during?.();
    await touch("touchEnd", []);
  }

  const sceneAt = async (page: Page) => {
    const box = await page.locator(".scene").boundingBox();
    if (!box) throw new Error("no scene");
    return { left: { x: box.x + 50, y: box.y + 150 }, right: { x: box.x + box.width - 50, y: box.y + 150 } };
  };

  test("a swipe goes to the next stage, with its picture coming in, and back", async ({ page }) => {
    await open(page, "stage=scores");
    const { left, right } = await sceneAt(page);
    await swipe(page, right, left, async () => {
      await expect(page.locator('.beside .grid[data-view^="scaled"]')).toHaveCount(1);
    });
    await expect(page.locator(".scene")).toHaveAttribute("data-scene", "scaled");
    await expect(page.locator(".beside")).toHaveCount(0);
    expect(await state(page)).toMatchObject({ stage: "scaled", pin: "" });
    await swipe(page, left, right);
    await expect(page.locator(".scene")).toHaveAttribute("data-scene", "scores");
    await expect(page.locator('.strip [aria-current="step"]')).toHaveAttribute("data-stop", "scores");
  });

  test("where the transport is locked a swipe goes nowhere", async ({ page }) => {
    await open(page, "stage=scores&lock=transport,strip");
    const { left, right } = await sceneAt(page);
    await swipe(page, right, left, async () => {
      await expect(page.locator(".beside .grid")).toHaveCount(0);
    });
    await expect(page.locator(".beside")).toHaveCount(0);
    expect(await state(page)).toMatchObject({ stage: "scores" });
  });

  test("a short swipe comes back, one down scrolls the page, and with reduced motion nothing moves", async ({
    page,
  }) => {
    await open(page, "stage=scores");
    const { right } = await sceneAt(page);
    // Slowly: no flick.
    await swipe(page, right, { x: right.x - 40, y: right.y }, () => page.waitForTimeout(300));
    await expect(page.locator(".beside")).toHaveCount(0);
    await expect(page.locator(".scene")).toHaveAttribute("data-scene", "scores");
    await swipe(page, right, { x: right.x, y: right.y - 140 });
    await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(60);
    await expect(page.locator(".scene")).toHaveAttribute("data-scene", "scores");
    await page.evaluate(() => scrollTo(0, 0));
    await page.emulateMedia({ reducedMotion: "reduce" });
    const at = await sceneAt(page);
    await swipe(page, at.right, at.left, async () => {
      await expect(page.locator(".beside")).toHaveCount(0);
    });
    await expect(page.locator(".scene")).toHaveAttribute("data-scene", "scaled");
  });
});
