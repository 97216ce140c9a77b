/** What is on show, taken as a text of matrices and read again, is the same run, number by number. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Gatherer, matricesAsText } from "../../www/element/gather.ts";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { Engine, Trace } from "../../www/engine/types.ts";
import { defaultState, type State } from "../../www/state/fields.ts";
import { traceOf } from "./trace-of.ts";

const PACKAGE = new URL("../../dist/package/engine.js", import.meta.url).href;

let engine: Engine;
beforeAll(async () => {
  const { createEngine } = (await import(/* @vite-ignore */ PACKAGE)) as typeof EngineModule;
  engine = await createEngine({ workers: 0 });
});
afterAll(() => engine.dispose());

const changesIn = async (text: string): Promise<Partial<State>> => {
  const found = await new Gatherer().text(text);
  if (found.kind !== "changes") throw new Error(`expected changes, found ${found.kind}`);
  return found.changes;
};

const COMPUTED = ["query", "scores", "scaled", "masked", "weights", "state", "mixed", "output"];
function numbers(trace: Trace): Record<string, number[]> {
  const stages = trace.stages.filter(({ id }) => COMPUTED.includes(id));
  return Object.fromEntries(
    stages.map(({ id, shape, offset }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [id, Array.from(trace.data.subarray(offset, offset + size))];
    }),
  );
}

const SMALL: Partial<State> = { model: "none", text: "dog bites man" };

describe("the same numbers", () => {
  it.each<[name: string, Partial<State>]>([
    ["pronoun, 4 heads", { model: "pronoun" }],
    ["pronoun, chosen after settings that it does not read", { model: "pronoun", position: "rotary", causal: true }],
    ["pronoun with a key dropped and another scale", { model: "pronoun", mask: "*-1", scale: 0.5 }],
    ["a decoder, causal", { model: "decoder" }],
    ["cross-attention of a model", { model: "dates", block: "cross" }],
    ["grouped heads, a window, a soft cap", { ...SMALL, kvHeads: 1, window: "1,0", softcap: 2 }],
    ["rotary", { ...SMALL, position: "rotary" }],
    ["sinusoidal, causal", { ...SMALL, position: "sinusoidal", causal: true }],
    ["linear", { ...SMALL, attention: "gated_delta", heads: 3 }],
    ["tokens that look like names of matrices", { ...SMALL, text: 'x = [1] "k": { [[ ]]' }],
  ])("%s", async (_, changed) => {
    const state = { ...defaultState(), ...changed };
    const before = await traceOf(engine, state);
    const changes = await changesIn(matricesAsText(before, state, before.tokens.query));
    const after = await traceOf(engine, { ...state, ...changes });
    expect(Object.keys(numbers(before)).length).toBeGreaterThan(3);
    expect(numbers(after)).toEqual(numbers(before));
    expect(after.tokens.query).toEqual(before.tokens.query);
    expect(after.config).toMatchObject({ heads: before.config.heads, scale: before.config.scale });
  });
});

describe("lines that are no matrix", () => {
  it("what is as it would be by itself is not written", async () => {
    const state = { ...defaultState(), ...SMALL };
    expect(matricesAsText(await traceOf(engine, state), state, undefined)).toMatch(/^x = /);
  });

  it("set the run, and name the rows", async () => {
    const changes = await changesIn(
      'heads = 1\nkv-heads = 0\ncausal = true\ntokens = ["a = b", "c"]\nx = [[1, 2], [3, 4]]',
    );
    expect(changes).toMatchObject({ heads: 1, causal: true, matrices: { tokens: ["a = b", "c"] } });
    expect(changes.matrices?.x?.data).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ["heads = 99\nx = 1", /Heads: expected a whole number from 1 to 16, found 99/],
    ["position =\nx = 1", /Positions: expected one of none, sinusoidal, .* found nothing/],
    ["tokens = [1]\nx = 1", /tokens: expected a list of texts .* found \[1\]/],
  ])("%j is refused", async (text, message) => {
    await expect(new Gatherer().text(text)).rejects.toThrow(message);
  });

  it("of matrices that are not whole, those are named that are there, and those that are not", async () => {
    const found = await new Gatherer().text('tokens = ["a"]\nq = [[1, 2]]');
    expect(found).toEqual({ kind: "incomplete", have: "Q", missing: "K, V" });
  });
});
