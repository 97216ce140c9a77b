/** What a state names and a trace does not have: what it becomes, and whether the reader is told. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { correctionsOf } from "../../www/element/correct.ts";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { Engine, Trace } from "../../www/engine/types.ts";
import { defaultState, type State } from "../../www/state/fields.ts";
import { Course, WHOLE } from "../../www/timeline/course.ts";
import { traceOf } from "./trace-of.ts";

const PACKAGE = new URL("../../dist/package/engine.js", import.meta.url).href;
const DOG: Partial<State> = { model: "none", text: "dog bites man", heads: 2, headDim: 2 };

let engine: Engine;
let trace: Trace;
beforeAll(async () => {
  const { createEngine } = (await import(/* @vite-ignore */ PACKAGE)) as typeof EngineModule;
  engine = await createEngine({ workers: 0 });
  trace = await traceOf(engine, DOG);
});
afterAll(() => engine.dispose());

function corrected(changed: Partial<State>, meant = Object.keys(changed) as (keyof State)[], stage?: string) {
  const state = { ...defaultState(), ...DOG, ...changed };
  const { changes, warnings } = correctionsOf(trace, new Course(trace), undefined, {
    state,
    stage: stage ?? state.stage,
    meant: new Set(meant),
  });
  return { changes, wrong: warnings.map(({ field }) => field), expected: warnings.map(({ expected }) => expected()) };
}

const VIEWS: [name: string, changed: Partial<State>, changes: Partial<State>, wrong: (keyof State)[]][] = [
  ["all is there", { stage: "weights", head: 1, token: 2, pin: "weights,1,2,0" }, {}, []],
  ["a head too many", { stage: "weights", head: 2 }, { head: -1 }, ["head"]],
  ["a token too many", { stage: "weights", token: 3 }, { token: -1 }, ["token"]],
  ["a cell that is not there", { stage: "weights", pin: "weights,0,3,0" }, { pin: "" }, ["pin"]],
  ["a stage that this run does not have", { stage: "masked" }, { stage: "scores" }, ["stage"]],
  [
    "all at once",
    { stage: "weights", head: 7, token: 9, pin: "gates,0,0" },
    { head: -1, token: -1, pin: "" },
    ["head", "token", "pin"],
  ],
];

describe("of what somebody has set", () => {
  it.each(VIEWS)("%s", (_, changed, changes, wrong) => {
    const found = corrected(changed);
    expect(found.wrong).toEqual(wrong);
    expect(found.changes).toEqual(changes);
  });

  it("says what would have been good", () => {
    expect(corrected({ stage: "weights", head: 2 }).expected[0]).toContain("1");
    expect(corrected({ stage: "masked" }).expected[0]).toContain("scores");
  });

  it("tells of no other field", () => {
    expect(corrected({ head: 7, token: 9 }, ["token"])).toMatchObject({
      changes: { head: -1, token: -1 },
      wrong: ["token"],
    });
  });
});

describe("of an input that changed under the view", () => {
  it.each(VIEWS)("%s: moves on without a word", (_, changed, changes) => {
    const found = corrected(changed, []);
    expect(found.wrong).toEqual([]);
    expect(found.changes).toEqual({ ...changes, ...(changes.stage && { cell: WHOLE }) });
  });

  it("goes to a stage that was waited for", () => {
    const found = corrected({ stage: "scores" }, [], "weights");
    expect(found.changes).toEqual({ stage: "weights", cell: WHOLE });
  });
});
