/** Models in Chromium, through engine.js: every number of the reference library, dropped files, the hub, and lost workers. */

import { expect, type Page, test } from "@playwright/test";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { ModelInput, Tensor } from "../../www/engine/engine.ts";
import type * as ModelModule from "../../www/model/index.ts";
import { bytesOf, differ, expectedOf, NAMES, urlOf } from "../checkpoints/read.ts";
import { MINILM, miniLm, watchMemory } from "../common/minilm.ts";

/** A blank page that has the checkpoints beside it, and a hub that has one of them. */
async function blank(page: Page): Promise<void> {
  await page.route("**/blank.html", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>blank</title>" }),
  );
  await page.route("**/checkpoints/**", (route) => {
    const [name = "", file = ""] = new URL(route.request().url()).pathname.split("/").slice(-2);
    return route.fulfill({ path: urlOf(name, file).pathname });
  });
  await page.route("https://hub.test/**", (route) => {
    const file = new URL(route.request().url()).pathname.split("/").at(-1) as string;
    const headers = { "access-control-allow-origin": "*" };
    return route.fulfill({ body: Buffer.from(bytesOf("gpt2-0", file)), headers });
  });
  await page.goto("./blank.html");
}

for (const name of NAMES) {
  test(`${name}: every number of the reference library, in Chromium`, async ({ page }) => {
    await blank(page);
    const { text, target, tokens, tensors } = expectedOf(name);
    const pixels = tensors.pixel_values;
    const found = await page.evaluate(
      async ({ name, text, target, pixels }) => {
        const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
        const engine = await createEngine();
        const at = (file: string) => new URL(`./checkpoints/${name}/${file}`, location.href);
        const json = async (file: string) => (await fetch(at(file))).json();
        const model = await engine.loadModel({
          config: await json("config.json"),
          weights: [at("model.safetensors")],
          ...(text !== undefined && { tokenizer: await json("tokenizer.json") }),
        });
        const input: ModelInput = pixels
          ? { pixels: { shape: pixels.shape.slice(1), data: Float32Array.from(pixels.data) } }
          : { text: text as string, ...(target !== undefined && { target }) };
        const plain = (tensor: Tensor | undefined) => tensor && { shape: tensor.shape, data: Array.from(tensor.data) };
        const output = await model.run(input);
        // Each layer's trace beside the weights of the pass.
        let worst = 0;
        for (const block of model.info.blocks) {
          const all = output.attentions[block] as Tensor;
          const size = all.data.length / (all.shape[0] as number);
          for (let layer = 0; layer < (all.shape[0] as number); layer++) {
            const trace = await model.trace({ ...input, block, layer });
            const start = trace.stages.find(({ id }) => id === "weights")?.offset ?? Number.NaN;
            for (let n = 0; n < size; n++) {
              const miss = Math.abs((trace.data[start + n] as number) - (all.data[layer * size + n] as number));
              worst = Math.max(miss, worst);
            }
          }
        }
        engine.dispose();
        const { encoder, decoder, cross } = output.attentions;
        return {
          tokens: output.tokens,
          worst,
          logits: plain(output.logits),
          hidden_states: plain(output.hidden),
          attentions: plain(decoder ?? encoder),
          encoder_attentions: plain(encoder),
          cross_attentions: plain(cross),
        };
      },
      { name, text, target, pixels: pixels && { shape: pixels.shape, data: Array.from(pixels.data) } },
    );
    if (tokens) expect(found.tokens).toEqual(tokens);
    expect(found.worst).toBeLessThanOrEqual(1e-5);
    let compared = 0;
    for (const [key, expected] of Object.entries(tensors)) {
      if (!(key in found)) continue;
      const tensor = found[key as "logits"];
      const miss = differ(tensor && { ...tensor, data: Float32Array.from(tensor.data) }, expected);
      expect(miss, key).toBeUndefined();
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(3);
  });
}

test("a folder that is picked, and one from the hub that is kept and is there without the network", async ({
  page,
}) => {
  await blank(page);
  await page.setContent('<input type="file" webkitdirectory>');
  await page.locator("input").setInputFiles(urlOf("gpt2-0", "").pathname);
  const load = () =>
    page.evaluate(async () => {
      const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
      const source = (await import(new URL("./model.js", location.href).href)) as typeof ModelModule;
      const engine = await createEngine();
      const picked = document.querySelector("input")?.files ?? [];
      const own = await engine.loadModel(await source.modelFromFiles(picked));
      const found = await source.findOnHub("owner/gpt2", { host: "https://hub.test" });
      const steps: number[] = [];
      const files = await source.fetchFromHub(found, { keep: true, onProgress: ({ loaded }) => steps.push(loaded) });
      const far = await engine.loadModel(files);
      const [a, b] = await Promise.all([own, far].map((model) => model.run({ text: "Dog bites man" })));
      engine.dispose();
      return {
        same: String(a?.logits?.data) === String(b?.logits?.data),
        tokens: a?.tokens,
        bytes: found.bytes,
        steps,
      };
    });
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().startsWith("https://hub.test/"))
      asked.push(`${request.method()} ${request.url().split("/").at(-1)}`);
  });
  const first = await load();
  expect(first.same).toBe(true);
  expect(first.tokens).toEqual(["Dog", "Ġbites", "Ġman"]);
  expect(first.bytes).toBeGreaterThan(bytesOf("gpt2-0").length);
  expect(first.steps.at(-1)).toBe(bytesOf("gpt2-0").length);
  expect(asked).toContain("GET model.safetensors");
  asked.length = 0;
  const second = await load();
  expect(second.same).toBe(true);
  expect(second.steps).toEqual([]);
  expect(asked).not.toContain("GET model.safetensors");
});

test("a model whose worker is ended says so, and can be loaded again", async ({ page }) => {
  await blank(page);
  const found = await page.evaluate(async () => {
    const workers: Worker[] = [];
    const Plain = globalThis.Worker;
    globalThis.Worker = class extends Plain {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        workers.push(this);
      }
    };
    const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
    const engine = await createEngine();
    const at = (file: string) => new URL(`./checkpoints/gpt2-0/${file}`, location.href);
    const config = await (await fetch(at("config.json"))).json();
    const load = () => engine.loadModel({ config, weights: [at("model.safetensors")] });
    const model = await load();
    const before = await model.run({ ids: [1, 2, 3] });
    for (const worker of workers) worker.terminate();
    const error = await model.run({ ids: [1, 2, 3] }).then(
      () => undefined,
      (thrown) => ({ code: thrown.code, message: thrown.message }),
    );
    const after = await (await load()).run({ ids: [1, 2, 3] });
    return { error, same: String(before.logits?.data) === String(after.logits?.data) };
  });
  expect(found.error?.code).toBe("trap");
  expect(found.error?.message).toContain("load it again");
  expect(found.same).toBe(true);
});

test("a real encoder of 90 MB: dropped files, a sentence, memory below three times the file", async ({
  page,
  browser,
}) => {
  test.setTimeout(240_000);
  test.skip(process.platform !== "linux", "memory is read from /proc");
  const folder = await miniLm();
  test.skip(folder === undefined, `${MINILM} could not be fetched`);
  await blank(page);
  await page.setContent('<input type="file" webkitdirectory>');
  await page.locator("input").setInputFiles(folder as string);
  const session = await browser.newBrowserCDPSession();
  const renderers = async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  };
  const memoryAtMost = watchMemory(renderers);
  const found = await page.evaluate(async () => {
    const { createEngine } = (await import(new URL("./engine.js", location.href).href)) as typeof EngineModule;
    const source = (await import(new URL("./model.js", location.href).href)) as typeof ModelModule;
    const engine = await createEngine();
    const files = [...(document.querySelector("input")?.files ?? [])];
    const model = await engine.loadModel(await source.modelFromFiles(files));
    const { tokens, attentions, hidden, logits } = await model.run({ text: "The cat sat on the mat." });
    const all = attentions.encoder as Tensor;
    let farthest = 0;
    const keys = all.shape[3] as number;
    for (let row = 0; row < all.data.length; row += keys) {
      const sum = all.data.subarray(row, row + keys).reduce((a, b) => a + b, 0);
      farthest = Math.max(farthest, Math.abs(sum - 1));
    }
    const trace = await model.trace({ text: "The cat sat on the mat.", block: "encoder", layer: 5 });
    const bytes = files.find(({ name }) => name === "model.safetensors")?.size ?? 0;
    return { tokens, shape: all.shape, hidden: hidden.shape, logits, farthest, stages: trace.stages.length, bytes };
  });
  const memory = await memoryAtMost();
  console.log(`MiniLM: ${(found.bytes / 1e6).toFixed(0)} MB of weights, ${(memory / 1e6).toFixed(0)} MB at most`);
  expect(found.tokens).toEqual(["[CLS]", "the", "cat", "sat", "on", "the", "mat", ".", "[SEP]"]);
  expect(found.shape).toEqual([6, 12, 9, 9]);
  expect(found.hidden).toEqual([7, 9, 384]);
  expect(found.logits, "it has no head").toBeUndefined();
  expect(found.farthest).toBeLessThan(1e-5);
  expect(found.stages).toBeGreaterThan(20);
  expect(memory).toBeGreaterThan(found.bytes);
  expect(memory).toBeLessThan(3 * found.bytes);
});
