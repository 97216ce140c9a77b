/** Every formula of the engine is understood whole: nothing of it is lost, and what is no mathematics is a phrase that each language has. */

import { beforeAll, describe, expect, it } from "vitest";
import { type Node, parseFormula } from "../../www/element/glossary/parse-formula.ts";
import { createEngine, type Engine, type LinearTraceRequest, type TraceRequest } from "../../www/engine/engine.ts";
import { glossary } from "../../www/text/glossary.ts";
import { zh } from "../../www/text/zh/index.ts";

const tokens = { query: ["dog", "bites", "man"] };
const TRACES: Record<string, TraceRequest> = {
  plain: { tokens, heads: 2, headDim: 4, seed: 1 },
  "causal, sinusoidal, soft cap": { tokens, heads: 2, headDim: 4, causal: true, softcap: 2, position: "sinusoidal" },
  rotary: { tokens, heads: 1, headDim: 4, position: "rotary" },
  "ALiBi, a window": { tokens, heads: 2, headDim: 4, position: "alibi", window: [1, 0] },
  "grouped, cross": { tokens: { ...tokens, key: ["the", "cat"] }, heads: 2, kvHeads: 1, headDim: 4 },
  changed: { tokens, heads: 1, headDim: 4, edits: [{ stage: "scores", index: [0, 1, 2], value: 0 }] },
};
const RULES = ["linear", "gated", "delta", "gated_delta"] as const;

const textOf = ({ text, children }: Node): string => (text ?? "") + children.map(textOf).join("");

/** Its letters and digits in order of the alphabet: fractions and sums move them about. */
const letters = (text: string) => [...text.replace(/[^\p{L}\d]/gu, "")].sort().join("");

function check(formula: string): void {
  const drawn = parseFormula(formula, glossary);
  expect(letters(drawn.map(textOf).join("")), formula).toBe(letters(formula));
  expect(
    drawn.every(({ words }) => words.length > 0),
    formula,
  ).toBe(true);
  // Words of the language stand in phrases: what is left over would be set as one run of letters.
  const plain = drawn
    .filter(({ tag }) => tag !== "mtext")
    .map(textOf)
    .join(" ");
  expect(plain, formula).not.toMatch(/(is|where|elsewhere|being|over)(?![a-z_])/);
}

describe("formulas", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ workers: 0 });
  });

  for (const [name, request] of Object.entries(TRACES)) {
    it(`of every stage: ${name}`, async () => {
      const trace = await engine.traceAttention(request);
      for (const { id, formula, shape } of trace.stages) {
        check(formula);
        check(
          (
            await engine.explain(
              trace,
              id,
              shape.map(() => 0),
            )
          ).formula,
        );
      }
      for (const { stage, index } of request.edits ?? []) check((await engine.explain(trace, stage, index)).formula);
    });
  }

  for (const rule of RULES) {
    it(`of every stage: the ${rule} rule`, async () => {
      const request: LinearTraceRequest = { tokens, heads: 1, headDim: 2, rule };
      const same = (value: number) => ({ shape: [3, 1], data: new Float32Array(3).fill(value) });
      if (rule.startsWith("gated")) request.decay = same(-0.5);
      if (rule.endsWith("delta")) request.beta = same(0.5);
      for (const { formula } of (await engine.traceLinearAttention(request)).stages) check(formula);
    });
  }

  it("has all phrases in Chinese", () => {
    const twin = zh.parts?.glossary as typeof glossary | undefined;
    expect(Object.keys(twin?.phrases ?? {}).sort()).toEqual(Object.keys(glossary.phrases).sort());
  });
});
