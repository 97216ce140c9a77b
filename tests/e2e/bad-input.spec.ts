/** Bad input: a clear message beside the control that caused it; the last good picture stays; nothing freezes. */

import { expect, type Page, test } from "@playwright/test";
import type { State } from "../../www/state/fields.ts";
import { open, type Play, rerun, state, trace } from "./page.ts";

async function refused(page: Page, field: string, message: RegExp, act: () => Promise<unknown>): Promise<void> {
  const before = await page.evaluateHandle(() => (document.querySelector("attention-playground") as Play).trace);
  await act();
  await expect(page.locator(`[data-problem="${field}"]`)).toHaveText(message);
  const kept = await page.evaluate(
    (old) => (document.querySelector("attention-playground") as Play).trace === old,
    before,
  );
  expect(kept, "the last good picture stays").toBe(true);
  await expect(page.locator(".scene > canvas")).toBeVisible();
}

const paste = (page: Page, selector: string, text: string) =>
  page.locator(selector).evaluate((target, value) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", value);
    target.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData, bubbles: true, composed: true, cancelable: true }),
    );
  }, text);

async function useMatrices(page: Page, text: string): Promise<void> {
  if ((await page.locator("textarea").count()) === 0) await page.getByRole("button", { name: "Matrices" }).click();
  await page.locator("textarea").fill(text);
  await page.locator("[data-use]").click();
}

test.beforeEach(({ page }) => open(page, "model=none&text=dog+bites+man"));

test("empty text", async ({ page }) => {
  await refused(page, "text", /at least one word/, () => page.locator('[data-field="text"]').fill("   "));
  await expect(page.locator(".stale")).toBeVisible();
  await rerun(page, () => page.locator('[data-field="text"]').fill("man bites dog"));
  await expect(page.locator(".stale")).toHaveCount(0);
  await expect(page.locator(".problem")).toHaveCount(0);
});

test("one token, emoji, right-to-left text are fine", async ({ page }) => {
  for (const text of ["alone", "👩‍🚀 🇺🇦 e\u0301", "שלום עולם", "中文"]) {
    await rerun(page, () => page.locator('[data-field="text"]').fill(text));
  }
  expect((await trace(page)).tokens.query).toEqual(["中", "文"]);
});

test("512 tokens are traced in full; linear attention takes no more", async ({ page }) => {
  await rerun(page, () => page.locator('[data-field="text"]').fill("word ".repeat(512)));
  await expect(page.locator('[data-stop="scores"]')).toBeVisible();
  await rerun(page, () =>
    page.locator("attention-playground").evaluate((element) => {
      (element as Play).state = { attention: "linear", text: "dog bites man" } as State;
    }),
  );
  await refused(page, "text", /600 tokens; at most 512/, () =>
    page.locator('[data-field="text"]').fill("word ".repeat(600)),
  );
});

test("0 heads, 99 heads, half a head, no number", async ({ page }) => {
  const heads = page.locator('[data-field="heads"]');
  for (const bad of ["0", "99", "1.5", ""]) {
    await refused(page, "heads", /expected a whole number from 1 to 16, found/, async () => {
      await heads.fill(bad);
      await heads.press("Tab");
    });
  }
  await expect(heads).toHaveAttribute("aria-invalid", "true");
});

test("7 heads that do not divide the width of the weights", async ({ page }) => {
  const eye = JSON.stringify(Array.from({ length: 8 }, (_, r) => Array.from({ length: 8 }, (_, c) => Number(r === c))));
  await rerun(page, () => useMatrices(page, `x = ${eye}\nwq = ${eye}\nwk = ${eye}\nwv = ${eye}`));
  await refused(page, "heads", /7/, async () => {
    await page.locator('[data-field="heads"]').fill("7");
    await page.locator('[data-field="heads"]').press("Tab");
  });
});

test("a ragged matrix, letters among numbers, Q and K of different width", async ({ page }) => {
  await refused(page, "matrices", /row 2: expected 2 numbers as in row 1, found 1/, () => useMatrices(page, "1,2\n3"));
  await refused(page, "matrices", /row 2, column 1: expected a number, found “oops”/, () =>
    useMatrices(page, "1,2\noops,4"),
  );
  await refused(page, "matrices", /expected/, () =>
    useMatrices(page, "q = [[1,2],[3,4]]\nk = [[1,2,3],[4,5,6]]\nv = [[1,2],[3,4]]"),
  );
});

test("NaN, infinity and 1e30 are carried through, counted and located", async ({ page }) => {
  await page.locator('[data-field="heads"]').fill("1");
  await page.locator('[data-field="heads"]').press("Tab");
  await rerun(page, () =>
    useMatrices(page, "q = [[1, nan], [1e30, 2]]\nk = [[1, 2], [1e30, inf]]\nv = [[1, 2], [3, 4]]"),
  );
  await expect(page.locator(".notice")).toContainText("2 of the numbers given are NaN or infinite");
  await page.locator('[data-stop="scores"]').click();
  await expect(page.locator('.scene [data-stage="scores"][data-index="0,0,0"]')).toHaveText("NaN");
  await expect(page.locator('.scene [data-stage="scores"][data-index="0,1,1"]')).toHaveText("∞");
});

test("a 50 MB paste: the page stays alive and says what it found", async ({ page }) => {
  test.setTimeout(120_000);
  await page.getByRole("button", { name: "Matrices" }).click();
  await page.locator("textarea").evaluate((target) => {
    const text = `${"0.123456,".repeat(1000)}1\n`.repeat(5600);
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", text);
    const gaps: number[] = [];
    let last = performance.now();
    const beat = () => {
      gaps.push(performance.now() - last);
      last = performance.now();
      requestAnimationFrame(beat);
    };
    Object.assign(globalThis, { gaps });
    target.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData, bubbles: true, composed: true, cancelable: true }),
    );
    last = performance.now();
    requestAnimationFrame(beat);
  });
  await expect(page.locator('[data-problem="matrices"]')).toHaveText(/expected at most/, { timeout: 60_000 });
  const longest = await page.evaluate(() => Math.max(...(globalThis as unknown as { gaps: number[] }).gaps));
  expect(longest, "longest time between two frames while it is read, ms").toBeLessThan(1000);
});

test("a long text pasted into the sentence is refused with its size", async ({ page }) => {
  await refused(page, "text", /at most 65536 characters, found 1000000 characters/, () =>
    paste(page, '[data-field="text"]', "x".repeat(1_000_000)),
  );
});

test("a link with junk in every key opens with defaults and one warning for each", async ({ page }) => {
  const keys =
    "heads=x&head-dim=-4&causal=7&scale=big&position=left&seed=1e99&stage=%00&cell=NaN&head=9e9&token=a&pin=;;&speed=0&theme=blue&hide=all&matrices=[&mask=a&window=q";
  await open(page, keys);
  expect(await state(page)).toMatchObject({ heads: 2, headDim: 4, stage: "scores" });
  await expect(page.locator("[data-problem=theme]")).toContainText("expected one of auto, light, dark, found blue");
  await open(page, "stage=nowhere&head=12&pin=nowhere,1,2&token=4000&cell=99999");
  expect((await state(page)).stage).toBe("scores");
});

test("files: dropped matrices by name, a binary file, a saved state", async ({ page }) => {
  const drop = (files: [name: string, text: string][]) =>
    page.locator(".page").evaluate((target, list) => {
      const dataTransfer = new DataTransfer();
      for (const [name, text] of list) dataTransfer.items.add(new File([text], name));
      target.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }, files);
  await rerun(page, () =>
    drop([
      ["q.csv", "1,2,3,4\n5,6,7,8"],
      ["K.tsv", "1\t2\t3\t4"],
      ["v.json", "[[1,2,3,4]]"],
    ]),
  );
  expect((await trace(page)).stages.find(({ id }) => id === "scores")?.shape).toEqual([1, 2, 1]);
  await refused(page, "matrices", /expected text .* found a binary file/, () =>
    drop([["x.npy", "\u0093NUMPY\0\u0001"]]),
  );
  await refused(page, "matrices", /Q \(Q\.txt\): expected one matrix of that name/, () =>
    drop([
      ["q.csv", "1,2"],
      ["Q.txt", "3 4"],
    ]),
  );
  await rerun(page, () =>
    drop([["s.json", '{"attentionPlayground":1,"text":"saved state","seed":5,"matrices":null}']]),
  );
  expect(await state(page)).toMatchObject({ text: "saved state", seed: 5 });
});

test("markup in tokens stays text", async ({ page }) => {
  await rerun(page, () => page.locator('[data-field="text"]').fill("<img src=x onerror=alert(1)> & ok"));
  expect(
    await page.locator("attention-playground").evaluate((e) => (e as Play).shadowRoot?.querySelectorAll("img").length),
  ).toBe(0);
});

for (const [query, field] of [
  ["text=", "text"],
  ["kv-heads=3", "kvHeads"],
  ["position=rotary&head-dim=3", "position"],
  ["attention=delta&position=alibi", "position"],
  [`matrices=${encodeURIComponent('{"q":{"shape":[1,2],"data":[1,2]}}')}`, "matrices"],
] as const) {
  test(`a link whose input is refused still opens, with its controls: ${query.slice(0, 40)}`, async ({ page }) => {
    await open(page, query);
    await expect(page.locator(`[data-problem="${field}"]`).first()).toContainText("found");
    await expect(page.locator(".stale")).toBeVisible();
    await expect(page.locator(".scene > canvas")).toBeVisible();
    if (field !== "text") return;
    await rerun(page, () => page.locator('[data-field="text"]').fill("mended"));
    await expect(page.locator(".problem")).toHaveCount(0);
  });
}

test("a bad value of a link is said beside its control until the control changes", async ({ page }) => {
  await open(page, "model=none&heads=17");
  await expect(page.locator('[data-problem="heads"]')).toContainText("expected a whole number from 1 to 16, found 17");
  await rerun(page, async () => {
    await page.locator('[data-field="heads"]').fill("3");
    await page.locator('[data-field="heads"]').press("Tab");
  });
  await expect(page.locator(".problem")).toHaveCount(0);
});

test("a state that is too long for a link survives a reload, and the page says so", async ({ page }) => {
  const long = "word ".repeat(450);
  await rerun(page, () => page.locator('[data-field="text"]').fill(long));
  await expect(page.locator(".notice")).toContainText("Too long for a link");
  await page.waitForTimeout(400);
  expect(new URL(page.url()).search).toBe("");
  await page.reload();
  await page.locator("attention-playground").evaluate((element) => (element as Play).ready);
  expect((await state(page)).text).toBe(long);
});

test("the box for matrices has the focus when it opens, and Escape gives it back", async ({ page }) => {
  const button = page.getByRole("button", { name: "Matrices" });
  await button.click();
  await expect(page.locator("textarea")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.locator("textarea")).toHaveCount(0);
  await expect(button).toBeFocused();
});

test("a message leaves the choice of a head in reach", async ({ page }) => {
  await refused(page, "text", /at least one word/, () => page.locator('[data-field="text"]').fill("   "));
  await page.locator('[data-field="head"]').click({ trial: true });
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 } });
  const edges = (page: Page, selector: string) =>
    page.locator(selector).evaluate((one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return { top, bottom };
    });

  test("a message leaves in view what the model answers", async ({ page }) => {
    for (const lang of ["en", "zh"]) {
      await open(page, `lang=${lang}`);
      await refused(page, "text", /./, () => page.locator('[data-field="text"]').fill("   "));
      await expect(page.locator("[data-no-model]")).toBeVisible();
      const [field, message, answer] = await Promise.all(
        ['[data-field="text"]', ".hang > div", ".says"].map((selector) => edges(page, selector)),
      );
      expect(message?.top, lang).toBeGreaterThanOrEqual(field?.bottom ?? Number.NaN);
      expect(message?.bottom, lang).toBeLessThanOrEqual(answer?.top ?? Number.NaN);
    }
  });

  test("the box for matrices that were refused leaves the picture in view, and that it is of an input before", async ({
    page,
  }) => {
    await open(page);
    const wrong = "Q = [[1,0],[0,1]]\nK = [[1,2,3]]\nV = [[1]]";
    await refused(page, "matrices", /found 2 and 3/, () => useMatrices(page, wrong));
    const [box, stale] = await Promise.all([".matrices", ".stale"].map((selector) => edges(page, selector)));
    expect(box?.bottom).toBeLessThanOrEqual(stale?.top ?? Number.NaN);
    await expect(page.getByRole("textbox", { name: /^Paste or drop/ })).toBeVisible();
  });
});

test("pasted matrices that lack one stay where they can be completed", async ({ page }) => {
  const before = await state(page);
  const some = "Q = [[1, 0], [0, 1]]\nK = [[1, 1], [0, 2]]";
  await refused(page, "matrices", /Q, K.*V\.$/, () => useMatrices(page, some));
  await expect(page.locator("textarea")).toHaveValue(some);
  expect(await state(page)).toEqual(before);
  await rerun(page, () => useMatrices(page, `${some}\nV = [[3, 4], [5, 6]]`));
  expect((await state(page)).matrices?.v?.data).toEqual([3, 4, 5, 6]);
});

test("matrices whose shapes do not fit together stay where they can be mended", async ({ page }) => {
  const wrong = "Q = [[1,0],[0,1]]\nK = [[1,2,3]]\nV = [[1]]";
  await refused(page, "matrices", /expected q and k with the same dim, found 2 and 3/, () => useMatrices(page, wrong));
  await expect(page.locator(".stale")).toBeVisible();
  await expect(page.locator("textarea")).toHaveValue(wrong);
  await rerun(page, () => useMatrices(page, wrong.replace("[1,2,3]", "[1,2]")));
  await expect(page.locator("textarea, .problem, .stale")).toHaveCount(0);
});

for (const query of ["model=none&text=dog+bites+man&position=sinusoidal&head-dim=3", "model=pronoun"]) {
  test(`the numbers on show, taken as matrices, give the same numbers: ${query}`, async ({ page }) => {
    await open(page, query);
    const before = await trace(page);
    await page.getByRole("button", { name: "Matrices" }).click();
    await page.getByRole("button", { name: "Start from the numbers on show" }).click();
    await expect(page.locator("textarea")).toHaveValue(/wq = /);
    await rerun(page, () => page.locator("[data-use]").click());
    const after = await trace(page);
    const numbers = (of: typeof before, id: string) => {
      const { shape, offset } = of.stages.find((stage) => stage.id === id) as (typeof of.stages)[number];
      return of.data.slice(offset, offset + shape.reduce((a, b) => a * b, 1));
    };
    for (const id of ["scores", "scaled", "weights", "output"])
      expect(numbers(after, id), id).toEqual(numbers(before, id));
    expect(after.tokens).toEqual(before.tokens);
    expect((await state(page)).matrices?.tokens).toEqual(before.tokens.query);
    await expect(page.locator(".own")).not.toContainText("TOKENS");
  });
}

test("a word of 400 letters does not widen the page", async ({ page }) => {
  await rerun(page, () => page.locator('[data-field="text"]').fill(`${"x".repeat(400)} y`));
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});

test("files dropped one by one are gathered until they are a whole input", async ({ page }) => {
  const drop = (name: string, text: string) =>
    page.locator(".page").evaluate(
      (target, [file, content]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([content ?? ""], file ?? ""));
        target.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
      },
      [name, text],
    );
  await drop("q.csv", "1,2\n3,4");
  await expect(page.locator(".notice")).toContainText("Still needed: K, V");
  await drop("k.csv", "1,2");
  await rerun(page, () => drop("v.csv", "1,2"));
  expect((await trace(page)).stages.find(({ id }) => id === "weights")?.shape).toEqual([1, 2, 1]);
});

test("an input that was refused at first is mended by another field, too", async ({ page }) => {
  await open(page, "kv-heads=3&text=dog+bites+man");
  await expect(page.locator('[data-problem="kvHeads"]')).toBeVisible();
  await rerun(page, async () => {
    await page.locator('[data-field="heads"]').fill("3");
    await page.locator('[data-field="heads"]').press("Tab");
  });
  await expect(page.locator(".problem, .stale")).toHaveCount(0);
  expect((await trace(page)).config).toMatchObject({ heads: 3, kvHeads: 3 });
});
