/** The element in somebody else's page: attributes, properties, methods, events, and two at once. */

import { expect, type Page, test } from "@playwright/test";
import type { Play } from "./page.ts";

const HOST = (body: string) =>
  `<!doctype html><html lang="en"><title>host</title><style>* { color: red }</style><script type="module" src="./element.js"></script><body>${body}`;

async function host(page: Page, body: string): Promise<void> {
  await page.route("**/host.html", (route) => route.fulfill({ contentType: "text/html", body: HOST(body) }));
  await page.goto("./host.html");
  await page.evaluate(async () => {
    await customElements.whenDefined("attention-playground");
    await Promise.all([...document.querySelectorAll("attention-playground")].map((one) => (one as Play).ready));
  });
}

test("attributes are the table's fields; the host's address is left alone", async ({ page }) => {
  await host(
    page,
    '<attention-playground text="dog bites man" heads="1" head-dim="3" causal hide="header,controls"></attention-playground>',
  );
  const found = await page.locator("attention-playground").evaluate((element) => (element as Play).state);
  expect(found).toMatchObject({ text: "dog bites man", heads: 1, headDim: 3, causal: true, hide: "header,controls" });
  await expect(page.locator(".controls")).toHaveCount(0);
  await page.locator('[data-stop="weights"]').click();
  expect(new URL(page.url()).search).toBe("");
  await page.locator("attention-playground").evaluate((element) => element.setAttribute("heads", "2"));
  await expect
    .poll(() => page.locator("attention-playground").evaluate((e) => (e as Play).trace?.config.heads))
    .toBe(2);
});

test("properties, methods and events", async ({ page }) => {
  await host(page, '<attention-playground model="none" text="dog bites man"></attention-playground>');
  const log = await page.locator("attention-playground").evaluate(async (element) => {
    const play = element as Play;
    const events: string[] = [];
    for (const name of ["step-change", "select", "state-change", "error"]) {
      play.addEventListener(name, (event) => events.push(`${name}:${(event as CustomEvent).detail.source}`));
    }
    play.goto("weights", [0, 1, 2]);
    const at = { ...play.state };
    play.step();
    play.step(-2);
    play.seek(0);
    const start = play.state.stage;
    play.play();
    await new Promise((resolve) => setTimeout(resolve, 300));
    play.pause();
    const explanation = await play.explain("weights", [0, 1, 2]);
    const blob = await play.toBlob("image/png");
    const old = play.trace;
    play.matrices = {
      q: { shape: [2, 2], data: [1, 2, 3, 4] },
      k: { shape: [2, 2], data: [1, 2, 3, 4] },
      v: { shape: [2, 2], data: [1, 2, 3, 4] },
    };
    while (play.trace === old) await new Promise((resolve) => setTimeout(resolve, 10));
    let refusal = "";
    try {
      play.goto("nowhere");
    } catch (error) {
      refusal = String(error);
    }
    return {
      at,
      start,
      events,
      value: explanation.value,
      exact: explanation.exact,
      size: blob.size,
      shape: play.trace?.stages[0]?.shape,
      refusal,
    };
  });
  expect(log.at).toMatchObject({ stage: "weights", pin: "weights,0,1,2" });
  expect(log.start).toBe("embeddings");
  expect(log.events).toContain("select:api");
  expect(log.events).toContain("step-change:api");
  expect(log.events.filter((event) => event.endsWith(":user"))).toEqual([]);
  expect(log.events).toContain("state-change:api");
  expect(Math.abs(log.value - log.exact)).toBeLessThan(1e-7);
  expect(log.size).toBeGreaterThan(2000);
  expect(log.shape).toEqual([2, 2, 1]);
  expect(log.refusal).toContain("found nowhere");
});

test("two on one page: their own states, one wasm", async ({ page }) => {
  const loads: string[] = [];
  page.on("request", (request) => loads.push(new URL(request.url()).pathname));
  await host(
    page,
    '<attention-playground model="none" text="dog bites man"></attention-playground><attention-playground text="man bites dog" heads="1"></attention-playground>',
  );
  const tokens = await page
    .locator("attention-playground")
    .evaluateAll((all) => all.map((one) => (one as Play).trace?.tokens.query));
  expect(tokens).toEqual([
    ["dog", "bites", "man"],
    ["man", "bites", "dog"],
  ]);
  await page.locator("attention-playground").nth(1).locator('[data-stop="output"]').click();
  const stages = await page
    .locator("attention-playground")
    .evaluateAll((all) => all.map((one) => (one as Play).state.stage));
  expect(stages).toEqual(["scores", "output"]);
  expect(loads.filter((path) => path.endsWith(".wasm"))).toHaveLength(1);
});

test("what stands between the tags shows when the engine cannot be had", async ({ page }) => {
  await page.route("**/*.wasm", (route) => route.fulfill({ status: 404, body: "" }));
  await page.route("**/host.html", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: HOST("<attention-playground><p>the fallback</p></attention-playground>"),
    }),
  );
  await page.goto("./host.html");
  await expect(page.getByText("the fallback")).toBeVisible();
  await expect(page.locator(".problem")).toContainText("expected the engine's wasm, found 404");
  const outcome = await page.locator("attention-playground").evaluate((one) =>
    (one as Play).ready.then(
      () => "ready",
      (e) => e.code,
    ),
  );
  expect(outcome).toBe("load");
});

test("it can be moved, removed while it loads, and taken away", async ({ page }) => {
  await host(
    page,
    '<div id="a"><attention-playground model="none" text="dog bites man"></attention-playground></div><div id="b"></div>',
  );
  const result = await page.evaluate(async () => {
    const play = document.querySelector("attention-playground") as Play;
    document.querySelector("#b")?.append(play);
    await play.updateComplete;
    play.step();
    const moved = play.state.cell;
    const other = document.createElement("attention-playground") as Play;
    document.body.append(other);
    other.remove();
    play.dispose();
    await new Promise((resolve) => setTimeout(resolve, 100));
    return {
      moved,
      playing: play.shadowRoot?.querySelector('[aria-label="Pause"]') !== null,
      left: document.querySelectorAll("attention-playground").length,
    };
  });
  expect(result.left).toBe(0);
  expect(result.playing).toBe(false);
  expect(result.moved, "a step after the move: the first cell of the next stage").toBe(1);
});

test("moved while its model loads it shows that model, and disposed of while it starts it loads none", async ({
  page,
}) => {
  const models: string[] = [];
  await page.route("**/models/**", async (route) => {
    models.push(route.request().url());
    await new Promise((resolve) => setTimeout(resolve, 300));
    await route.continue();
  });
  await page.route("**/host.html", (route) =>
    route.fulfill({ contentType: "text/html", body: HOST('<div id="a"></div><div id="b"></div>') }),
  );
  await page.goto("./host.html");
  const disposed = await page.evaluate(async () => {
    await customElements.whenDefined("attention-playground");
    const play = document.createElement("attention-playground") as Play;
    document.body.append(play);
    await new Promise((resolve) => play.addEventListener("progress", resolve, { once: true }));
    play.dispose();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    return play.trace;
  });
  expect(disposed).toBeNull();
  expect(models).toEqual([]);
  const [loading] = await Promise.all([
    page.waitForRequest("**/models/**"),
    page.evaluate(() => {
      document.querySelector("#a")?.append(document.createElement("attention-playground"));
    }),
  ]);
  expect(loading.url()).toContain("pronoun");
  const found = await page.evaluate(async () => {
    const play = document.querySelector("attention-playground") as Play;
    document.querySelector("#b")?.append(play);
    await play.ready;
    return {
      stages: play.trace?.stages.map(({ id }) => id),
      problems: play.shadowRoot?.querySelectorAll(".problem").length,
    };
  });
  expect(found.stages, "the stages of a trained layer").toContain("b_query");
  expect(found.problems).toBe(0);
  await expect(page.locator(".stale")).toHaveCount(0);
  await expect(page.locator("[data-answer]")).toHaveAttribute("data-answer", "street");
});

for (const [width, height] of [
  [640, 420],
  [320, 240],
] as const) {
  test(`in ${width} x ${height} the picture and the transport are on the first screen`, async ({ page }) => {
    await host(
      page,
      `<attention-playground style="width:${width}px;height:${height}px" model="none" text="dog bites man"></attention-playground>`,
    );
    const frame = await page.locator("attention-playground").boundingBox();
    for (const part of ['.grid[data-view^="scores"]', ".transport .play"]) {
      const box = await page.locator(part).boundingBox();
      expect(box && frame && box.y >= frame.y && box.y + box.height <= frame.y + frame.height, part).toBe(true);
      expect(box?.height).toBeGreaterThan(25);
    }
  });
}

for (const [width, height] of [
  [800, 640],
  [800, 700],
  [800, 860],
  [1200, 640],
  [1200, 700],
] as const) {
  test(`in ${width} x ${height} nothing lies outside of it, and nothing over what follows`, async ({ page }) => {
    await page.setViewportSize({ width: 1300, height: 1000 });
    await host(
      page,
      `<attention-playground style="width:${width}px;height:${height}px" model="none"></attention-playground><a href="#here">after</a>`,
    );
    const element = page.locator("attention-playground");
    const bottom = await element.evaluate((one) => one.getBoundingClientRect().bottom);
    for (const part of [".page", ".transport"])
      expect(await page.locator(part).evaluate((one) => one.getBoundingClientRect().bottom), part).toBeLessThanOrEqual(
        bottom + 0.5,
      );
    await page.getByRole("link", { name: "after" }).click({ timeout: 2000 });
    // What the room is not enough for is reached in it.
    const tool = page.locator(".zoom button").first();
    await tool.scrollIntoViewIfNeeded();
    await tool.click({ timeout: 2000 });
  });
}

test("bad arguments of methods are refused with what was expected and found", async ({ page }) => {
  await host(page, '<attention-playground model="none" text="dog bites man"></attention-playground>');
  const thrown = await page.locator("attention-playground").evaluate((element) => {
    const play = element as Play;
    const attempt = (act: () => unknown) => {
      try {
        act();
        return "";
      } catch (error) {
        return String(error);
      }
    };
    const before = JSON.stringify(play.state);
    return {
      index: attempt(() => play.goto("weights", [9, 9, 9])),
      part: attempt(() => play.goto("weights", [0.5, 0, 0])),
      unit: attempt(() => play.step(1, "evil" as "cell")),
      time: attempt(() => play.seek(Number.NaN)),
      never: attempt(() => play.seek(undefined as unknown as number)),
      early: attempt(() => (document.createElement("attention-playground") as Play).goto("weights")),
      same: JSON.stringify(play.state) === before,
      far: attempt(() => play.step(1e9)),
    };
  });
  expect(thrown.index).toMatch(/expected an index within \[2,3,3\], found \[9,9,9\]/);
  expect(thrown.part).toMatch(/expected an index within \[2,3,3\], found \[0.5,0,0\]/);
  expect(thrown.early).toMatch(/expected a picture, found none yet/);
  expect(thrown.unit).toMatch(/expected one of cell, row, stage, found evil/);
  expect(thrown).toMatchObject({ time: "", same: true, far: "" });
});

test("sync-url keeps the attributes that the address does not speak of", async ({ page }) => {
  await page.route("**/host.html*", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: HOST('<attention-playground sync-url text="dog bites man" heads="1"></attention-playground>'),
    }),
  );
  await page.goto("./host.html?heads=3&foreign=kept");
  await page.locator("attention-playground").evaluate((element) => (element as Play).ready);
  const found = await page.locator("attention-playground").evaluate((element) => (element as Play).state);
  expect(found).toMatchObject({ text: "dog bites man", heads: 3 });
  await page.locator('[data-stop="weights"]').click();
  expect(new URL(page.url()).searchParams.get("foreign")).toBe("kept");
});

test("moved on the page, or its sync-url taken and given back, it keeps its state and its address", async ({
  page,
}) => {
  await page.route("**/host.html*", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: HOST('<attention-playground sync-url model="none" head-dim="3"></attention-playground><div id="b"></div>'),
    }),
  );
  await page.goto("./host.html?text=dog+bites+man&heads=1");
  const element = page.locator("attention-playground");
  await element.evaluate((one) => (one as Play).ready);
  const address = () => Object.fromEntries(new URL(page.url()).searchParams);
  const stage = () => element.evaluate((one) => (one as Play).state.stage);
  await element.evaluate((one) => {
    (one as Play).goto("weights");
    document.querySelector("#b")?.append(one);
  });
  const here = { text: "dog bites man", heads: "1" };
  await expect.poll(address).toEqual({ ...here, stage: "weights" });
  await element.evaluate((one) => {
    one.removeAttribute("sync-url");
    (one as Play).state = { seed: 7 } as Play["state"];
    one.setAttribute("sync-url", "");
    (one as Play).goto("output");
  });
  await expect.poll(address).toEqual({ ...here, seed: "7", stage: "output" });
  await page.goBack();
  await expect.poll(stage).toBe("weights");
  await page.goBack();
  await expect.poll(stage).toBe("scores");
  expect(address()).toEqual(here);
  // The attributes are still what the address does not say.
  const state = await element.evaluate((one) => (one as Play).state);
  expect(state).toMatchObject({ model: "none", text: "dog bites man", heads: 1, headDim: 3, seed: 1 });
});

test("a view that the picture does not have is corrected, with one warning", async ({ page }) => {
  await host(page, '<attention-playground model="none" text="dog bites man" heads="2"></attention-playground>');
  const found = await page.locator("attention-playground").evaluate(async (element) => {
    const play = element as Play;
    const told: string[] = [];
    let steps = 0;
    play.addEventListener("error", (event) => {
      const { code, field, found } = (event as unknown as CustomEvent).detail;
      told.push(`${code} ${field} ${found}`);
    });
    play.addEventListener("step-change", () => steps++);
    const set = (state: Partial<Play["state"]>) => {
      play.state = state as Play["state"];
      return play.state;
    };
    const kept = {
      ...{ stage: set({ stage: "nonsense" }).stage, head: set({ head: 63 }).head },
      ...{ token: set({ token: 4000 }).token, pin: set({ pin: "scores,99,99,99" }).pin },
    };
    play.setAttribute("theme", "dark");
    await new Promise((resolve) => setTimeout(resolve, 100));
    const alone = told.splice(0);
    // What comes with another input is meant for that: four heads have a fourth, and two words no third.
    const next = async (state: Partial<Play["state"]>) => {
      const old = play.trace;
      set(state);
      while (play.trace === old) await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return play.state;
    };
    const good = (await next({ heads: 4, head: 3 })).head;
    const fine = told.splice(0);
    const bad = (await next({ text: "dog bites", token: 2 })).token;
    // Fields one after the other, as attributes are: the input is on its way when the view comes.
    const old = play.trace;
    play.setAttribute("text", "a b c d e f");
    play.setAttribute("token", "5");
    while (play.trace === old) await new Promise((resolve) => setTimeout(resolve, 10));
    return { kept, alone, good, fine, bad, together: told, later: play.state.token, steps };
  });
  expect(found).toEqual({
    kept: { stage: "scores", head: -1, token: -1, pin: "" },
    alone: ["bad_value stage nonsense", "bad_value head 63", "bad_value token 4000", "bad_value pin scores,99,99,99"],
    good: 3,
    fine: [],
    bad: -1,
    together: ["bad_value token 2"],
    later: 5,
    steps: expect.any(Number),
  });
  expect(found.steps, "a step is told where there is one").toBeLessThan(4);
  await expect(page.locator('[data-field="head"] option')).toHaveCount(4);
});

test("what was wrong is said no more once the value that stands is given again", async ({ page }) => {
  await host(page, '<attention-playground model="none" text="dog bites man" heads="3"></attention-playground>');
  const element = page.locator("attention-playground");
  await element.evaluate((one) => one.setAttribute("heads", "99"));
  await expect(page.locator('[data-problem="heads"]')).toContainText("found 99");
  await element.evaluate((one) => one.setAttribute("heads", "3"));
  await expect(page.locator(".problem")).toHaveCount(0);
});

test("out of the page nothing runs: what is set is taken up when it is back; disposed of, it does nothing more", async ({
  page,
}) => {
  await host(page, '<attention-playground model="none" text="a b c"></attention-playground>');
  const models = () => page.workers().filter((worker) => /model/.test(worker.url())).length;
  const element = await page.evaluateHandle(() => document.querySelector("attention-playground") as Play);
  await element.evaluate(async (play) => {
    play.remove();
    play.state = { model: "decoder" } as Play["state"];
    play.play();
    await new Promise((resolve) => setTimeout(resolve, 1000));
  });
  expect(models()).toBe(0);
  const shown = await element.evaluate(async (play) => {
    const [old, { cell }] = [play.trace, play.state];
    document.body.append(play);
    while (play.trace === old) await new Promise((resolve) => setTimeout(resolve, 10));
    return { cell, stages: play.trace?.stages.map(({ id }) => id) };
  });
  expect(shown.cell).toBe(-2);
  expect(shown.stages, "the stages of a trained layer").toContain("b_query");
  expect(models()).toBe(1);
  const after = await element.evaluate(async (play) => {
    // Back for a moment only: nothing is taken then, either.
    play.remove();
    document.body.append(play);
    play.remove();
    document.body.append(play);
    play.dispose();
    const before = JSON.stringify(play.state);
    play.setAttribute("model", "order");
    play.play();
    play.goto("weights");
    document.body.append(play);
    play.play();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return JSON.stringify(play.state) === before;
  });
  expect(after).toBe(true);
  expect(models()).toBe(0);
});

test("without words a bad attribute is no error of the page around", async ({ page }) => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.route(/\/en-[^/]*\.js$/, (route) => route.fulfill({ status: 404, body: "" }));
  await page.route("**/host.html", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: HOST('<attention-playground heads="99">the fallback</attention-playground>'),
    }),
  );
  await page.goto("./host.html");
  await expect(page.locator("attention-playground .problem")).toBeVisible();
  expect(errors).toEqual([]);
});

for (const [name, matrices, expected] of [
  ["none", {}, /^Matrices: expected X, found nothing\.$/],
  ["some", { q: { shape: [1, 1], data: [1] } }, /^Matrices: expected K, V, found Q\.$/],
  ["one without rows", { x: { shape: [4], data: [1, 2, 3, 4] } }, /expected x \[rows, columns\], found \[4\]/],
  ["too many rows", { x: { shape: [5000, 1], data: Array(5000).fill(1) } }, /^5000 tokens; at most 4096/],
] as const) {
  test(`of matrices is said what is wrong with them: ${name}`, async ({ page }) => {
    await host(page, '<attention-playground model="none" heads="1" head-dim="1"></attention-playground>');
    await page.locator("attention-playground").evaluate((element, set) => {
      (element as Play).matrices = set as unknown as Play["matrices"];
    }, matrices);
    await expect(page.locator('[data-problem="matrices"]')).toHaveText(expected);
    await expect(page.locator(".problem")).toHaveCount(1);
  });
}

test("matrices may be typed arrays, NaN among them", async ({ page }) => {
  await host(page, '<attention-playground heads="1"></attention-playground>');
  const value = await page.locator("attention-playground").evaluate(async (element) => {
    const play = element as Play;
    const old = play.trace;
    const x = { shape: [1, 2], data: new Float32Array([1, Number.NaN]) };
    play.matrices = { q: x, k: x, v: x } as never;
    while (play.trace === old) await new Promise((resolve) => setTimeout(resolve, 10));
    return play.trace?.nonFiniteCount;
  });
  expect(value).toBe(3);
});

test("out of sight it rests", async ({ page }) => {
  await host(
    page,
    '<attention-playground model="none" text="dog bites man"></attention-playground><div style="height:5000px"></div>',
  );
  await page.locator("attention-playground").evaluate((element) => (element as Play).play());
  await page.evaluate(() => scrollTo(0, 4000));
  await expect(page.locator('[aria-label="Play"]')).toHaveCount(1);
});

for (const file of ["engine_bg.wasm", "worker.js"]) {
  test(`without ${file} the fallback stays, and one error is told`, async ({ page }) => {
    await page.route(`**/${file}`, (route) => route.fulfill({ status: 404, body: "" }));
    // Enough tokens that the job needs a worker.
    const text = "word ".repeat(200);
    await page.route("**/host.html", (route) =>
      route.fulfill({
        contentType: "text/html",
        body: HOST(
          `<attention-playground text="${text}" heads="8" head-dim="16"><p>the fallback</p></attention-playground>`,
        ),
      }),
    );
    await page.goto("./host.html");
    await expect(page.locator(".problem")).toBeVisible({ timeout: 25_000 });
    await expect(page.getByText("the fallback")).toBeVisible();
    const outcome = await page.locator("attention-playground").evaluate((one) =>
      (one as Play).ready.then(
        () => "ready",
        () => "rejected",
      ),
    );
    expect(outcome).toBe("rejected");
  });
}
