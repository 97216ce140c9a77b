/** How models come to the page: by the menu, from the reader's files, from a hub; what fails, what is cancelled, what is asked for. */

import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, type Page, test } from "@playwright/test";
import { firstPicture } from "../../scripts/lib/first.mjs";
import type * as EngineModule from "../../www/engine/engine.ts";
import { bytesOf, expectedOf, urlOf } from "../checkpoints/read.ts";
import { open, ready, rerun, state, trace } from "./page.ts";

const SITE = fileURLToPath(new URL("../../dist/site", import.meta.url));

/** Chooses in the menu as a reader does. */
const choose = (page: Page, model: string) => page.locator('[data-field="model"]').selectOption(model);

test("each model of the menu opens with its own example, its card says what it is", async ({ page }) => {
  await open(page);
  for (const model of ["order", "decoder", "dates", "digits", "recall", "pronoun"]) {
    await rerun(page, () => choose(page, model));
    await expect(page.locator('[data-field="model"]')).toHaveValue(model);
    expect(await state(page)).toMatchObject({ model, layer: -1, head: -1, block: "auto" });
    await expect(page.locator(".problem")).toHaveCount(0);
    await page.locator(".about-model summary").click();
    await expect(page.locator(".card dt")).toHaveCount(4);
    await expect(page.locator(".card a")).toHaveAttribute("href", new RegExp(`models/${model}/README.md$`));
    await page.keyboard.press("Escape");
    await expect(page.locator(".card")).not.toBeVisible();
  }
  await rerun(page, () => choose(page, "none"));
  await expect(page.locator('[data-field="heads"]')).toBeVisible();
  await expect(page.locator("[data-head-cell]")).toHaveCount(0);
});

test("a model that cannot be had leaves the last picture, and says why under it", async ({ page }) => {
  await open(page);
  const before = await trace(page);
  await page.route("**/models/dates/model.safetensors", (route) => route.fulfill({ status: 503 }));
  await choose(page, "dates");
  await expect(page.locator('.hang [data-problem="model"]')).toContainText("dates/model.safetensors");
  await expect(page.locator('.hang [data-problem="model"]')).toContainText("503");
  await expect(page.locator(".stale")).toBeVisible();
  expect((await trace(page)).data).toEqual(before.data);
  await page.unroute("**/models/dates/model.safetensors");
  await rerun(page, () => choose(page, "order"));
  await expect(page.locator(".problem, .stale")).toHaveCount(0);
});

test("without the default model the page opens untrained, and says why", async ({ page }) => {
  await page.route("**/models/pronoun/**", (route) => route.fulfill({ status: 404 }));
  await open(page);
  await expect(page.locator('.hang [data-problem="model"]')).toContainText("404");
  await expect(page.locator(".untrained")).toBeVisible();
  await expect(page.locator(".stale")).toBeVisible();
});

test("a model on its way is shown, and can be cancelled", async ({ page }) => {
  await open(page);
  let asked = () => {};
  const waits = new Promise<void>((resolve) => {
    asked = resolve;
  });
  await page.route("**/models/dates/model.safetensors", () => asked());
  await choose(page, "dates");
  await waits;
  await expect(page.locator(".loading-model")).toContainText("dates");
  await page.locator(".loading-model button").click();
  await expect(page.locator(".loading-model")).toHaveCount(0);
  await expect(page.locator('[data-field="model"]')).toHaveValue("pronoun");
  await expect(page.locator(".problem, .stale")).toHaveCount(0);
  expect((await state(page)).model).toBe("auto");
  await rerun(page, () =>
    page
      .locator('[data-token="1"]')
      .click()
      .then(() => page.locator('[data-head-cell="encoder,0,0"]').click()),
  );
});

test("the last choice wins, however the models arrive", async ({ page }) => {
  await open(page);
  await page.route("**/models/dates/model.safetensors", async (route) => {
    await new Promise((done) => setTimeout(done, 600));
    await route.continue();
  });
  await choose(page, "dates");
  await rerun(page, () => choose(page, "order"));
  await page.waitForTimeout(900);
  await expect(page.locator('[data-field="model"]')).toHaveValue("order");
  expect((await trace(page)).tokens.query).toContain("[MASK]");
});

test.describe("the reader's own model", () => {
  test("comes from its files: every head, and the numbers of the reference", async ({ page }) => {
    await open(page);
    await choose(page, "own");
    await expect(page.locator(".own-model")).toBeVisible();
    const files = ["config.json", "model.safetensors", "tokenizer.json"].map((file) =>
      fileURLToPath(urlOf("bert-0", file)),
    );
    await rerun(page, () => page.locator('[data-own="files"]').setInputFiles(files));
    await expect(page.locator(".own-model")).toHaveCount(0);
    const { text, tensors, tokens } = expectedOf("bert-0");
    // The reference has the very sentence that stands there.
    await expect(page.locator('[data-field="text"]')).toHaveValue(text ?? "");
    const { shape = [], data } = tensors.attentions ?? {};
    const [layers = 0, , heads = 0, queries = 0] = shape;
    await expect(page.locator("[data-head-cell]")).toHaveCount(
      (shape.length === 5 ? layers : (shape[0] ?? 0)) * (shape.length === 5 ? heads : (shape[1] ?? 0)),
    );
    const of = await trace(page);
    expect(of.tokens.query).toHaveLength(tokens?.length ?? queries);
    const weights = of.stages.find(({ id }) => id === "weights");
    const size = weights?.shape.reduce((a, b) => a * b, 1) ?? 0;
    const found = of.data.slice(weights?.offset, (weights?.offset ?? 0) + size);
    const far = found.map((value, n) => Math.abs(value - (data?.[n] ?? Number.NaN)));
    expect(Math.max(...far)).toBeLessThan(1e-5);
    // Back and forward between models: it is still there.
    await rerun(page, () => choose(page, "pronoun"));
    await rerun(page, () => choose(page, "own"));
    expect((await state(page)).model).toBe("own");
  });

  test("an encoder-decoder takes what is written so far, in every block as engine.js has it", async ({ page }) => {
    await page.route("**/checkpoints/**", (route) =>
      route.fulfill({ path: fileURLToPath(urlOf("bart-0", basename(new URL(route.request().url()).pathname))) }),
    );
    await open(page);
    await choose(page, "own");
    const files = ["config.json", "model.safetensors", "tokenizer.json"].map((file) =>
      fileURLToPath(urlOf("bart-0", file)),
    );
    await rerun(page, () => page.locator('[data-own="files"]').setInputFiles(files));
    const { text = "", target = "" } = expectedOf("bart-0");
    await expect(page.locator('[data-field="text"]')).toHaveValue(text);
    await rerun(page, () => page.locator('[data-field="target"]').fill(target));
    await expect(page.locator(".written-token")).toHaveText(["Dog", "bites", "man"]);
    await expect(page.locator(".bars li")).toHaveCount(5);
    const attentions = await page.evaluate(
      async ({ text, target }) => {
        const { createEngine } = (await import(
          /* @vite-ignore */ new URL("./engine.js", location.href).href
        )) as typeof EngineModule;
        const get = (file: string) => fetch(new URL(`./checkpoints/${file}`, location.href));
        const engine = await createEngine();
        const model = await engine.loadModel({
          config: await (await get("config.json")).json(),
          weights: [await (await get("model.safetensors")).blob()],
          tokenizer: await (await get("tokenizer.json")).json(),
        });
        const written = (await model.encode(target)).ids;
        const output = await model.run({ text, targetIds: [model.info.start ?? -1, ...written] });
        const plain = Object.entries(output.attentions).map(([block, { shape, data }]) => [
          block,
          { shape, data: [...data] },
        ]);
        engine.dispose();
        return Object.fromEntries(plain) as Record<string, { shape: number[]; data: number[] }>;
      },
      { text, target },
    );
    expect(attentions.cross?.shape.slice(2)).toEqual([4, 15]);
    for (const [block, { shape, data }] of Object.entries(attentions)) {
      await rerun(page, () => page.locator(`[data-head-cell="${block},1,1"]`).click());
      const [, heads = 0, queries = 0, keys = 0] = shape;
      const size = heads * queries * keys;
      const of = await trace(page);
      const { offset = Number.NaN } = of.stages.find(({ id }) => id === "weights") ?? {};
      const far = data.slice(size, 2 * size).map((value, n) => Math.abs(value - (of.data[offset + n] ?? Number.NaN)));
      expect(Math.max(...far), block).toBeLessThan(1e-5);
    }
  });

  test("files that are no model are refused beside where they were chosen", async ({ page }) => {
    await open(page);
    await choose(page, "own");
    await page.locator('[data-own="files"]').setInputFiles(fileURLToPath(urlOf("bert-0", "tokenizer.json")));
    await expect(page.locator('[data-problem="own"]')).toContainText("expected config.json");
    await expect(page.locator('[data-problem="own"]')).toContainText("tokenizer.json");
    expect((await state(page)).model).toBe("auto");
  });

  test("a link that names it cannot bring it, and says so", async ({ page }) => {
    await open(page, "model=own");
    await expect(page.locator('.hang [data-problem="model"]')).toContainText("not part of a link");
  });

  test("comes from a hub by its name, after a click that says host and size", async ({ page }) => {
    const asked: string[] = [];
    await page.route("https://huggingface.co/**", (route) => {
      const request = route.request();
      const file = basename(new URL(request.url()).pathname);
      asked.push(`${request.method()} ${file}`);
      const body = Buffer.from(bytesOf("gpt2-0", file));
      const headers = {
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "content-length",
        "content-length": String(body.length),
      };
      return route.fulfill({ body, headers });
    });
    await open(page);
    await choose(page, "own");
    await page.locator('[data-own="name"]').fill("owner/gpt2");
    expect(asked, "nothing is asked of the hub before a click").toEqual([]);
    await page.locator('[data-own="find"]').click();
    await expect(page.locator(".found")).toContainText(/owner\/gpt2 on huggingface\.co: \d+ KB to fetch/);
    expect(asked).not.toContain("GET model.safetensors");
    await rerun(page, () => page.locator('[data-own="fetch"]').click());
    expect(asked).toContain("GET model.safetensors");
    await expect(page.locator("[data-head-cell]").first()).toBeVisible();
    await expect(page.locator(".bars li")).toHaveCount(5);
  });
});

test("the first picture asks for what the check of sizes counts, and for nothing else", async ({ page }) => {
  const counted = firstPicture(SITE).map((file) => file.slice(SITE.length + 1));
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname.slice(1) || "index.html"));
  page.context().on("request", (request) => asked.push(new URL(request.url()).pathname.slice(1) || "index.html"));
  // What waits until the first picture stands never comes, however long this test is kept waiting.
  await page.addInitScript(() => {
    const soon = globalThis.setTimeout;
    const never = (act: () => void, wait = 0) => (wait < 200 ? soon(act, wait) : 0);
    globalThis.setTimeout = never as typeof setTimeout;
  });
  await page.goto("./");
  await ready(page);
  const uncounted = asked.filter((file) => !counted.includes(file));
  expect(uncounted).toEqual([]);
  expect(asked).toContain(join("models", "pronoun", "model.safetensors"));
});
