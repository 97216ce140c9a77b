/** What stands between a model and the page: pieces of a text, drawings, two sentences with the same words. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { apart, swapped } from "../../www/model/compare.ts";
import { drawingsOf, type Stroke, textsOf } from "../../www/model/data.ts";
import { inkOf, pixelsOf, rasterise, toDrawing } from "../../www/model/drawing.ts";
import { read as readInput } from "../../www/model/input.ts";
import type { Loaded } from "../../www/model/shelf.ts";
import { BLANK_DRAWING, SHIPPED, WITHOUT_TOKENIZER } from "../../www/model/shipped.ts";
import { piecesOf, Vocabulary, wordsOf } from "../../www/model/vocabulary.ts";
import { defaultState } from "../../www/state/fields.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const json = (path: string) => JSON.parse(read(path));

describe("drawings", () => {
  it("become the images that the training made of them", () => {
    const { drawings } = json("tests/models/drawings.json") as { drawings: { digit: number; strokes: Stroke[] }[] };
    const { cases } = json("tests/models/digits.json") as { cases: [digit: number, ink: number[]][] };
    expect(drawings).toHaveLength(50);
    for (const [n, { digit, strokes }] of drawings.entries()) {
      expect([digit, inkOf(rasterise(strokes))], `drawing ${n}`).toEqual(cases[n]);
    }
  });

  it("stay what they are, wherever and however large", () => {
    const small: Stroke[] = [
      [
        [0, 0],
        [6, 1],
        [2, 10],
      ],
    ];
    const large: Stroke[] = [
      [
        [100, 40],
        [124, 44],
        [108, 80],
      ],
    ];
    expect(rasterise(small)).toBe(rasterise(large));
  });

  it("may be a dot, a line that lies, or nothing", () => {
    expect(rasterise([])).toBe(BLANK_DRAWING);
    expect(inkOf(rasterise([[[5, 5]]])).reduce((a, b) => a + b)).toBe(16);
    expect(
      inkOf(
        rasterise([
          [
            [0, 5],
            [100, 5],
          ],
        ]),
      ).slice(0, 24),
    ).toEqual(new Array(24).fill(0));
  });

  it("go to text and back, and to pixels from -1 to 1", () => {
    const ink = Array.from({ length: 64 }, (_, n) => n % 17);
    expect(inkOf(toDrawing(ink))).toEqual(ink);
    const { shape, data } = pixelsOf(toDrawing(ink));
    expect(shape).toEqual([1, 8, 8]);
    expect([...data.slice(0, 17)]).toEqual(Array.from({ length: 17 }, (_, n) => n / 8 - 1));
  });
});

describe("pieces", () => {
  it("are the reader's own words, one for each token", () => {
    const tokens = ["the", "[UNK]", ".", "didn't"];
    expect(piecesOf("The Wug. didn't", tokens)).toEqual(["The", "Wug", ".", "didn't"]);
    expect(wordsOf("a, b").map(({ at }) => at)).toEqual([0, 1, 3]);
  });

  it("are characters where tokens are", () => {
    expect(piecesOf("May 3", ["m", "a", "y", " ", "3"])).toEqual(["M", "a", "y", "␣", "3"]);
  });

  it("are the tokens where neither fits", () => {
    expect(piecesOf("playing", ["play", "##ing"])).toEqual(["play", "##ing"]);
    expect(piecesOf("a cat", ["Ġa", "Ġcat", "Ġ"])).toEqual(["a", "cat", "␣"]);
  });

  it("have names by their ids, in both forms of a vocabulary", () => {
    const words = new Vocabulary({ model: { vocab: { a: 1, b: 0 }, unk_token: "b" } });
    expect([words.label(1), words.idOf("b"), words.unknown, words.label(7)]).toEqual(["a", 0, "b", "7"]);
    const unigram = new Vocabulary({
      model: {
        vocab: [
          ["▁x", -1],
          ["y", -2],
        ],
      },
      added_tokens: [{ id: 2, content: "[MASK]" }],
    });
    expect([0, 1, 2].map((id) => unigram.label(id))).toEqual(["x", "y", "[MASK]"]);
    expect(new Vocabulary(undefined).label(3)).toBe("3");
  });
});

describe("two sentences with the same words", () => {
  it("are made by swapping two nouns, each in the case of its place", () => {
    expect(swapped("Dog bites man. Who?", ["dog", "man"])).toBe("Man bites dog. Who?");
    expect(swapped("The old dog bites a man.", ["dog", "man"])).toBe("The old man bites a dog.");
    expect(swapped("Dog bites.", ["dog", "man"])).toBeUndefined();
  });

  it("are 0 apart where the rows are the same in another order", () => {
    const rows = (...data: number[]) => ({ shape: [1, data.length / 2, 2], data: Float32Array.from(data) });
    expect(apart(rows(1, 2, 3, 4), rows(3, 4, 1, 2))).toBe(0);
    expect(apart(rows(1, 2, 3, 4), rows(3, 4, 1, 2.5))).toBe(0.5);
    // A row of either that is near none of the other counts.
    expect(apart(rows(1, 2, 1, 2), rows(1, 2, 9, 9))).toBe(8);
    expect(apart(rows(1, 2, 9, 9), rows(1, 2, 1, 2))).toBe(8);
  });
});

describe("what ships", () => {
  it.each(SHIPPED)("%s has the files that the page asks for", (name) => {
    const data = json(`models/${name}/data.json`);
    expect(textsOf(data).length + drawingsOf(data).length).toBeGreaterThan(0);
    expect(json(`models/${name}/card.json`).name).toBe(name);
    expect(json(`models/${name}/config.json`)).toBeTypeOf("object");
    if (!WITHOUT_TOKENIZER.has(name)) expect(json(`models/${name}/tokenizer.json`).model).toBeTypeOf("object");
  });
});

describe("what is written so far", () => {
  /** As far as the input needs it: a tokenizer by characters that ends every text, or none. */
  const loaded = (hasTokenizer: boolean, positions = 0): { loaded: Loaded; asked: number[] } => {
    const asked: number[] = [];
    const model = {
      hasTokenizer,
      info: { start: 1, ends: [2], encoder: { layers: 1, heads: 1 }, positions },
      encode: async (text: string) => ({ ids: [...[...text].map((c) => c.charCodeAt(0)), 2] }),
      async *generate({ maxTokens }: { maxTokens: number }) {
        asked.push(maxTokens);
        yield { id: 7 };
        yield { id: 2, end: "end_token" };
      },
    };
    return { loaded: { name: "own", model, data: { task: "own" } } as unknown as Loaded, asked };
  };
  const idsFor = async (target: string, hasTokenizer = true) =>
    (await readInput({ ...defaultState(), text: "5 6", target }, loaded(hasTokenizer).loaded)).input.targetIds;

  it("begins with the token that begins it, and leaves out the one that ends every text", async () => {
    expect(await idsFor("ab")).toEqual([1, 97, 98]);
    expect(await idsFor("")).toEqual([1, 7]);
  });

  it("is numbers, where the model has no tokenizer", async () => {
    expect(await idsFor("8 9 2", false)).toEqual([1, 8, 9]);
    await expect(idsFor("8 x", false)).rejects.toThrow("the numbers of tokens");
  });

  it("leaves the model no more than it has positions for", async () => {
    const { loaded: small, asked } = loaded(true, 12);
    await readInput({ ...defaultState(), text: "a" }, small);
    expect(asked).toEqual([11]);
  });
});
