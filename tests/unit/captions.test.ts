/** Every claim of every caption is true, whatever the trace: sentences are read as a person reads them, in both languages. */

import { beforeAll, describe, expect, it } from "vitest";
import { captionFor, cellCaption, type Piece, spoken, whatIsKept } from "../../www/element/parts/caption.ts";
import { createEngine, type Engine, type Explanation, type Stage, type Trace } from "../../www/engine/engine.ts";
import { en } from "../../www/text/en.ts";
import "../../www/text/untrained.ts";
import { speak } from "../../www/text/say.ts";
import { zh } from "../../www/text/zh/index.ts";
import { Course, isParameter } from "../../www/timeline/course.ts";
import { type Told, untrue } from "../common/captions/claims.ts";
import { CASES } from "../common/captions/requests.ts";
import { read } from "../common/captions/sentences.ts";
import { generator } from "../common/generator.ts";

const LANGUAGES = { en: { say: en }, zh } as const;
const CELLS = 20;

type Cell = Omit<Told, "numbers" | "explained" | "stageName">;
type Tell = (explanation?: Explanation) => Piece[];

const met = new Set<string>();

/** What is wrong with a caption, told with what the engine explains and without, in each language. */
function amiss(cell: Cell, explanation: Explanation, tell: Tell): string[] {
  return (["en", "zh"] as const).flatMap((language) => {
    speak(LANGUAGES[language]);
    return [explanation, undefined].flatMap((known) => {
      const pieces = tell(known);
      const numbers: Told["numbers"] = {};
      const text = pieces
        .map((piece, n) => {
          if (typeof piece === "string") return piece;
          if ("term" in piece) return piece.text;
          numbers[n] = piece;
          return `‹${n}›`;
        })
        .join("");
      expect(spoken(pieces)).toBe(text.replace(/‹(\d+)›/g, (_, n: string) => numbers[n]?.text ?? ""));
      const where = `${cell.stage.id} [${cell.index}], “${spoken(pieces)}”`;
      const said = read(language, text);
      if (!said) return [`${where}: no sentence`];
      for (const claim of said.claims) met.add(`${language}: ${claim}`);
      const stageName = LANGUAGES[language].say.stages[cell.stage.id] ?? cell.stage.id;
      const wrong = untrue({ ...cell, numbers, explained: known !== undefined, stageName }, said);
      return wrong.length > 0 ? [`${where}: ${wrong.join("; ")}`] : [];
    });
  });
}

/** Cells of a stage: all, where there are few. */
function cellsOf({ shape }: Stage, { below }: ReturnType<typeof generator>): number[][] {
  const size = shape.reduce((a, b) => a * b, 1);
  const places =
    size <= CELLS ? Array.from({ length: size }, (_, n) => n) : Array.from({ length: CELLS }, () => below(size));
  return places.map((place) => {
    const index: number[] = [];
    for (let [axis, left] = [shape.length - 1, place]; axis >= 0; axis--) {
      const extent = shape[axis] as number;
      index[axis] = left % extent;
      left = Math.floor(left / extent);
    }
    return index;
  });
}

describe("captions", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ workers: 0 });
  });

  for (const [n, { name, request, run }] of CASES.entries())
    it(name, async () => {
      const trace = await run(engine);
      const random = generator(n);
      const wrong: string[] = [];
      for (const stage of trace.stages)
        for (const index of cellsOf(stage, random)) {
          const explanation = await engine.explain(trace, stage.id, index);
          const tell: Tell = (known) => cellCaption(trace, stage, index, known);
          wrong.push(...amiss({ trace, request, stage, index }, explanation, tell));
        }
      expect(wrong.slice(0, 20)).toEqual([]);
    });

  it("of a frame are of the cell that is computed, in the head on show", async () => {
    const request = { tokens: { query: ["a", "b", "c"] }, heads: 4, kvHeads: 2, headDim: 2, causal: true };
    const trace: Trace = await engine.traceAttention(request);
    const course = new Course(trace);
    for (const stage of trace.stages.filter(({ id }) => !isParameter(id)))
      for (let head = 0; head < 4; head++) {
        const own = stage.axes[0] === "head" ? [head] : stage.axes[0] === "kv_head" ? [head >> 1] : [];
        const shape = stage.shape.slice(own.length);
        const columns = shape[1] ?? 1;
        for (const cell of [0.5, 1.5, shape.reduce((a, b) => a * b, 1) - 0.5]) {
          const at = Math.floor(cell);
          const index = [...own, ...(shape.length > 1 ? [Math.floor(at / columns), at % columns] : [at])];
          const explanation = await engine.explain(trace, stage.id, index);
          const tell: Tell = (known) => captionFor(trace, course.frame(stage.id, cell), head, known);
          expect(amiss({ trace, request, stage, index }, explanation, tell)).toEqual([]);
        }
      }
  });

  it("say how much is not held of many tokens", async () => {
    const trace = await engine.traceAttention({
      tokens: { query: Array(600).fill("a"), key: Array(1700).fill("b") },
      heads: 2,
      headDim: 2,
    });
    speak(LANGUAGES.en);
    const said = whatIsKept(trace, 512);
    const [, ...numbers] =
      /^Up to ([\d,]+) tokens .* With ([\d,]+) × ([\d,]+) tokens.* is ([\d,]+) × ([\d,]+) numbers a head, (\d+) MiB/.exec(
        said,
      ) ?? [];
    // Two heads, of four bytes to a number.
    const size = Math.ceil((2 * 600 * 1700 * 4) / 1024 / 1024);
    expect(numbers.map((text) => Number(text.replace(",", "")))).toEqual([512, 600, 1700, 600, 1700, size]);
    expect(whatIsKept(await engine.traceAttention({ tokens: { query: ["a"] }, heads: 1, headDim: 2 }), 512)).toBe("");
  });

  it("were of every kind that there is", async () => {
    const { SENTENCES } = await import("../common/captions/sentences.ts");
    const all = (["en", "zh"] as const).flatMap((language) =>
      SENTENCES[language].flatMap(([claim, , tails = {}]) =>
        [claim, ...Object.keys(tails)].map((name) => `${language}: ${name}`),
      ),
    );
    expect([...new Set(all)].filter((name) => !met.has(name))).toEqual([]);
  });
});
