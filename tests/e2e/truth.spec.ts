/** The truth test: every number on the page is read as a person reads it, and held against the trace. */

import { expect, type Page, test } from "@playwright/test";
import { misprint, open, type Play, rerun, state, trace, traced } from "./page.ts";

type Traced = Awaited<ReturnType<typeof trace>>;

interface Shown {
  /** Which run it is of: the one on show, the one before a change, or both. */
  of: string;
  stage: string;
  index: number[];
  text: string;
}

/** How many cells of the scene have to show a number now: all of the operands, and of the result what is computed. */
const expectedCells = (page: Page): Promise<number> =>
  page.locator("attention-playground").evaluate((element) => {
    const play = element as Play;
    const grids = [...(element.shadowRoot?.querySelectorAll<HTMLElement>(".scene .grid:not(.virtual)") ?? [])];
    const size = (grid: HTMLElement) =>
      Number(grid.getAttribute("aria-rowcount")) * Number(grid.getAttribute("aria-colcount"));
    const { stage, cell } = play.state;
    return grids.reduce((sum, grid) => {
      const result = grid === grids.at(-1) || grid.dataset.view?.split(":")[0] === stage;
      const done = cell === -2 ? size(grid) : Math.min(size(grid), Math.max(0, Math.floor(cell)));
      return sum + (result ? done : size(grid));
    }, 0);
  });

/** All numbers that say which cell they are, as far as they can be seen. */
const shownNumbers = (page: Page): Promise<Shown[]> =>
  page.locator("attention-playground").evaluate((element) => {
    const cells = element.shadowRoot?.querySelectorAll<HTMLElement>("[data-stage][data-index]") ?? [];
    // The result of the scene may be of another run; its operands never are.
    const ofScene = (cell: HTMLElement) => {
      const scene = cell.closest<HTMLElement>(".scene[data-of]");
      return scene?.dataset.scene === cell.dataset.stage ? scene?.dataset.of : undefined;
    };
    return (
      [...cells]
        .filter((cell) => getComputedStyle(cell).visibility !== "hidden")
        // Where cells are too small, the one under the cursor is silent until the cursor comes.
        .filter((cell) => !(cell.closest(".virtual") && cell.textContent === ""))
        .map((cell) => ({
          of: cell.dataset.of ?? ofScene(cell) ?? "now",
          stage: cell.dataset.stage ?? "",
          index: (cell.dataset.index ?? "").split(",").map(Number),
          text: cell.textContent?.trim() ?? "",
        }))
    );
  });

/** Decimal numbers in the page's text that are in no element which says what they are. */
const unnamedNumbers = (page: Page): Promise<string[]> =>
  page.locator("attention-playground").evaluate((element) => {
    const found: string[] = [];
    const walker = document.createTreeWalker(element.shadowRoot as ShadowRoot, NodeFilter.SHOW_TEXT);
    const named =
      "[data-stage], [data-of=moved], [data-model], [data-examples], [data-backend], .remembered .curves, .remembered .hint, [data-scale], [data-exact], [data-rounding], [data-constant], [data-spoken], .transport, .controls, style";
    while (walker.nextNode()) {
      const text = walker.currentNode.textContent ?? "";
      const parent = walker.currentNode.parentElement;
      if (/\d\.\d|e[−-]?\d/.test(text) && parent && !parent.closest(named)) found.push(text.trim());
    }
    return found;
  });

/** What a number is to be; `then`: the trace before a change. */
function truthOf({ of, stage, index }: Omit<Shown, "text">, now: Traced, then: Traced | undefined): number {
  if (of === "now") return traced(now, stage, index);
  if (!then) throw new Error(`a number ${of} a change, where nothing is changed`);
  const was = traced(then, stage, index);
  if (of === "before") return was;
  const is = traced(now, stage, index);
  return is === was ? 0 : Math.fround(is - was);
}

async function checkPage(page: Page, atLeast: number, then?: Traced): Promise<number> {
  const [of, shown] = [await trace(page), await shownNumbers(page)];
  expect(shown.length).toBeGreaterThanOrEqual(Math.max(atLeast, await expectedCells(page)));
  const wrong = shown.flatMap(({ text, ...cell }) => {
    const what = misprint(text, truthOf(cell, of, then));
    return what ? [`${cell.stage} [${cell.index}] ${cell.of}: ${what}`] : [];
  });
  expect(wrong).toEqual([]);
  expect(await unnamedNumbers(page)).toEqual([]);
  await checkLegend(page, of, then);
  await checkTerms(page);
  await checkEquation(page);
  return shown.length;
}

/** The operands in the held cell's equation are those that the engine names, in its order. */
async function checkTerms(page: Page): Promise<void> {
  const wrong = await page.locator("attention-playground").evaluate(async (element) => {
    const play = element as Play;
    const [stage, ...index] = play.state.pin.split(",");
    if (!stage) return [];
    const { terms } = await play.explain(stage, index.map(Number));
    const named = terms.flatMap(({ factors }) => factors).map((factor) => `${factor.stage},${factor.index}`);
    const links = [...(element.shadowRoot?.querySelectorAll<HTMLElement>(".equation .terms [data-stage]") ?? [])];
    const shown = links.map((link) => `${link.dataset.stage},${link.dataset.index}`);
    return shown.length > 0 && shown.join(" ") !== named.slice(0, shown.length).join(" ") ? [shown, named] : [];
  });
  expect(wrong).toEqual([]);
}

async function checkLegend(page: Page, now: Traced, then?: Traced): Promise<void> {
  const scene = page.locator(".scene");
  const [shown, run] = [await scene.getAttribute("data-scene"), (await scene.getAttribute("data-of")) ?? "now"];
  for (const scale of await page.locator("[data-scale]").all()) {
    const id = (await scale.getAttribute("data-scale")) ?? "";
    const found = now.stages.find((stage) => stage.id === id);
    if (!found) throw new Error(`a legend for ${id}, which is not in the trace`);
    const of = id === shown ? run : "now";
    const size = found.shape.reduce((a, b) => a * b, 1);
    const cells = Array.from({ length: size }, (_, n) => {
      const index = found.shape.map((extent, axis) => {
        const below = found.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
        return Math.floor(n / below) % extent;
      });
      return truthOf({ of, stage: id, index }, now, then);
    });
    const end = cells
      .map(Math.abs)
      .filter(Number.isFinite)
      .reduce((a, b) => Math.max(a, b), 0);
    const low = of !== "difference" && /^(exp|row_sum|weights)$/.test(id) ? 0 : -end;
    expect(misprint((await scale.locator(".low").textContent()) ?? "", low), `legend of ${id}`).toBeUndefined();
    expect(misprint((await scale.locator(".high").textContent()) ?? "", end), `legend of ${id}`).toBeUndefined();
  }
}

/** The equation's own numbers that are no cells: the f64 result, the rounding, the constant. */
async function checkEquation(page: Page): Promise<void> {
  const result = page.locator(".equation .result [data-index]");
  if ((await result.count()) === 0) return;
  const stage = (await result.getAttribute("data-stage")) ?? "";
  const index = ((await result.getAttribute("data-index")) ?? "").split(",").map(Number);
  const explanation = await page
    .locator("attention-playground")
    .evaluate((element, cell) => (element as Play).explain(cell.stage, cell.index), { stage, index });
  // What was given or drawn has no operation, and so no second result.
  if (explanation.terms.length === 0) return;
  expect(
    misprint((await page.locator("[data-exact]").textContent()) ?? "", explanation.exact),
    "exact",
  ).toBeUndefined();
  for (const constant of await page.locator(".equation [data-constant]").all()) {
    expect(
      misprint((await constant.textContent()) ?? "", Math.fround(explanation.constant?.value ?? Number.NaN)),
      "constant",
    ).toBeUndefined();
  }
}

const INPUTS: [name: string, query: string][] = [
  ["the default model with the article's sentence", ""],
  ["its first layer, another head", "layer=0&head=3&text=The+dog+didn't+eat+the+soup+because+it+was+too+hot"],
  ["a decoder", "model=decoder&head=2"],
  ["an encoder-decoder, where it looks at the encoder", "model=dates&token=6"],
  ["a vision model", "model=digits&layer=1"],
  ["the attention that remembers", "model=recall"],
  ["the article's sentence, untrained", "model=none"],
  ["causal, sinusoidal, three heads", "heads=3&head-dim=4&causal=true&position=sinusoidal&seed=7&text=dog+bites+man"],
  ["one token", "text=alone&heads=1&head-dim=2"],
  ["explicit scale, emoji and right-to-left", `text=${encodeURIComponent("👩‍🚀 שלום world !")}&scale=2.5&head-dim=3`],
  ["cross-attention, one key/value head", "attention=cross&kv-heads=1&text=the+dog+bites&key-text=man&head-dim=3"],
  ["rotary positions, a mask drawn by hand", "position=rotary&text=dog+bites+man&mask=0-1_2-2&head-dim=4"],
  [
    "ALiBi, a window and a soft cap",
    "position=alibi&causal=true&window=1,0&softcap=2&text=dog+bites+man+again&head-dim=3",
  ],
  ["linear attention, gated delta rule", "attention=gated_delta&kv-heads=1&text=dog+bites+man&head-dim=2"],
  [
    "own matrices with NaN and a huge number",
    `matrices=${encodeURIComponent(
      JSON.stringify({
        q: { shape: [2, 2], data: [1, 2, 1e30, "NaN"] },
        k: { shape: [2, 2], data: [0.5, -1, 3, "Infinity"] },
        v: { shape: [2, 2], data: [1, 0, 0, 1] },
      }),
    )}&heads=1`,
  ],
];

for (const [name, query] of INPUTS) {
  test(`every number is true in every stage: ${name}`, async ({ page }) => {
    test.setTimeout(120_000);
    await open(page, query);
    let seen = 0;
    for (const stop of await page.locator("[data-stop]").all()) {
      const id = (await stop.getAttribute("data-stop")) ?? "";
      await stop.click();
      await expect(page.locator(".scene")).toHaveAttribute("data-scene", id);
      // The networks that remember have no sentence above the scene, whose cells may all be too small.
      seen += await checkPage(page, query.startsWith("model=recall") ? 0 : 1);
      await page.locator("attention-playground").evaluate((element, stage) => {
        const play = element as Play;
        const found = play.trace?.stages.find((one) => one.id === stage);
        play.goto(stage, found?.shape.map((size) => size - 1) ?? []);
      }, id);
      await expect(page.locator(".equation .result")).toBeVisible();
      await checkPage(page, 1);
    }
    expect(seen).toBeGreaterThan(10);
  });
}

for (const [name, plain, changes] of [
  ["a trained model, a score and a key", "model=pronoun&head=1", "edits=scores,1,8,6%3D-7.5&mask=*-3"],
  ["an untrained run, weights and a head", "model=none&text=dog+bites+man", "edits=w_query,*,0%3D0_mixed,1,*,*%3D0"],
  ["a recurrence, its state", "attention=delta&text=dog+bites+man&head-dim=2", "edits=state,0,1,*,*%3D0.5"],
] as const)
  for (const show of ["now", "before", "difference"])
    test(`every number is true where something is changed, ${show}: ${name}`, async ({ page }) => {
      test.setTimeout(120_000);
      await open(page, plain);
      const then = await trace(page);
      await open(page, `${plain}&${changes}&show=${show}`);
      await expect(page.locator("[data-field=show]").first()).toBeVisible();
      let others = 0;
      for (const stop of await page.locator("[data-stop]").all()) {
        const id = (await stop.getAttribute("data-stop")) ?? "";
        await stop.click();
        await expect(page.locator(".scene")).toHaveAttribute("data-scene", id);
        const had = then.stages.some((stage) => stage.id === id);
        if (show === "now" || !had) await expect(page.locator(".scene")).not.toHaveAttribute("data-of", /./);
        else await expect(page.locator(".scene")).toHaveAttribute("data-of", show);
        await checkPage(page, 1, then);
        if (had) others++;
      }
      expect(others).toBeGreaterThan(5);
      const last = then.stages.at(-1);
      await page.locator("attention-playground").evaluate(
        (element, { id, shape }) =>
          (element as Play).goto(
            id,
            shape.map((size) => size - 1),
          ),
        {
          id: last?.id ?? "",
          shape: last?.shape ?? [],
        },
      );
      await expect(page.locator("[data-became]")).toBeVisible();
      await checkPage(page, 1, then);
    });

test("every number is true while it plays, at any moment", async ({ page }) => {
  await open(page, "model=none&text=dog+bites+man&heads=2&head-dim=3&causal=true");
  const duration = await page.locator(".scrub input").evaluate((input) => Number((input as HTMLInputElement).max));
  for (let n = 0; n <= 24; n++) {
    await page
      .locator("attention-playground")
      .evaluate((element, time) => (element as Play).seek(time), (duration * n) / 24);
    await page.waitForTimeout(30);
    await checkPage(page, 0);
  }
});

test("hovering any cell shows its value and its equation", async ({ page }) => {
  await open(page, "model=none");
  const cells = page.locator('.scene [data-stage="scores"]');
  for (const n of [0, 7, 40, 143]) {
    await cells.nth(n).hover({ force: true });
    const index = await cells.nth(n).getAttribute("data-index");
    await expect(page.locator(".equation .result [data-index]")).toHaveAttribute("data-index", index ?? "");
    await checkPage(page, 100);
  }
});

test("the held cell stays asked when the room changes and the scene is drawn anew", async ({ page }) => {
  await open(page, "stage=output");
  // The click gives the focus to the grid, too.
  await page.locator('.scene .grid[data-view^="output"]').click({ position: { x: 3, y: 3 } });
  await expect(page.locator(".equation .result [data-stage=output]")).toBeVisible();
  await page.locator(".equation .terms [data-stage=concat]").first().click();
  const held = page.locator(".equation .result [data-stage=concat]");
  await expect(held).toBeVisible();
  await page.setViewportSize({ width: 1280, height: 690 });
  await page.waitForTimeout(300);
  await expect(held).toBeVisible();
});

test("a new input brings new numbers, all true", async ({ page }) => {
  await open(page);
  await rerun(page, () => page.locator('[data-field="text"]').fill("the street was too wide"));
  expect((await trace(page)).tokens.query).toEqual(["the", "street", "was", "too", "wide"]);
  await checkPage(page, 25);
});

test("where cells are too small for numbers, the tip and the cursor's cell are true", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, "stage=weights");
  const of = await trace(page);
  // Above the transport, which stays at the bottom of the window.
  await page.locator(".below").evaluate((below) => below.scrollIntoView({ block: "center" }));
  const scene = (await page.locator('.scene .grid[data-view^="weights"]').boundingBox()) ?? {
    x: 0,
    y: 0,
    width: 0,
    height: 0,
  };
  for (const [row, column] of [
    [0, 0],
    [7, 5],
    [11, 11],
  ] as const) {
    await page.mouse.click(scene.x + ((column + 0.5) / 12) * scene.width, scene.y + ((row + 0.5) / 12) * scene.height);
    const tip = page.locator(".tip");
    await expect(tip).toBeVisible();
    // The head that the default model has chosen.
    await expect(tip).toHaveAttribute("data-index", `1,${row},${column}`);
    expect(misprint((await tip.textContent()) ?? "", traced(of, "weights", [1, row, column]))).toBeUndefined();
  }
  await page.locator('.grid[data-view^="weights"]').focus();
  await page.keyboard.press("ArrowDown");
  const cell = page.locator('.grid[data-view^="weights"] .cell');
  const index = ((await cell.getAttribute("data-index")) ?? "").split(",").map(Number);
  expect(misprint((await cell.textContent()) ?? "", traced(of, "weights", index))).toBeUndefined();
});

test("what a held cell comes to stands in sight, however long its sum and the way to it", async ({ page }) => {
  /** How far it ends above where the panel and the box in it fade. */
  const clear = () =>
    page.locator(".equation .result").evaluate((result) => {
      const end = (name: string) => result.closest(name)?.getBoundingClientRect().bottom ?? 0;
      return Math.min(end(".equation"), end(".panel")) - 36 - result.getBoundingClientRect().bottom;
    });
  await open(page, "stage=query");
  await page.locator('.scene .grid[data-view^="query"]').click({ position: { x: 5, y: 5 } });
  await expect(page.locator(".equation .result [data-stage=query]")).toBeVisible();
  expect(await clear()).toBeGreaterThan(0);
  await open(page, "pin=output,7,5");
  for (const stage of ["concat", "mixed", "weights", "exp", "shifted", "scaled", "scores", "query", "embeddings"]) {
    await page.locator(`.equation .terms [data-stage=${stage}]`).first().click();
    await expect(page.locator(`.equation .result [data-stage=${stage}]`)).toBeVisible();
    expect(await clear(), stage).toBeGreaterThan(0);
  }
  await expect(page.locator(".trail li")).toHaveCount(10);
});

test("what is held is named while another cell is pointed at", async ({ page }) => {
  await open(page, "pin=scores,1,7,5");
  const result = page.locator(".equation .result .number");
  await expect(result).toHaveAttribute("data-index", "1,7,5");
  await expect(page.locator(".trail li"), "one that is held alone is named where it is told of").toHaveCount(0);
  await page.locator('.scene .cell[data-stage="scores"][data-index="1,2,2"]').hover();
  await expect(result).toHaveAttribute("data-index", "1,2,2");
  await expect(page.locator(".trail li")).toHaveCount(1);
});

test("numbers stand in a result whose operands are too small for theirs", async ({ page }) => {
  for (const [width, height, stage] of [
    [1440, 900, "query"],
    [1920, 1080, "output"],
  ] as const) {
    await page.setViewportSize({ width, height });
    await open(page, `stage=${stage}`);
    const cells = page.locator(`.scene .cell[data-stage="${stage}"]`);
    await expect(cells.last()).toBeVisible();
    const found = await cells.evaluateAll((all) => all.map((one) => [one.dataset.index ?? "", one.textContent ?? ""]));
    const of = await trace(page);
    expect(found.length).toBe(of.tokens.query.length * (stage === "query" ? 8 : 32));
    const wrong = found.flatMap(([index = "", text = ""]) => {
      return misprint(text, traced(of, stage, index.split(",").map(Number))) ?? [];
    });
    expect(wrong).toEqual([]);
    // A tip is for what cannot be read.
    await cells.nth(20).hover();
    await expect(page.locator(".scene .tip")).toBeHidden();
  }
});

test("on a phone the equation of a held cell is a press away", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, "pin=scores,1,7,5");
  const equation = page.locator(".equation .result");
  await expect(equation).not.toBeInViewport();
  await page.locator(".to-equation").click();
  await expect(equation).toBeInViewport();
  await expect(equation.locator("[data-stage=scores]")).toHaveAttribute("data-index", "1,7,5");
  await open(page, "pin=query,1,6,3");
  const whole = await page.locator(".to-equation").evaluate((one) => one.scrollWidth <= one.clientWidth);
  expect(whole, "no word of it is cut").toBe(true);
  await page.keyboard.press("Escape");
  await expect(page.locator(".to-equation")).toHaveCount(0);
  await open(page, "pin=scores,1,7,5&hide=equation");
  await expect(page.locator(".to-equation")).toHaveCount(0);
});

test("a formula names what the page calls otherwise", async ({ page }) => {
  await open(page, "stage=query&pin=query,1,7,5");
  await expect(page.locator(".equation")).toContainText("embeddings: Input of layer 2");
});

test("zoomed in, every number in sight is true; dragging and the wheel move, 0 shows all", async ({ page }) => {
  const words = Array.from({ length: 120 }, (_, n) => `w${n % 37}`).join("+");
  await open(page, `model=none&text=${words}&stage=scores`);
  await expect(page.locator('.scene .grid[data-view^="scores"]')).toHaveClass(/virtual/);
  const scene = (await page.locator(".scene").boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(scene.x + scene.width / 2, scene.y + scene.height / 2);
  await page.keyboard.down("Control");
  for (let n = 0; n < 9; n++) await page.mouse.wheel(0, -120);
  await page.keyboard.up("Control");
  await expect(page.locator('.scene .grid[data-view^="scores"] .cell').nth(50)).toBeVisible();
  const seen = await page.locator('.scene .grid[data-view^="scores"] .cell').first().getAttribute("data-index");
  const of = await trace(page);
  const check = async () => {
    const shown = (await shownNumbers(page)).filter(({ text }) => text !== "");
    expect(shown.length).toBeGreaterThan(100);
    expect(shown.flatMap(({ stage, index, text }) => misprint(text, traced(of, stage, index)) ?? [])).toEqual([]);
  };
  await check();
  await page.mouse.down();
  await page.mouse.move(scene.x + scene.width / 2 - 150, scene.y + scene.height / 2 - 100, { steps: 4 });
  await page.mouse.up();
  await page.mouse.wheel(120, 80);
  expect(await page.locator('.scene .grid[data-view^="scores"] .cell').first().getAttribute("data-index")).not.toBe(
    seen,
  );
  expect((await state(page)).pin, "dragging holds no cell").toBe("");
  await check();
  await page.locator('.grid[data-view^="scores"]').focus();
  for (let n = 0; n < 30; n++) await page.keyboard.press("ArrowRight");
  const active = await page.locator('.grid[data-view^="scores"]').getAttribute("aria-activedescendant");
  await expect(page.locator(`#${active}`)).toBeVisible();
  await page.keyboard.press("0");
  await expect(page.locator('.scene .grid[data-view^="scores"]')).toHaveClass(/virtual/);
});
