/** The trained models on the page: every number that is theirs is held against a model that the test loads by itself. */

import { expect, type Page, test } from "@playwright/test";
import type * as EngineModule from "../../www/engine/engine.ts";
import { misprint, open, type Play, rerun, state, trace, traced } from "./page.ts";

/** What the page's numbers are held against, as plain data. */
interface Reference {
  attentions: Record<string, { shape: number[]; data: number[] }>;
  /** Of each row of the logits; of the only one. */
  probabilities: number[][];
  likelihoods: number[][];
}

/** The shipped model of the state, loaded once more beside the page, with the same input. */
const reference = (page: Page): Promise<Reference> =>
  page.evaluate(async () => {
    const play = document.querySelector("attention-playground") as Play;
    const { createEngine } = (await import(
      /* @vite-ignore */ new URL("./engine.js", location.href).href
    )) as typeof EngineModule;
    const name = play.state.model === "auto" ? "pronoun" : play.state.model;
    const get = (file: string) => fetch(new URL(`./models/${name}/${file}`, location.href));
    const engine = await createEngine();
    const tokenizer = await get("tokenizer.json");
    const model = await engine.loadModel({
      config: await (await get("config.json")).json(),
      weights: [await (await get("model.safetensors")).blob()],
      ...(tokenizer.ok && { tokenizer: await tokenizer.json() }),
    });
    const text = play.shadowRoot?.querySelector<HTMLInputElement>('[data-field="text"]')?.value;
    const ink = [...(play.shadowRoot?.querySelectorAll<HTMLElement>("[data-pixel]") ?? [])].map(
      (pixel) => Number(/ink (\d+)/.exec(pixel.title)?.[1]) / 8 - 1,
    );
    const input = text === undefined ? { pixels: { shape: [1, 8, 8], data: Float32Array.from(ink) } } : { text };
    const targetIds: number[] = model.info.start === undefined ? [] : [model.info.start];
    const { target } = play.state;
    if (target !== "") targetIds.push(...(await model.encode(target)).ids);
    else if (targetIds.length > 0)
      for await (const { id, end } of model.generate({ ...input, maxTokens: 40 })) if (!end) targetIds.push(id);
    const output = await model.run({ ...input, ...(targetIds.length > 0 && { targetIds }) });
    const { shape, data } = output.logits ?? { shape: [0], data: new Float32Array() };
    const width = shape.at(-1) ?? 0;
    const rows = Array.from({ length: data.length / width }, (_, n) => data.slice(n * width, (n + 1) * width));
    const softmax = (logits: Float32Array, temperature: number) => {
      const exponentials = [...logits].map((logit) => Math.exp((logit - Math.max(...logits)) / temperature));
      const sum = exponentials.reduce((a, b) => a + b, 0);
      return exponentials.map((one) => one / sum);
    };
    const attentions = Object.entries(output.attentions).map(([block, tensor]) => [
      block,
      { shape: tensor.shape, data: Array.from(tensor.data) },
    ]);
    engine.dispose();
    return {
      attentions: Object.fromEntries(attentions),
      probabilities: rows.map((row) => softmax(row, play.state.temperature)),
      likelihoods: rows.map((row) => softmax(row, 1)),
    };
  });

/** Holds every number of the model on the page against the reference; says how many of each kind there were. */
async function checkModel(page: Page): Promise<Record<string, number>> {
  const truth = await reference(page);
  const shown = await page.locator("[data-model]").evaluateAll((all) =>
    all.map((one) => ({
      of: (one as HTMLElement).dataset.model ?? "",
      index: (one as HTMLElement).dataset.index,
      text: one.textContent ?? "",
    })),
  );
  const counts: Record<string, number> = {};
  const wrong = shown.flatMap(({ of, index, text }) => {
    const at = (index ?? "").split(",").map(Number);
    const [kind = "", block = ""] = of.split(".");
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (kind === "attentions") {
      const { shape, data } = truth.attentions[block] ?? { shape: [], data: [] };
      const place = at.reduce((sum, n, axis) => sum * (shape[axis] ?? 0) + n, 0);
      return misprint(text, data[place] ?? Number.NaN) ?? [];
    }
    if (kind !== "probabilities" && kind !== "likelihoods") return [];
    const [row, id] = at.length === 1 ? [0, at[0]] : at;
    // The engine rounds to f32.
    return misprint(text, Math.fround(truth[kind][row ?? -1]?.[id ?? -1] ?? Number.NaN)) ?? [];
  });
  expect(wrong).toEqual([]);
  return counts;
}

const attention = async (page: Page, query: string, key: string): Promise<number> => {
  const of = await trace(page);
  const { head } = await state(page);
  const [q, k] = [of.tokens.query.indexOf(query), of.tokens.key.indexOf(key)];
  return traced(of, "weights", [head < 0 ? 1 : head, q, k]);
};
const pressed = (page: Page) => page.locator('.token[aria-pressed="true"] .word');

test.describe("pronoun", () => {
  test("the article's example is true, and swapping a word moves the attention", async ({ page }) => {
    await open(page);
    await expect(pressed(page)).toHaveText("it");
    await expect(page.locator("[data-answer]")).toHaveAttribute("data-answer", "street");
    expect(await attention(page, "it", "street")).toBeGreaterThan(0.8);
    // The next likely one has less than 0.1 %: it is not told of.
    await expect(page.locator(".says")).toHaveText(/^“it” stands for street [>\d.]+ %$/);
    expect(await checkModel(page)).toMatchObject({ attentions: 1, probabilities: 1 });
    // By the mouse: the choice is for "wide", and what is looked from stays "it".
    await page.locator("[data-swap]").last().click();
    await rerun(page, () => page.locator('[data-word="tired"]').first().click());
    await expect(page.locator('[data-field="text"]')).toHaveValue(
      "The animal didn't cross the street because it was too tired.",
    );
    await expect(pressed(page)).toHaveText("it");
    await expect(page.locator("[data-answer]")).toHaveAttribute("data-answer", "animal");
    await expect(page.locator("[data-spoken]")).toContainText("animal");
    expect(await attention(page, "it", "animal")).toBeGreaterThan(0.8);
    expect(await attention(page, "it", "street")).toBeLessThan(0.1);
    await checkModel(page);
    await rerun(page, () => page.goBack());
    await expect(page.locator("[data-answer]")).toHaveAttribute("data-answer", "street");
  });

  test("words are offered by the keyboard, those of an example and of its kind first", async ({ page }) => {
    await open(page);
    await page.locator('[data-token="10"]').focus();
    await page.keyboard.press("ArrowDown");
    const list = page.getByRole("listbox");
    await expect(list).toBeVisible();
    await expect(page.locator('[data-word="wide"]').first()).toBeFocused();
    expect(await page.locator("[data-word]").first().textContent()).toBe("tired");
    await page.keyboard.press("Escape");
    await expect(list).toHaveCount(0);
    await expect(page.locator('[data-token="10"]')).toBeFocused();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Home");
    await rerun(page, () => page.keyboard.press("Enter"));
    expect((await state(page)).text).toContain("too tired.");
    // At the beginning of a sentence a word stays capital.
    await page.locator('[data-token="0"]').focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("t");
    await page.keyboard.press("t");
    await rerun(page, () => page.keyboard.press("Enter"));
    expect((await state(page)).text).toMatch(/^(This|That) animal/);
  });

  test("an unknown word is marked, and can be shown untrained", async ({ page }) => {
    await open(page);
    await rerun(page, () =>
      page.locator('[data-field="text"]').fill("The wug didn't cross the street because it was too wide."),
    );
    await expect(page.locator(".token.unknown")).toHaveCount(1);
    await expect(page.locator(".token.unknown .word")).toHaveAttribute(
      "title",
      "not known to this model: read as [UNK]",
    );
    await expect(page.locator(".unknown-words")).toContainText("“wug”");
    expect((await trace(page)).tokens.query[1]).toBe("wug");
    await checkModel(page);
    await rerun(page, () => page.locator(".unknown-words button").click());
    expect(await state(page)).toMatchObject({
      model: "none",
      text: "The wug didn't cross the street because it was too wide.",
    });
    await expect(page.locator(".untrained")).toBeVisible();
  });

  for (const [lang, said] of [
    ["en", "“it” stands for a word that this model does not know"],
    ["zh", "“it” 指的是 这个模型不认识的词"],
  ] as const) {
    test(`an answer that is no word of the model is told in words: ${lang}`, async ({ page }) => {
      await open(page, `lang=${lang}`);
      await rerun(page, () =>
        page.locator('[data-field="text"]').fill("The robot did not fit in the backpack because it was too heavy."),
      );
      await expect(page.locator("[data-answer]")).toHaveAttribute("data-answer", "[UNK]");
      await expect(page.locator(".says")).toHaveText(`${said} >99.9 %`);
      await expect(page.locator("[data-spoken]")).toHaveText(`${said}, >99.9 %.`);
      await checkModel(page);
    });
  }

  test("the examples show the reader's own text, and the example that it is", async ({ page }) => {
    await open(page);
    const [examples, field] = [page.locator("[data-examples]"), page.locator('[data-field="text"]')];
    const first = await field.inputValue();
    await expect(examples).toHaveValue(first);
    for (const text of ["The animal", "The animal was", first]) {
      await rerun(page, () => field.fill(text));
      await expect(examples).toHaveValue(text);
    }
  });

  test("a text that is too long is refused with the numbers, and a way out", async ({ page }) => {
    await open(page);
    await page.locator('[data-field="text"]').fill("word ".repeat(40));
    await expect(page.locator('[data-problem="text"]')).toContainText("24");
    await expect(page.locator('[data-problem="text"]')).toContainText("40");
    await expect(page.locator(".stale")).toBeVisible();
    await rerun(page, () => page.locator("[data-no-model]").click());
    expect((await trace(page)).tokens.query).toHaveLength(40);
  });

  test("all heads are there; a click or the keyboard opens one, and the walkthrough is that of its layer", async ({
    page,
  }) => {
    await open(page);
    const cells = page.locator("[data-head-cell]");
    await expect(cells).toHaveCount(8);
    await expect(page.locator('[data-head-cell][aria-pressed="true"]')).toHaveAttribute(
      "data-head-cell",
      "encoder,1,1",
    );
    await rerun(page, () => page.locator('[data-head-cell="encoder,0,2"]').click());
    expect(await state(page)).toMatchObject({ block: "encoder", layer: 0, head: 2 });
    await expect(page.locator(".where")).toHaveText("pronoun, layer 1 of 2, head 3 of 4");
    await checkModel(page);
    // A click leaves the focus where it was, so that Space still plays.
    await page.locator('[data-head-cell="encoder,0,2"]').focus();
    await page.keyboard.press("ArrowDown");
    await expect(page.locator('[data-head-cell="encoder,1,2"]')).toBeFocused();
    await page.keyboard.press("ArrowLeft");
    await rerun(page, () => page.keyboard.press("Enter"));
    expect(await state(page)).toMatchObject({ layer: 1, head: 1 });
    await page.locator('[data-stop="embeddings"]').click();
    await expect(page.locator(".caption h2")).toHaveText("Input of layer 2");
    await expect(page.locator(".caption .about")).toContainText("is what layer 1 gave");
    await page.locator('.scene [data-stage="embeddings"]').first().click({ force: true });
    await expect(page.locator(".equation")).toContainText("is what layer 1 gave");
  });

  test("thumbnails are painted from the attention of their head", async ({ page }) => {
    await open(page, "theme=light");
    const { attentions } = await reference(page);
    const pixels = await page.locator("[data-head-cell] canvas").evaluateAll((all) =>
      all.map((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const { data } = (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height) ?? {
          data: [],
        };
        return { width, height, red: Array.from({ length: width * height }, (_, n) => data[n * 4] ?? -1) };
      }),
    );
    const { shape, data } = attentions.encoder ?? { shape: [], data: [] };
    const [, , queries = 0, keys = 0] = shape;
    expect(pixels.map(({ width, height }) => [width, height])).toEqual(pixels.map(() => [keys, queries]));
    const red = pixels.flatMap((one) => one.red);
    expect(red).toHaveLength(data.length);
    // Darker where it attends more, everywhere.
    const order = data.map((_, n) => n).sort((a, b) => (data[a] ?? 0) - (data[b] ?? 0));
    const rising = order.slice(1).filter((n, at) => (red[n] ?? 0) > (red[order[at] ?? 0] ?? 0));
    expect(rising).toEqual([]);
    expect(Math.max(...red) - Math.min(...red)).toBeGreaterThan(100);
  });
});

test("order: with positions the two directions differ, without they are the same set", async ({ page }) => {
  await open(page, "model=order");
  await expect(page.locator("[data-answer]")).toHaveAttribute("data-answer", "dog");
  await expect(page.locator("[data-other-answer]")).toHaveAttribute("data-other-answer", "man");
  await expect(page.locator("[data-same]")).toHaveAttribute("data-same", "false");
  await checkModel(page);
  const apart = async () => Number((await page.locator('[data-model="apart"]').textContent())?.replace("−", "-"));
  expect(await apart()).toBeGreaterThan(0.1);
  await rerun(page, () => page.getByRole("radio", { name: "without positions" }).check());
  await expect(page.locator("[data-same]")).toHaveAttribute("data-same", "true");
  expect(await apart()).toBeLessThan(1e-5);
  const [one, other] = [page.locator("[data-answer]"), page.locator("[data-other-answer]")];
  expect(await one.getAttribute("data-answer")).toBe(await other.getAttribute("data-other-answer"));
  await expect(page.locator('[data-field="model"]')).toHaveValue("order");
  await checkModel(page);
});

test("decoder: the likely next words, at a temperature, and one word after another", async ({ page }) => {
  await open(
    page,
    "model=decoder&text=Leo+is+in+the+school+with+Nora.+Leo+has+a+red+kite.+Nora+has+a+green+drum.+Leo+sees+the+green",
  );
  expect(await checkModel(page)).toMatchObject({ probabilities: 5 });
  const first = page.locator(".bars .bar-name").first();
  await expect(first).toHaveText("drum");
  const share = async () => Number((await page.locator(".bars [data-model]").first().textContent())?.replace(" %", ""));
  const cold = await share();
  await page.locator('[data-field="temperature"]').fill("3");
  await expect.poll(share).toBeLessThan(cold);
  await checkModel(page);
  await rerun(page, () => page.locator('[data-add="likeliest"]').click());
  expect((await state(page)).text).toMatch(/the green drum$/);
  await rerun(page, () => page.locator('[data-add="sample"]').click());
  expect((await state(page)).text).toMatch(/the green drum ?\S+$/);
  await checkModel(page);
});

test("dates: the date is written, and the cross-attention shows from where", async ({ page }) => {
  await open(page, "model=dates");
  expect((await page.locator(".written-token").allTextContents()).join("")).toBe("2021-03-03");
  expect(await checkModel(page)).toMatchObject({ likelihoods: 10, attentions: 1 });
  await rerun(page, () => page.locator('[data-field="text"]').fill("24.12.1999"));
  expect((await page.locator(".written-token").allTextContents()).join("")).toBe("1999-12-24");
  expect(await page.locator(".arcs.between path").count()).toBe(10);
  await rerun(page, () => page.locator('[data-head-cell="decoder,0,0"]').click());
  expect((await trace(page)).tokens.key.join("")).toBe("[START]1999-12-24");
  await checkModel(page);
});

test("dates: what is written so far can be given, token by token, and left to the model again", async ({ page }) => {
  await open(page, "model=dates&text=24.12.1999");
  const field = page.locator('[data-field="target"]');
  await expect(field).toHaveValue("");
  await rerun(page, () => page.locator('[data-target="take"]').click());
  await expect(field).toHaveValue("1999-12-24");
  await rerun(page, () => field.fill("2021-1"));
  expect((await trace(page)).tokens.query.join("")).toBe("[START]2021-1");
  // The likelihood of each token that was given, and what would come next.
  expect(await checkModel(page)).toMatchObject({ likelihoods: 6, probabilities: 5, attentions: 1 });
  const next = await page.locator(".bars .bar-name").first().textContent();
  await rerun(page, () => page.locator('[data-target="add"]').click());
  await expect(field).toHaveValue(`2021-1${next}`);
  expect(new URL(page.url()).searchParams.get("target")).toBe(`2021-1${next}`);
  await checkModel(page);
  await rerun(page, () => page.goBack());
  await expect(field).toHaveValue("2021-1");
  await field.fill("2".repeat(60));
  await expect(page.locator('.target [data-problem="target"]')).toContainText("expected");
  await expect(page.locator(".stale")).toBeVisible();
  await expect(page.locator(".problem")).toHaveCount(1);
  await rerun(page, () => page.locator('[data-target="clear"]').click());
  await expect(page.locator(".problem, .stale")).toHaveCount(0);
  expect((await page.locator(".written-token").allTextContents()).join("")).toBe("1999-12-24");
});

test("digits: what is drawn becomes patches, and is read", async ({ page }) => {
  await open(page, "model=digits");
  expect(await checkModel(page)).toMatchObject({ probabilities: 10 });
  await page.locator("[data-clear]").click();
  const pad = await page.locator(".pad").boundingBox();
  if (!pad) throw new Error("no pad");
  await page.mouse.move(pad.x + pad.width * 0.3, pad.y + pad.height * 0.2);
  await page.mouse.down();
  for (const [x, y] of [
    [0.7, 0.2],
    [0.55, 0.5],
    [0.45, 0.9],
  ] as const)
    await page.mouse.move(pad.x + pad.width * x, pad.y + pad.height * y, { steps: 6 });
  await page.mouse.up();
  await expect(page.locator(".class")).toHaveText("7");
  expect((await state(page)).drawing).toMatch(/^[0-9a-g]{64}$/);
  expect(await checkModel(page)).toMatchObject({ probabilities: 10 });
  await expect(page.locator('.patch [data-stage="weights"]')).toHaveCount(16);
  const before = (await state(page)).drawing;
  await page.locator('[data-pixel="0"]').focus();
  await page.keyboard.press("ArrowRight");
  await rerun(page, () => page.keyboard.press("Space"));
  expect((await state(page)).drawing).toBe(`${before[0]}${before[1] === "0" ? "g" : "0"}${before.slice(2)}`);
  await checkModel(page);
});

test("on a phone the sheet to draw on stands above the picture, under a header of two lines", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const model of ["pronoun", "dates", "digits"]) {
    await open(page, `model=${model}`);
    const { lines, card } = await page.locator(".header").evaluate((header) => {
      const middles = [...header.children]
        .map((child) => child.getBoundingClientRect())
        .filter(({ width, height }) => width * height > 4)
        .map(({ top, height }) => Math.round((top + height / 2) / 20));
      return { lines: new Set(middles).size, card: header.getBoundingClientRect().height };
    });
    expect(lines, model).toBe(2);
    expect(card, model).toBeLessThan(90);
    await page.locator(".about-model summary").click();
    await expect(page.locator(".card dt").first()).toBeInViewport();
    await page.keyboard.press("Escape");
  }
  await expect(page.locator(".pad")).toBeInViewport({ ratio: 1 });
  await expect(page.locator(".class")).toBeInViewport({ ratio: 1 });
  const [pad, scene] = [await page.locator(".pad").boundingBox(), await page.locator(".scene").boundingBox()];
  if (!pad || !scene) throw new Error("no pad");
  expect(pad.y + pad.height).toBeLessThan(scene.y);
  await page.locator("[data-clear]").click();
  await page.mouse.move(pad.x + pad.width * 0.5, pad.y + pad.height * 0.15);
  await page.mouse.down();
  await page.mouse.move(pad.x + pad.width * 0.5, pad.y + pad.height * 0.85, { steps: 6 });
  await page.mouse.up();
  await expect(page.locator(".class")).toHaveText("1");
  // Turned, the sheet goes back beside the picture, with what was drawn.
  const { drawing } = await state(page);
  await page.setViewportSize({ width: 1280, height: 800 });
  await expect(page.locator(".panel .pad")).toBeVisible();
  expect((await state(page)).drawing).toBe(drawing);
  await expect(page.locator(".panel .class")).toHaveText("1");
});

/** Every point of the curves is one that was measured. */
async function checkCurves(page: Page): Promise<void> {
  const measured = await page.evaluate(async () => (await fetch("./models/recall/results.json")).json());
  const points = await page.locator(".curves circle").evaluateAll((all) =>
    all.map((circle) => {
      const { curve = "", kind = "" } = (circle as SVGElement).dataset;
      const [, distance = "", text = ""] = /, (\d+): (.+)$/.exec(circle.textContent ?? "") ?? [];
      return { curve, kind, distance: Number(distance), text };
    }),
  );
  expect(points.length).toBeGreaterThan(100);
  const wrong = points.flatMap(({ curve, kind, distance, text }) => {
    const { accuracy, gradient } = measured.networks[`pairs.${kind}`];
    const [, state = ""] = curve.split(".");
    const all: [number, number][] = curve === "accuracy" ? accuracy : gradient[state].asked;
    return misprint(text, all.find(([at]) => at === distance)?.[1] ?? Number.NaN) ?? [];
  });
  expect(wrong).toEqual([]);
}

test("recall: three networks answer the reader's sequence", async ({ page }) => {
  await open(page, "model=recall&text=q7+b2+k0+q?");
  await expect(page.locator(".lanes tbody tr")).toHaveCount(3);
  await expect(page.locator('.lanes [data-kind="attention"] .said')).toContainText("7");
  await expect(page.locator(".curves figure")).toHaveCount(3);
  await checkCurves(page);
  const colours = () =>
    page.locator(".lanes tbody tr").evaluateAll((rows) => {
      const bars = rows.map((row) => row.querySelector(".bar"));
      return bars.map((bar) => bar && getComputedStyle(bar).backgroundColor);
    });
  const before = await colours();
  expect(new Set(before).size, "each network has a colour of its own").toBe(3);
  await open(page, "model=recall&text=q7+b2+k0+q?&stage=weights&pin=weights,0,0,1");
  await expect(page.locator(".change")).toBeVisible();
  expect(await colours(), "what is loaded for a held cell leaves them alone").toEqual(before);
  await page.locator('[data-field="text"]').fill("q7 b2");
  await expect(page.locator('[data-problem="text"]')).toContainText("a question at the end");
});

test("from what enters a layer the way goes on to the attention of the layer before, down to the first", async ({
  page,
}) => {
  await open(page, "model=pronoun&layer=1&stage=embeddings&pin=embeddings,7,3");
  const on = page.locator(".equation [data-before]");
  await expect(on).toHaveText("On to the attention of layer 1");
  await on.click();
  await expect(page.locator(".equation .result [data-stage=output]")).toHaveAttribute("data-index", "7,3");
  await expect(page).toHaveURL(/layer=0/);
  await expect(
    page.locator(".trail li"),
    "what was held in the other layer is not called by a name of this one",
  ).toHaveCount(0);
  await page.goBack();
  await expect(page.locator(".equation .result [data-stage=embeddings]")).toHaveAttribute("data-index", "7,3");
  await expect(page.locator(".trail li")).toHaveCount(0);
  await open(page, "model=pronoun&layer=0&stage=embeddings&pin=embeddings,7,3");
  await expect(page.locator(".equation .result [data-stage=embeddings]")).toBeVisible();
  await expect(on).toHaveCount(0);
});
