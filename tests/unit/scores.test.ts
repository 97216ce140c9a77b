/** What the cards of the shipped models say, worked out again from the committed weights by the engine. */

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { Model, ModelOutput } from "../../www/engine/model/types.ts";
import type { Engine, Tensor } from "../../www/engine/types.ts";
import { KINDS, recallAll } from "../../www/recall/run.ts";
import { readSequence } from "../../www/recall/sequence.ts";

const PACKAGE = new URL("../../dist/package/engine.js", import.meta.url).href;
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url));
const json = (path: string) => JSON.parse(read(path).toString());

// Hundreds of runs of a model each, on machines that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let engine: Engine;
beforeAll(async () => {
  const { createEngine } = (await import(/* @vite-ignore */ PACKAGE)) as typeof EngineModule;
  engine = await createEngine();
});
afterAll(() => engine.dispose());

async function load(name: string, tokenizer = true): Promise<Model> {
  const weights = read(`models/${name}/model.safetensors`);
  return engine.loadModel({
    config: json(`models/${name}/config.json`),
    weights: [new Blob([new Uint8Array(weights)])],
    ...(tokenizer && { tokenizer: json(`models/${name}/tokenizer.json`) }),
  });
}

/** One row of a tensor by its last axis. */
const row = ({ shape, data }: Tensor, ...index: number[]): Float32Array => {
  const size = shape.at(-1) ?? 0;
  const at = index.reduce((sum, place, axis) => sum * (shape[axis] ?? 0) + place, 0);
  return data.subarray(at * size, (at + 1) * size);
};
const likeliest = (numbers: Float32Array) => numbers.indexOf(Math.max(...numbers));
const logitsOf = ({ logits }: ModelOutput): Tensor => {
  if (!logits) throw new Error("a model without logits");
  return logits;
};
const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
/** To the digits that cards have. */
const rounded = (value: number) => Math.round(value * 10_000) / 10_000;

interface Words {
  head: [layer: number, head: number];
  score: { right: number; weight: number };
  cases: [text: string, answer: string][];
}

describe.each([
  ["pronoun", "it"],
  ["order", "[MASK]"],
  ["order-no-positions", "[MASK]"],
])("%s", (name, at) => {
  it("answers, and looks, as its card says", async () => {
    const model = await load(name);
    const { head, score, cases } = json(`tests/models/${name}.json`) as Words;
    const found = [];
    for (const [text, answer] of cases) {
      const output = await model.run({ text });
      const place = output.tokens.indexOf(at);
      const [id = -1] = (await model.encode(answer)).ids;
      const { encoder } = output.attentions;
      const seen = encoder ? row(encoder, ...head, place) : [];
      const right = likeliest(row(logitsOf(output), place)) === id ? 1 : 0;
      found.push({ right, weight: seen[output.ids.indexOf(id)] ?? 0 });
    }
    expect(found.length).toBeGreaterThanOrEqual(500);
    expect(rounded(mean(found.map(({ right }) => right)))).toBe(score.right);
    expect(rounded(mean(found.map(({ weight }) => weight)))).toBeCloseTo(score.weight, 3);
    expect(json(`models/${name}/card.json`).test).toMatchObject(score);
    model.dispose();
  });
});

describe("dates", () => {
  it("writes dates as its card says", async () => {
    const model = await load("dates");
    const { score, cases } = json("tests/models/dates.json") as { score: { exact: number }; cases: [string, string][] };
    let exact = 0;
    for (const [text, answer] of cases) {
      let written = "";
      for await (const step of model.generate({ text, maxTokens: 16 })) written = step.text;
      if (written === answer) exact++;
    }
    expect(cases.length).toBeGreaterThanOrEqual(500);
    expect(rounded(exact / cases.length)).toBe(score.exact);
    expect(json("models/dates/card.json").test).toMatchObject(score);
    model.dispose();
  });
});

describe("decoder", () => {
  interface Stories {
    /** The token that ends a text. */
    end: number;
    score: { perplexity: number } & Record<string, number>;
    cases: [text: string, known: [kind: string, place: number][]][];
  }

  it("writes on as its card says", async () => {
    const model = await load("decoder");
    const { end, score, cases } = json("tests/models/decoder.json") as Stories;
    const right: Record<string, number[]> = {};
    const surprise: number[] = [];
    for (const [text, known] of cases) {
      const output = await model.run({ text, attentions: false });
      const next = [...output.ids.slice(1), end];
      for (const [place, id] of next.entries()) surprise.push(-logProbability(row(logitsOf(output), place), id));
      for (const [kind, place] of known) {
        right[kind] ??= [];
        right[kind].push(likeliest(row(logitsOf(output), place - 1)) === output.ids[place] ? 1 : 0);
      }
    }
    const found = Object.entries(right).map(([kind, answers]) => [kind, rounded(mean(answers))]);
    const { perplexity, ...shares } = score;
    expect(Object.fromEntries(found)).toEqual(shares);
    expect(Math.exp(mean(surprise))).toBeCloseTo(perplexity, 3);
    expect(json("models/decoder/card.json").test).toEqual(score);
    model.dispose();
  });
});

function logProbability(logits: Float32Array, id: number): number {
  const largest = Math.max(...logits);
  const sum = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return (logits[id] ?? Number.NaN) - largest - Math.log(sum);
}

describe("recall", () => {
  interface Sequences {
    score: Record<string, number>;
    cases: ["pairs" | "flag", string, number][];
  }

  it("each network answers as the card says", async () => {
    const model = await load("recall", false);
    const { score, cases } = json("tests/models/recall.json") as Sequences;
    const right = new Map<string, number[]>();
    for (const [task, text, answer] of cases) {
      const sequence = readSequence(text);
      expect(sequence.task).toBe(task);
      const results = await recallAll(model, sequence);
      for (const kind of KINDS) {
        const name = `${task}.${kind}`;
        right.set(name, [...(right.get(name) ?? []), results[kind].answer === answer ? 1 : 0]);
      }
    }
    const found = Object.fromEntries([...right].map(([name, answers]) => [name, rounded(mean(answers))]));
    expect(found).toEqual(score);
    expect(json("models/recall/card.json").test).toEqual(score);
    model.dispose();
  });
});

describe("digits", () => {
  interface Images {
    rows: [first: number, end: number];
    score: { drawings: number; right: number };
    cases: [digit: number, ink: number[]][];
  }
  const { rows, score, cases } = json("tests/models/digits.json") as Images;
  const share = async (images: { digit: number | undefined; pixels: Float32Array }[]) => {
    const model = await load("digits", false);
    let right = 0;
    for (const { digit, pixels } of images) {
      const output = await model.run({ pixels: { shape: [1, 8, 8], data: pixels } });
      if (likeliest(logitsOf(output).data) === digit) right++;
    }
    model.dispose();
    return rounded(right / images.length);
  };

  it("reads drawings as its card says", async () => {
    const images = cases.map(([digit, ink]) => ({ digit, pixels: Float32Array.from(ink, (cell) => cell / 8 - 1) }));
    expect(images).toHaveLength(50);
    expect(await share(images)).toBe(score.drawings);
    expect(json("models/digits/card.json").test).toMatchObject(score);
  });

  it("reads the test images as its card says", async ({ skip }) => {
    const { digitsFile, readDigits } = await import("../../scripts/lib/digits.mjs");
    // The images come from a package that is fetched: they name no licence.
    const path = await digitsFile().catch((error: Error) => skip(`no images: ${error.message}`));
    const images = readDigits(path).slice(...rows);
    expect(images).toHaveLength(360);
    expect(await share(images)).toBe(score.right);
  });
});
