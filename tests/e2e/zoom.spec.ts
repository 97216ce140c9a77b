/** The closer zooms: a row and a cell of every stage, every number of them held against the trace and against what the engine says. */

import { expect, type Page, test } from "@playwright/test";
import type { Explanation } from "../../www/engine/types.ts";
import { misprint, open, type Play, state, trace, traced } from "./page.ts";

type Of = Awaited<ReturnType<typeof trace>>;

interface Shown {
  data: Record<string, string>;
  text: string;
}

/** What the scene shows and the engine's answer for the cell that is looked at. */
const shown = (page: Page): Promise<{ cells: Shown[] }> =>
  page.locator("attention-playground").evaluate((element) => {
    const root = element.shadowRoot as ShadowRoot;
    const cells = [...root.querySelectorAll<HTMLElement>(".scene .grid:not(.virtual) .cell")]
      .filter((cell) => getComputedStyle(cell).visibility !== "hidden")
      .map((cell) => ({ data: { ...cell.dataset } as Record<string, string>, text: cell.textContent ?? "" }));
    return { cells };
  });

const explain = (page: Page, cell: string): Promise<Explanation> =>
  page.locator("attention-playground").evaluate((element, name) => {
    const [stage = "", ...index] = name.split(",");
    return (element as Play).explain(stage, index.map(Number));
  }, cell);

/** Says what is wrong with the numbers on show, and how many there are of each kind. */
async function check(page: Page, of: Of): Promise<{ cells: number; between: number; constants: number }> {
  const { cells } = await shown(page);
  const wrong: string[] = [];
  const told = new Map<string, Explanation>();
  const counts = { cells: 0, between: 0, constants: 0 };
  for (const { data, text } of cells) {
    let value: number | undefined;
    if (data.stage !== undefined) {
      counts.cells++;
      value = traced(of, data.stage, (data.index ?? "").split(",").map(Number));
    } else if (data.between !== undefined) {
      counts.between++;
      const why = told.get(data.of ?? "") ?? (await explain(page, data.of ?? ""));
      told.set(data.of ?? "", why);
      value = why.terms[Number(data.term)]?.[data.between as "product" | "running"];
    } else if (data.constant !== undefined) {
      counts.constants++;
      value = of.config[data.constant] as number;
    }
    const what = value === undefined ? `a number that is nothing: ${JSON.stringify(data)}` : misprint(text, value);
    if (what) wrong.push(`${JSON.stringify(data)} ${what}`);
  }
  expect(wrong).toEqual([]);
  return counts;
}

/** How many terms the cell that is looked at is made of. */
const termsOf = async (page: Page): Promise<number> => {
  const cell = page.locator(".equation .result [data-stage]");
  const name = [await cell.getAttribute("data-stage"), await cell.getAttribute("data-index")].join();
  return (await explain(page, name)).terms.length;
};

/** Operands of the cell that is looked at, as the engine names them, that do not stand in the scene. */
const missing = (page: Page): Promise<string[]> =>
  page.locator("attention-playground").evaluate(async (element) => {
    const root = element.shadowRoot as ShadowRoot;
    const cell = root.querySelector<HTMLElement>(".equation .result [data-stage]");
    if (!cell) return ["no equation"];
    const { terms } = await (element as Play).explain(
      cell.dataset.stage ?? "",
      (cell.dataset.index ?? "").split(",").map(Number),
    );
    return terms
      .flatMap(({ factors }) => factors)
      .filter(({ stage, index }) => !root.querySelector(`.scene [data-stage="${stage}"][data-index="${index}"]`))
      .map(({ stage, index }) => `${stage},${index}`);
  });

test("above 512 tokens a weight is its products, and no number stands there that the engine did not give", async ({
  page,
}) => {
  test.setTimeout(90_000);
  const text = Array.from({ length: 520 }, (_, n) => `w${n}`).join("+");
  await open(page, `model=none&heads=1&head-dim=4&text=${text}&stage=weights&zoom=cell&token=3`);
  await expect(page.locator(".scene [data-between=product]")).toHaveCount(4);
  await expect(page.locator(".scene [data-between=running]")).toHaveCount(0);
  expect((await check(page, await trace(page))).cells).toBeGreaterThan(8);
});

const INPUTS = [
  "text=dog+bites+man&heads=2&head-dim=3",
  "position=rotary&text=dog+bites+man&mask=0-1_2-2&head-dim=4",
  "position=alibi&causal=true&window=1,0&softcap=2&text=dog+bites+man+again&head-dim=3",
  "attention=cross&kv-heads=1&text=the+dog+bites&key-text=man&head-dim=3",
  "attention=gated_delta&kv-heads=1&text=dog+bites+man&head-dim=2",
  "model=pronoun",
];

for (const query of INPUTS) {
  test(`every number of every row and cell is true: ${query}`, async ({ page }) => {
    test.setTimeout(120_000);
    await open(page, `${query}&zoom=row`);
    const of = await trace(page);
    const stops = await page.locator("[data-stop]").evaluateAll((all) => all.map((one) => one.dataset.stop ?? ""));
    for (const stop of stops) {
      for (const zoom of ["row", "cell"] as const) {
        await page.locator("attention-playground").evaluate(
          (element, next) => {
            (element as Play).state = next as never;
          },
          { stage: stop, zoom, cell: -2, pin: "" },
        );
        const stage = of.stages.find(({ id }) => id === stop);
        await expect(page.locator(".scene .cell:visible").first(), `${stop} as ${zoom}`).toBeVisible();
        await page.waitForTimeout(600);
        const counts = await check(page, of);
        expect(counts.cells, `${stop} as ${zoom}`).toBeGreaterThan(0);
        // What the cell is made of stands beside it (in a small room a wide matrix is a picture, without numbers).
        if (query !== "model=pronoun") expect(await missing(page), `${stop} as ${zoom}`).toEqual([]);
        // A cell of a sum says what each of its terms comes to.
        const sums = ["matmul", "affine", "sum", "max", "rotate", "add"].includes(stage?.op ?? "");
        if (zoom === "cell" && sums && (await termsOf(page)) > 1) expect(counts.between, stop).toBeGreaterThan(1);
        if (zoom === "cell" && stage?.op === "scale") expect(counts.constants).toBe(1);
      }
    }
  });
}

test("from the matrix to one multiplication and back, by keys, by the trail, and by the address", async ({ page }) => {
  await open(page);
  await page.keyboard.press("2");
  await expect(page.locator(".crumbs")).toContainText("“it”");
  await expect(page).toHaveURL(/zoom=row/);
  await page.keyboard.press("3");
  await expect(page.locator(".crumbs [aria-current]")).toHaveText("“street”");
  await expect(page.locator(".scene [data-between=product]").first()).toBeVisible();
  // Eight numbers of the query, eight of the key, eight products, eight sums, and the score.
  const of = await trace(page);
  const { cells } = await shown(page);
  expect(cells.length).toBe(4 * of.config.headDim + 1);
  const last = cells.filter(({ data }) => data.between === "running").at(-1);
  const score = cells.find(({ data }) => data.stage === "scores");
  expect(last?.text).toBe(score?.text);
  // Steps walk from cell to cell, at the same zoom; from stage to stage the row and the column stay.
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(".crumbs [aria-current]")).toHaveText("“because”");
  await page.keyboard.press("l");
  await expect(page.locator(".crumbs")).toContainText("Scaled");
  await expect(page.locator(".crumbs [aria-current]")).toHaveText("“because”");
  await page.locator(".crumbs button").first().click();
  await expect(page).not.toHaveURL(/zoom=/);
  await page.goBack();
  await expect(page.locator(".crumbs [aria-current]")).toHaveText("“because”");
});

test("at the very beginning what is given stands in the nearer zooms, and no number on what is not made yet", async ({
  page,
}) => {
  for (const [zoom, first] of [
    ["row", 8],
    ["cell", 1],
  ] as const) {
    await open(page, `model=none&headDim=4&stage=embeddings&cell=-1&zoom=${zoom}`);
    const of = await trace(page);
    await expect.poll(async () => (await check(page, of)).cells).toBe(first);
    await open(page, `model=none&headDim=4&stage=scores&cell=-1&zoom=${zoom}`);
    await expect(page.locator(".equation .result [data-stage]")).toHaveCount(1);
    await expect.poll(async () => (await check(page, await trace(page))).cells).toBeGreaterThan(first - 1);
    const made = await page.locator('.scene .cell[data-stage="scores"]').filter({ visible: true }).count();
    expect(made).toBe(0);
  }
});

test("a link leads to a cell; a click on another number of the row looks at that", async ({ page }) => {
  await open(page, "stage=weights&zoom=row&pin=weights,1,7,5");
  await expect(page.locator(".crumbs")).toContainText("Weights");
  await page.locator('.scene [data-stage="weights"][data-index="1,7,1"]').click();
  await page.keyboard.press("3");
  await expect(page.locator(".crumbs [aria-current]")).toHaveText("“animal”");
  await page.locator("attention-playground").evaluate((element) => (element as Play).goto("scores", [1, 2, 3]));
  await expect(page.locator(".crumbs")).toContainText("“didn't”");
  expect((await check(page, await trace(page))).cells).toBeGreaterThan(0);
});

test("it plays at every zoom, true at any moment", async ({ page }) => {
  for (const zoom of ["row", "cell"]) {
    await open(page, `model=none&text=dog+bites+man&head-dim=3&stage=scores&cell=0&speed=4&zoom=${zoom}`);
    const of = await trace(page);
    await page.keyboard.press(" ");
    for (let n = 0; n < 6; n++) {
      await page.waitForTimeout(250);
      expect((await check(page, of)).cells).toBeGreaterThan(0);
    }
    await page.keyboard.press(" ");
    const { stage, cell } = await state(page);
    // Or on to the stage that follows, whose operands take their places first.
    expect(stage !== "scores" || cell > 0, `${zoom}: ${stage}, ${cell}`).toBe(true);
  }
});

test("after zooming in, a press holds the cell under the pointer, and the nearer zooms show all of theirs", async ({
  page,
}) => {
  const words = Array.from(
    { length: 35 },
    (_, n) => ["the", "animal", "crossed", "a", "street", "and", "looked"][n % 7],
  );
  await open(page, `model=none&stage=weights&text=${words.join("+")}`);
  const scene = page.locator(".scene");
  const room = (await scene.boundingBox()) as { x: number; y: number; width: number; height: number };
  const at = { x: room.x + room.width * 0.75, y: room.y + room.height * 0.6 };
  await page.mouse.move(at.x, at.y);
  await page.keyboard.down("Control");
  for (let n = 0; n < 7; n++) await page.mouse.wheel(0, -120);
  await page.keyboard.up("Control");
  const under = () =>
    page.locator("attention-playground").evaluate((element, { x, y }) => {
      const cells = element.shadowRoot?.elementsFromPoint(x, y) ?? [];
      const cell = cells.find((one) => one.matches(".cell")) as HTMLElement | undefined;
      return cell && `${cell.dataset.stage},${cell.dataset.index}`;
    }, at);
  await expect.poll(under).toMatch(/^weights,/);
  const pressed = await under();
  await page.mouse.down();
  await page.mouse.up();
  await expect.poll(async () => (await state(page)).pin).toBe(pressed);
  expect(await under()).toBe(pressed);
  for (const key of ["3", "2"]) {
    await page.keyboard.press(key);
    await expect(page.locator(".scene.zoomed")).toHaveCount(0);
    await expect(page.locator(".crumbs [aria-current]")).toBeVisible();
    const boxes = await page
      .locator(".scene .grid")
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
    expect(boxes.length).toBeGreaterThan(1);
    for (const { left, right, top, bottom } of boxes) {
      expect(left).toBeGreaterThanOrEqual(room.x);
      expect(right).toBeLessThanOrEqual(room.x + room.width);
      expect(top).toBeGreaterThanOrEqual(room.y - 30);
      expect(bottom).toBeLessThanOrEqual(room.y + room.height);
    }
  }
});

/** Pairs of words of the scene that stand over one another. */
const overprinted = (page: Page): Promise<string[]> =>
  page.locator("attention-playground").evaluate((element) => {
    const words = [...(element.shadowRoot?.querySelectorAll(".scene :is(.title, .label, .note)") ?? [])];
    const placed = words.map((word) => ({ text: word.textContent, box: word.getBoundingClientRect() }));
    return placed.flatMap(({ text, box }, n) =>
      placed
        .slice(n + 1)
        .filter(({ box: other }) => {
          const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
          const down = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
          return across > 1 && down > 4;
        })
        .map((other) => `${text} / ${other.text}`),
    );
  });

for (const [width, height] of [
  [390, 844],
  [360, 640],
] as const)
  test(`on a phone of ${width} x ${height} a long sum has all of its terms, one to a line`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    for (const stage of ["query", "output"]) {
      await open(page, `stage=${stage}&zoom=cell`);
      await expect(page.locator(".scene [data-between=running]")).toHaveCount(await termsOf(page));
      expect(await missing(page), stage).toEqual([]);
      expect(await overprinted(page), stage).toEqual([]);
      await check(page, await trace(page));
      // the last of the sums so far is what the cell holds
      const last = page.locator(".scene [data-between=running]").last();
      const result = page.locator(`.scene [data-stage=${stage}]`);
      expect(await last.textContent()).toBe(await result.textContent());
      const scene = await page.locator(".scene").boundingBox();
      const end = await result.boundingBox();
      expect((end?.y ?? 0) + (end?.height ?? 0)).toBeLessThanOrEqual((scene?.y ?? 0) + (scene?.height ?? 0));
    }
    // What is short takes no more than it did.
    await page.locator("attention-playground").evaluate((element) => {
      (element as Play).state = { zoom: "matrix" } as never;
    });
    await expect.poll(async () => (await page.locator(".scene").boundingBox())?.height).toBeLessThan(width * 1.1);
  });

for (const language of ["en", "zh"])
  test(`on a phone what stands over the columns of a cell is whole, and apart: ${language}`, async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const stage of ["query", "scores", "row_max", "row_sum", "mixed", "output"]) {
      await open(page, `lang=${language}&stage=${stage}&zoom=cell`);
      const titles = await page.locator(".scene .title").evaluateAll((all) =>
        all.map((one) => {
          const { left, right, top } = one.getBoundingClientRect();
          return { text: one.textContent ?? "", left, right, top, cut: one.scrollWidth > one.clientWidth + 1 };
        }),
      );
      expect(titles.length, stage).toBeGreaterThan(2);
      for (const { text, right, left, top, cut } of titles) {
        expect(cut, `${stage}: ${text}`).toBe(false);
        const next = titles.filter((other) => other.top === top && other.left > left);
        for (const other of next) expect(other.left - right, `${stage}: ${text} and ${other.text}`).toBeGreaterThan(2);
      }
    }
  });

for (const [width, height] of [
  [390, 844],
  [768, 1024],
  [1440, 900],
] as const)
  test(`a sum too long for ${width} x ${height} has its first and last terms, and says how many are between`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height });
    await open(page, "model=none&heads=16&head-dim=16&stage=output&zoom=cell");
    await expect(page.locator(".scene .note")).toHaveText(/\d+/);
    const left = Number((await page.locator(".scene .note").textContent())?.match(/\d+/)?.[0]);
    const running = page.locator(".scene [data-between=running]");
    const all = await termsOf(page);
    await expect(running.first()).toHaveAttribute("data-term", "0");
    await expect(running.last()).toHaveAttribute("data-term", String(all - 1));
    expect((await running.count()) + left).toBe(all);
    expect(await overprinted(page)).toEqual([]);
    await check(page, await trace(page));
  });

test("what a token reads of the state before it stands on its own line, and nothing stands on that of the first", async ({
  page,
}) => {
  /** The names over the matrices, and the cells line by line, as the reader sees them. */
  const lines = () =>
    page.locator("attention-playground").evaluate((element) => {
      const root = element.shadowRoot as ShadowRoot;
      const text = (query: string) => [...root.querySelectorAll(`.scene ${query}`)].map((one) => one.textContent);
      const cells = [...root.querySelectorAll<HTMLElement>(".scene .cell")]
        .filter((cell) => getComputedStyle(cell).visibility !== "hidden")
        .map((cell) => ({ box: cell.getBoundingClientRect(), name: `${cell.dataset.stage},${cell.dataset.index}` }))
        .sort((a, b) => a.box.y - b.box.y || a.box.x - b.box.x);
      const tops = [...new Set(cells.map(({ box }) => box.y))];
      const named = (y: number) => cells.filter(({ box }) => box.y === y).map(({ name }) => name);
      return { titles: text(".title"), tokens: text(".label.row"), lines: tops.map(named) };
    });
  const cell = (stage: string, token: number) =>
    [0, 1].flatMap((c) => [0, 1].map((d) => `${stage},0,${token},${c},${d}`));
  const query = "attention=linear&stage=state&text=the+cat+sat&heads=1&head-dim=2";
  await open(page, query);
  const all = await lines();
  expect(all.titles).toEqual(["Update", "+ State before", "= State"]);
  expect(all.tokens).toEqual(["the", "cat", "sat"]);
  expect(all.lines).toEqual([
    [...cell("update", 0), ...cell("state", 0)],
    [...cell("update", 1), ...cell("state", 0), ...cell("state", 1)],
    [...cell("update", 2), ...cell("state", 1), ...cell("state", 2)],
  ]);
  // Half way, what is not made yet is not there to be read either.
  await open(page, `${query}&cell=4`);
  expect((await lines()).lines[1]).toEqual([...cell("update", 1), ...cell("state", 0)]);
  await open(page, `${query}&zoom=row&token=1`);
  await expect.poll(lines).toMatchObject({ tokens: ["cat"], lines: [all.lines[1]] });
  // Before the first token nothing stands that could decay.
  await open(page, "attention=gated_delta&text=dog+bites+man&head-dim=2&stage=decayed&zoom=row&token=0");
  await expect.poll(async () => (await lines()).titles).toEqual(["Decayed"]);
});

for (const lang of ["en", "zh"])
  test(`a row says between its lanes what is done to each, whole and apart, ${lang}`, async ({ page }) => {
    for (const [width, height] of [
      [360, 640],
      [1440, 900],
    ] as const) {
      await page.setViewportSize({ width, height });
      await open(page, `stage=weights&zoom=row&lang=${lang}`);
      const { config } = await trace(page);
      const said = await page.locator(".scene .note").allTextContents();
      const [max, sum] = lang === "en" ? ["Row max", "Row sum"] : ["行最大值", "行和"];
      const number = said[0]?.replace("↓ × ", "") ?? "";
      expect(said).toEqual([`↓ × ${number}`, `↓ − ${max}`, "↓ eˣ", `↓ ÷ ${sum}`]);
      expect(misprint(number, config.scale)).toBeUndefined();
      await expect(page.locator(".scene .note[data-constant=scale]")).toHaveCount(1);
      // Each lane bears the name of its own stage, without the sign of what led to it.
      for (const title of await page.locator(".scene .title").allTextContents()) expect(title).not.toMatch(/[×÷−^]/);
      expect(await overprinted(page)).toEqual([]);
      const cut = await page
        .locator(".scene .title")
        .evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent));
      expect(cut).toEqual([]);
    }
  });

test("on a phone the keys that a row meets have their names over them", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, "stage=scores&zoom=row");
  const { tokens } = await trace(page);
  await expect(page.locator(".scene .label.column")).toHaveText(tokens.key);
  expect(await overprinted(page)).toEqual([]);
});
