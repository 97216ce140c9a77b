/** Dropping: a model's folder, as the system drops it; its files; and what is no input, which leaves the last picture. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CDPSession, expect, type Page, test } from "@playwright/test";
import { bytesOf, expectedOf, urlOf } from "../checkpoints/read.ts";
import { open, rerun, state, trace } from "./page.ts";

const MODEL = ["config.json", "model.safetensors", "tokenizer.json"];
const pathOf = (name: string, file = "") => fileURLToPath(urlOf(name, file));

let client: CDPSession;
let folder: string;
/** What went wrong outside of any `try`. */
let errors: string[];

test.beforeEach(async ({ page }) => {
  client = await page.context().newCDPSession(page);
  folder = mkdtempSync(join(tmpdir(), "dropped-"));
  errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
});

test.afterEach(() => {
  rmSync(folder, { recursive: true });
  expect(errors).toEqual([]);
});

/** As the system does it: the browser makes the DataTransfer, with the entries of files and folders. */
async function dropPaths(page: Page, paths: string[], over = ".scene"): Promise<void> {
  const box = await page.locator(over).boundingBox();
  const [x, y] = [(box?.x ?? 0) + 20, (box?.y ?? 0) + 10];
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await client.send("Input.dispatchDragEvent", { type, x, y, data });
}

/** Files that a script made have no entries: a DataTransfer with files alone. */
const dropFiles = (page: Page, files: [name: string, bytes: Uint8Array][]) =>
  page.locator(".page").evaluate(
    (target, list) => {
      const dataTransfer = new DataTransfer();
      for (const [name, bytes] of list) dataTransfer.items.add(new File([Uint8Array.from(bytes)], name));
      target.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true, composed: true }));
    },
    files.map(([name, bytes]) => [name, [...bytes]] as const),
  );

/** Its weights are those that the reference library computed. */
async function expectModel(page: Page, name: string): Promise<void> {
  expect((await state(page)).model).toBe("own");
  await expect(page.locator(".problem, .stale, .own-model")).toHaveCount(0);
  const { tensors } = expectedOf(name);
  const of = await trace(page);
  const weights = of.stages.find(({ id }) => id === "weights");
  const size = weights?.shape.reduce((a, b) => a * b, 1) ?? 0;
  const found = of.data.slice(weights?.offset, (weights?.offset ?? 0) + size);
  const far = found.map((value, n) => Math.abs(value - (tensors.attentions?.data[n] ?? Number.NaN)));
  expect(size).toBeGreaterThan(0);
  expect(Math.max(...far)).toBeLessThan(1e-5);
}

test("the folder of a model", async ({ page }) => {
  await open(page);
  await rerun(page, () => dropPaths(page, [pathOf("bert-0")]));
  await expectModel(page, "bert-0");
  await page.locator(".about-model summary").click();
  await expect(page.locator(".card .summary")).toHaveText("bert-0");
});

test("a folder with the model in a folder of its own, beside what is none", async ({ page }) => {
  const inner = join(folder, "download", "snapshot");
  mkdirSync(inner, { recursive: true });
  for (const file of MODEL) writeFileSync(join(inner, file), bytesOf("bert-0", file));
  // More than a directory tells of at a time.
  for (let n = 0; n < 130; n++) writeFileSync(join(folder, "download", `note-${n}.txt`), "no model");
  await open(page);
  await rerun(page, () => dropPaths(page, [join(folder, "download")]));
  await expectModel(page, "bert-0");
});

test("the files of a model, by the system and by a script; over the header, and over the field of the text", async ({
  page,
}) => {
  await open(page);
  const paths = MODEL.map((file) => pathOf("bert-0", file));
  await rerun(page, () => dropPaths(page, paths, ".header"));
  await expectModel(page, "bert-0");
  await rerun(page, () =>
    dropFiles(
      page,
      MODEL.map((file) => [file, bytesOf("gpt2-0", file)]),
    ),
  );
  // It says what comes next.
  await expect(page.locator(".bars li")).toHaveCount(5);
  await rerun(page, () => dropPaths(page, paths, '[data-field="text"]'));
  await expectModel(page, "bert-0");
});

test("matrices, as files of the system", async ({ page }) => {
  await open(page);
  const paths = ["q", "k", "v"].map((name) => join(folder, `${name}.csv`));
  for (const path of paths) writeFileSync(path, "1,2\n3,4");
  await rerun(page, () => dropPaths(page, paths));
  expect((await trace(page)).stages.find(({ id }) => id === "scores")?.shape).toEqual([1, 2, 2]);
});

const text = (words: string) => new TextEncoder().encode(words);
const header = (json: string) => {
  const bytes = new Uint8Array(8 + json.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(text(json), 8);
  return bytes;
};

/** What lies in the folder, and what is said of it. */
const WRONG: [name: string, files: Record<string, Uint8Array>, says: RegExp][] = [
  ["an empty folder", {}, /expected config\.json, found no file/],
  [
    "a folder without a model",
    { "a.txt": text("a"), "b.png": text("b") },
    /expected config\.json, found a\.txt, b\.png/,
  ],
  [
    "a folder without weights",
    { "config.json": bytesOf("bert-0", "config.json") },
    /expected model\.safetensors, found config\.json/,
  ],
  [
    "a configuration that is no JSON",
    { "config.json": text("{"), "model.safetensors": bytesOf("bert-0") },
    /config\.json/,
  ],
  [
    "a configuration of another kind",
    { "config.json": text('{"model_type":"llama"}'), "model.safetensors": bytesOf("bert-0") },
    /llama/,
  ],
  [
    "weights that are cut",
    { "config.json": bytesOf("bert-0", "config.json"), "model.safetensors": bytesOf("bert-0").slice(0, 5000) },
    /expected .* found /,
  ],
  [
    "weights of nothing",
    { "config.json": bytesOf("bert-0", "config.json"), "model.safetensors": header("{}") },
    /expected .* found /,
  ],
];

test("what is no model says what was expected, and the last picture stays", async ({ page }) => {
  await open(page);
  const before = await trace(page);
  for (const [n, [name, files, says]] of WRONG.entries()) {
    const path = join(folder, String(n));
    mkdirSync(path);
    for (const [file, bytes] of Object.entries(files)) writeFileSync(join(path, file), bytes);
    await dropPaths(page, [path]);
    const problem = page.locator(".problem");
    await expect(problem, name).toHaveText(says);
    await expect(problem, name).toBeInViewport();
    expect((await trace(page)).data, name).toEqual(before.data);
    await expect(page.locator(".scene > canvas"), name).toBeVisible();
  }
  // And the right one mends it.
  await rerun(page, () => dropPaths(page, [pathOf("bert-0")]));
  await expectModel(page, "bert-0");
});

test("single files that are no input say so, and the last picture stays", async ({ page }) => {
  await open(page);
  const before = await trace(page);
  const wrong: [file: string, bytes: Uint8Array, says: RegExp][] = [
    ["picture.png", Uint8Array.from([137, 80, 78, 71, 0, 0]), /picture\.png: expected text .* found a binary file/],
    ["notes.txt", text("dog bites man"), /expected/],
    ["empty.csv", text(""), /expected/],
    ["config.json", bytesOf("bert-0", "config.json"), /expected model\.safetensors, found config\.json/],
    ["model.safetensors", bytesOf("bert-0"), /expected config\.json, found model\.safetensors/],
    ["tokenizer.json", bytesOf("bert-0", "tokenizer.json"), /expected config\.json, found tokenizer\.json/],
    ["state.json", text('{"attentionPlayground":1'), /expected/],
  ];
  for (const [file, bytes, says] of wrong) {
    writeFileSync(join(folder, file), bytes);
    await dropPaths(page, [join(folder, file)]);
    // The newest alone: what was said of another file is gone.
    const problem = page.locator(".problem");
    await expect(problem, file).toHaveText(says);
    await expect(problem, file).toBeInViewport();
    expect((await trace(page)).data, file).toEqual(before.data);
  }
  await rerun(page, () => dropPaths(page, [pathOf("bert-0")]));
  await expectModel(page, "bert-0");
});

test("text that is dragged is the browser's own affair", async ({ page }) => {
  await open(page);
  const before = await trace(page);
  const prevented = await page.locator('[data-field="text"]').evaluate((target) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.setData("text/plain", "dog bites man");
    const events = ["dragover", "drop"].map(
      (type) => new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true, composed: true }),
    );
    for (const event of events) target.dispatchEvent(event);
    return events.map((event) => event.defaultPrevented);
  });
  expect(prevented).toEqual([false, false]);
  await page.waitForTimeout(200);
  await expect(page.locator(".problem")).toHaveCount(0);
  expect((await trace(page)).data).toEqual(before.data);
});
