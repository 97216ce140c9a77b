/** Changing numbers: what follows is computed, Back undoes, a link repeats; and the way from a number to what is made of it. */

import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { misprint, open, type Play, rerun, state, trace, traced } from "./page.ts";

type Traced = Awaited<ReturnType<typeof trace>>;

const cells = (of: Traced, id: string): number[] => {
  const stage = of.stages.find((stage) => stage.id === id);
  if (!stage) throw new Error(`no ${id}`);
  return of.data.slice(stage.offset, stage.offset + stage.shape.reduce((a, b) => a * b, 1));
};
const shapeOf = (of: Traced, id: string): number[] => of.stages.find((stage) => stage.id === id)?.shape ?? [];
const goto = (page: Page, stage: string, index: number[]) =>
  page
    .locator("attention-playground")
    .evaluate((element, cell) => (element as Play).goto(cell.stage, cell.index), { stage, index });

/** Softmax and mix of one query again, rounded where the engine rounds. */
function again(of: Traced, head: number, query: number) {
  const [, queries = 0, keys = 0] = shapeOf(of, "scores");
  const scores = cells(of, "scores").slice((head * queries + query) * keys, (head * queries + query + 1) * keys);
  const scaled = scores.map((score) => Math.fround(score * of.config.scale));
  const max = Math.max(...scaled);
  const exps = scaled.map((score) => Math.fround(Math.exp(Math.fround(score - max))));
  const sum = Math.fround(exps.reduce((a, b) => a + b, 0));
  const weights = exps.map((e) => Math.fround(e / sum));
  const dim = shapeOf(of, "value")[2] ?? 1;
  const value = cells(of, "value");
  const mixed = Array.from({ length: dim }, (_, c) =>
    Math.fround(weights.reduce((total, w, j) => total + w * (value[(head * keys + j) * dim + c] ?? 0), 0)),
  );
  return { weights, mixed };
}

test("a score of the trained model is changed: the rest follows, Back undoes, the link repeats it", async ({
  page,
}) => {
  await open(page);
  const before = await trace(page);
  const { queries, keys, dim } = {
    queries: shapeOf(before, "scores")[1] ?? 0,
    keys: shapeOf(before, "scores")[2] ?? 0,
    dim: shapeOf(before, "mixed")[2] ?? 0,
  };
  await goto(page, "scores", [1, 8, 6]);
  await page.locator("[data-change]").fill("-7.5");
  await rerun(page, () => page.locator("[data-change]").press("Enter"));
  const now = await trace(page);
  expect((await state(page)).edits).toBe("scores,1,8,6=-7.5");
  expect(traced(now, "scores", [1, 8, 6])).toBe(-7.5);
  expect(cells(now, "query")).toEqual(cells(before, "query"));
  const { weights, mixed } = again(now, 1, 8);
  const row = (1 * queries + 8) * keys;
  cells(now, "weights")
    .slice(row, row + keys)
    .forEach((weight, j) => {
      expect(weight).toBeCloseTo(weights[j] ?? Number.NaN, 6);
    });
  cells(now, "mixed")
    .slice((queries + 8) * dim, (queries + 9) * dim)
    .forEach((value, c) => {
      expect(value).toBeCloseTo(mixed[c] ?? Number.NaN, 5);
    });
  expect(cells(now, "output")).not.toEqual(cells(before, "output"));
  // The equation says what would have stood there, and so does the line above it.
  const computed = traced(before, "scores", [1, 8, 6]);
  await expect(page.locator(".equation .terms")).toContainText("changed by you");
  expect(misprint((await page.locator('[data-constant="computed"]').textContent()) ?? "", computed)).toBeUndefined();
  const was = page.locator("[data-became] [data-of=before]");
  expect(misprint((await was.textContent()) ?? "", computed)).toBeUndefined();
  const link = page.url();
  await rerun(page, () => page.goBack());
  expect((await trace(page)).data).toEqual(before.data);
  expect((await state(page)).edits).toBe("");
  await rerun(page, () => page.goForward());
  await page.goto("about:blank");
  await page.goto(link);
  await page.locator("attention-playground").evaluate((element) => (element as Play).ready);
  expect((await trace(page)).data).toEqual(now.data);
  // One back, and all back.
  await page.locator("[data-zero]").click();
  await expect.poll(async () => (await state(page)).edits).toBe("scores,1,8,6=0");
  await rerun(page, () => page.locator("[data-back]").click());
  expect((await trace(page)).data).toEqual(before.data);
});

test("what is no good says so and leaves the picture", async ({ page }) => {
  await open(page);
  const before = await trace(page);
  const set = (edits: string) =>
    page.locator("attention-playground").evaluate((element, edits) => {
      (element as Play).state = { edits } as Play["state"];
    }, edits);
  await set("scores,1,8=3");
  await expect(page.locator('[data-problem="edits"]')).toContainText("an edit of scores at an index within");
  await expect(page.locator(".stale")).toBeVisible();
  expect((await trace(page)).data).toEqual(before.data);
  await rerun(page, () => set(""));
  await expect(page.locator(".problem")).toHaveCount(0);
  await set("scores,1,8,6=much");
  await expect(page.locator('[data-problem="edits"]')).toContainText("stage,i,j=value");
  expect((await state(page)).edits).toBe("");
  await rerun(page, () => set("scores,1,8,6=2"));
  await expect(page.locator(".problem")).toHaveCount(0);
});

test("the way forward leads from a number of the input to the output", async ({ page }) => {
  await open(page, "model=none&text=dog+bites+man");
  await goto(page, "embeddings", [1, 0]);
  const visited: string[] = [];
  for (let n = 0; n < 20; n++) {
    const cell = (await state(page)).pin;
    visited.push(cell.split(",")[0] ?? "");
    await expect(page.locator("[data-goes] [data-stage], [data-goes=nowhere]").first()).toBeVisible();
    const next = page.locator("[data-goes] [data-stage]").last();
    if ((await page.locator("[data-goes] [data-stage]").count()) === 0) break;
    const [stage, index] = [await next.getAttribute("data-stage"), await next.getAttribute("data-index")];
    const of = await trace(page);
    const value = traced(of, stage ?? "", (index ?? "").split(",").map(Number));
    expect(misprint((await next.textContent()) ?? "", value)).toBeUndefined();
    await next.click();
    await expect.poll(async () => (await state(page)).pin).toBe(`${stage},${index}`);
    // The number it came from is among its operands.
    const operands = await page
      .locator("attention-playground")
      .evaluate((element, at) => (element as Play).explain(at.stage, at.index), {
        stage: stage ?? "",
        index: (index ?? "").split(",").map(Number),
      });
    const named = operands.terms.flatMap(({ factors }) => factors).map((factor) => `${factor.stage},${factor.index}`);
    expect(named).toContain(cell);
  }
  expect(visited[0]).toBe("embeddings");
  expect(visited.at(-1)).toBe("output");
});

test("a key is dropped from a trained model, and stays one; how far the output moved is worked out of both", async ({
  page,
}) => {
  await open(page);
  const before = await trace(page);
  const { head, token } = { head: 1, token: 8 };
  await page.locator("attention-playground").evaluate((element) => {
    (element as Play).state = { head: 1, token: 8 } as Play["state"];
  });
  await goto(page, "weights", [head, token, 5]);
  await rerun(page, () => page.locator('[data-drop="key"]').click());
  const { mask, model } = await state(page);
  expect({ mask, model }).toEqual({ mask: "*-5", model: "pronoun" });
  const now = await trace(page);
  expect(now.config.seeded).toEqual([]);
  expect(cells(now, "query")).toEqual(cells(before, "query"));
  const keys = shapeOf(now, "weights")[2] ?? 1;
  cells(now, "weights").forEach((weight, n) => {
    if (n % keys === 5) expect(weight).toBe(0);
    else expect(weight).toBeGreaterThan(0);
  });
  const width = shapeOf(now, "output")[1] ?? 1;
  for (const item of await page.locator("[data-moved] [data-token]").all()) {
    const i = Number(await item.getAttribute("data-token"));
    const [a, b] = [now, before].map((of) => cells(of, "output").slice(i * width, (i + 1) * width));
    const norm = (row: number[]) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    const ratio = norm((a ?? []).map((value, n) => value - (b?.[n] ?? 0))) / norm(b ?? []);
    expect(misprint((await item.locator("b").textContent()) ?? "", ratio)).toBeUndefined();
  }
  const removed = page.locator(".moved [data-of=before]");
  expect(misprint((await removed.textContent()) ?? "", traced(before, "weights", [head, token, 5]))).toBeUndefined();
  await rerun(page, () => page.locator("[data-all-back]").click());
  expect((await trace(page)).data).toEqual(before.data);
});

test("values and heads are dropped as well", async ({ page }) => {
  await open(page, "model=none&text=dog+bites+man&heads=2&head-dim=3");
  await goto(page, "value", [0, 1, 2]);
  await rerun(page, () => page.locator('[data-drop="values"]').click());
  expect((await state(page)).edits).toBe("value,*,1,*=0");
  const value = cells(await trace(page), "value");
  expect(value.filter((_, n) => Math.floor(n / 3) % 3 === 1)).toEqual([0, 0, 0, 0, 0, 0]);
  await goto(page, "scores", [1, 0, 0]);
  await rerun(page, () => page.locator('[data-drop="head"]').click());
  expect((await state(page)).edits).toBe("value,*,1,*=0_mixed,1,*,*=0");
  expect(cells(await trace(page), "mixed").slice(9)).toEqual(Array(9).fill(0));
});

test("each key is dropped in turn: the weight beside how far the output moves", async ({ page }) => {
  await open(page, "model=none&text=dog+bites+man&token=1");
  const before = await trace(page);
  await goto(page, "weights", [0, 1, 0]);
  await page.locator("[data-in-turn]").click();
  await expect(page.locator("[data-turns] [data-key]")).toHaveCount(3);
  const width = shapeOf(before, "output")[1] ?? 1;
  const row = (of: Traced) => cells(of, "output").slice(width, 2 * width);
  for (const key of [0, 1, 2]) {
    const line = page.locator(`[data-turns] [data-key="${key}"]`);
    const weight = (await line.locator("[data-stage=weights]").textContent()) ?? "";
    expect(misprint(weight, traced(before, "weights", [0, 1, key]))).toBeUndefined();
    const shown = (await line.locator("[data-of=moved] b").textContent()) ?? "";
    const other = await page.context().newPage();
    await open(other, `model=none&text=dog+bites+man&mask=*-${key}`);
    const [now, then] = [row(await trace(other)), row(before)];
    const norm = (row: number[]) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    expect(misprint(shown, norm(now.map((value, n) => value - (then[n] ?? 0))) / norm(then))).toBeUndefined();
    await other.close();
  }
});

for (const theme of ["light", "dark"]) {
  test(`nothing for axe to find, ${theme}`, async ({ page }) => {
    await open(
      page,
      `theme=${theme}&edits=scores,1,8,6%3D-7.5&mask=*-3&pin=scores,1,8,6&show=difference&model=pronoun`,
    );
    await expect(page.locator("[data-moved]")).toBeVisible();
    await page.locator("[data-in-turn]").click();
    await expect(page.locator("[data-turns]")).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)])).toEqual([]);
  });
}
