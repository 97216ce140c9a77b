/** All published vectors through engine.js, in Node. */

import { expect, it } from "vitest";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { Tensor } from "../../www/engine/types.ts";
import { COUNT, judge, type Outcome, readCases, table } from "../conformance/cases.ts";

it("all published vectors agree through engine.js in Node", async () => {
  const { createEngine } = (await import(
    /* @vite-ignore */ new URL("../../dist/package/engine.js", import.meta.url).href
  )) as typeof EngineModule;
  const engine = await createEngine();
  const cases = readCases();
  expect(cases.length).toBe(COUNT);
  const outcomes: Outcome[] = [];
  for (const one of cases) {
    const result = (await engine[one.method](one.request as never)) as unknown as Record<string, Tensor>;
    outcomes.push(judge(one, (field) => (field === "" ? (result as unknown as Tensor) : result[field])));
  }
  console.log(`engine.js in Node\n${table(cases, outcomes)}`);
  expect(outcomes.filter(({ problem }) => problem)).toEqual([]);
  engine.dispose();
});
