/** The models that ship: what their cards say, their tokenizers and their tests agree with the files themselves. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";

const MODELS = new URL("../../models/", import.meta.url);
const TESTS = new URL("../models/", import.meta.url);
const LARGEST = 400_000;

const read = (base: URL, path: string) => JSON.parse(readFileSync(new URL(path, base), "utf8"));

/** Names, types and shapes of a safetensors file. */
function header(path: URL): Record<string, { dtype: string; shape: number[] }> {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: _, ...tensors } = JSON.parse(bytes.subarray(8, 8 + length).toString());
  return tensors;
}

const names = readdirSync(MODELS);

it("there are models", () => {
  expect(names).toContain("pronoun");
});

describe.each(names)("%s", (name) => {
  const card = read(MODELS, `${name}/card.json`);
  const weights = new URL(`${name}/model.safetensors`, MODELS);

  it("is small, and as large as its card says", () => {
    expect(statSync(weights).size).toBe(card.bytes);
    expect(card.bytes).toBeLessThan(LARGEST);
  });

  it("has weights of f16, at least as many as were trained", () => {
    const tensors = Object.values(header(weights));
    expect(tensors.map(({ dtype }) => dtype)).toEqual(tensors.map(() => "F16"));
    const count = tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(count).toBeGreaterThanOrEqual(card.parameters);
  });

  it("is tested on what its card says", () => {
    const test = read(TESTS, `${name}.json`);
    expect(test.score).toEqual(card.test);
    expect(test.cases.length).toBeGreaterThan(0);
    expect(statSync(new URL(`${name}.json`, TESTS)).size).toBeLessThan(60_000);
  });

  it("says what five seeds came to", () => {
    const networks = new Set(card.seeds.map(({ network }: { network?: string }) => network));
    expect(card.seeds.length).toBeGreaterThanOrEqual(5 * networks.size);
  });

  it.runIf(existsSync(new URL(`${name}/tokenizer.json`, MODELS)))(
    "knows the words of its menu and its examples",
    () => {
      const { vocab } = read(MODELS, `${name}/tokenizer.json`).model;
      const ids = Object.values(vocab as Record<string, number>).sort((a, b) => a - b);
      expect(ids).toEqual(ids.map((_, at) => at));
      expect(ids.length).toBe(read(MODELS, `${name}/config.json`).vocab_size);
      const data = read(MODELS, `${name}/data.json`);
      const words = Object.values((data.menu ?? {}) as Record<string, string[]>).flat();
      const cut = data.task === "dates" ? /(?:)/ : /\s+|(?=[.,?!:;])/;
      const said = data.examples.flatMap((text: string) => text.toLowerCase().replace("[mask]", "[MASK]").split(cut));
      expect([...words, ...said].filter((word) => word !== "" && vocab[word] === undefined)).toEqual([]);
    },
  );
});
