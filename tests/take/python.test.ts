/** The scripts that rebuild a trace: NumPy and PyTorch find the same numbers, and a number that is not the same is found out. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, Trace } from "../../www/engine/types.ts";
import { numpyScript, torchScript } from "../../www/take/python/script.ts";
import { stageOf } from "../../www/trace/cells.ts";
import { type Outcome, pythonWith, runAll } from "./python.ts";
import { allTraces, plainTrace, pushedTrace, startEngine } from "./traces.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.dispose());

/** One number of a stage that is not what it was. */
function wrong(trace: Trace, id: string): Trace {
  const data = trace.data.slice();
  const stage = stageOf(trace, id);
  if (!stage) throw new Error(`no ${id}`);
  const number = data[stage.offset + 1] as number;
  data[stage.offset + 1] = number * 1.00002 + Math.sign(number || 1) * 0.00002;
  return { ...trace, data };
}

const dialects = [
  { module: "numpy", script: numpyScript },
  { module: "torch", script: torchScript },
];

describe.each(dialects)("$module", ({ module, script }) => {
  const python = pythonWith(module);

  it.skipIf(!python)(
    "finds the same numbers in every kind of trace",
    async () => {
      const traces = await allTraces(engine);
      const outcomes = runAll(python as string, [...traces.values()].map(script));
      const failed = [...traces.keys()].flatMap((name, n) =>
        outcomes[n]?.ok ? [] : [`${name}: ${outcomes[n]?.said}`],
      );
      expect(failed).toEqual([]);
      const numbers = [...traces.values()].map(({ stages }) => stages.length);
      expect(outcomes.map(({ said }) => Number(said.match(/of (\d+) stages/)?.[1]))).toEqual(numbers);
    },
    300_000,
  );

  it.skipIf(!python)(
    "finds out a wrong number, in what was given and in every step",
    async () => {
      const trace = await plainTrace(engine);
      // Of a row of the mask a number is -infinity, and of the first row of weights one is 0.
      const ids = trace.stages.map(({ id }) => id).filter((id) => !["masked", "shifted"].includes(id));
      const outcomes = runAll(
        python as string,
        ids.map((id) => script(wrong(trace, id))),
      );
      const passed = ids.filter((_, n) => outcomes[n]?.ok);
      expect(passed).toEqual([]);
      const said = (id: string) => (outcomes[ids.indexOf(id)] as Outcome).said;
      expect(said("scores")).toMatch(/^AssertionError: scores differs/);
      expect(said("w_query")).toMatch(/^AssertionError: query differs/);
    },
    300_000,
  );

  it.skipIf(!python)(
    "finds out a wrong number beside those that a mask has pushed away",
    async () => {
      const trace = await pushedTrace(engine);
      const ids = ["biased", "masked", "shifted"].filter((id) => stageOf(trace, id));
      expect(ids.length).toBeGreaterThan(1);
      const outcomes = runAll(
        python as string,
        ids.map((id) => script(wrong(trace, id))),
      );
      expect(ids.filter((_, n) => outcomes[n]?.ok)).toEqual([]);
    },
    300_000,
  );
});
