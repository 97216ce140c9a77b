/** Ready states: each is valid, of fields that there are, and shows what the trace has. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { Engine } from "../../www/engine/engine.ts";
import { GALLERY } from "../../www/gallery/index.ts";
import { buildRequest } from "../../www/input/request.ts";
import { modelOf } from "../../www/state/choice.ts";
import { MAX_URL, parseAll, toQuery } from "../../www/state/codec.ts";
import { defaultState, FIELD_NAMES, type State } from "../../www/state/fields.ts";
import { LANGUAGES } from "../../www/text/say.ts";

const PACKAGE = new URL("../../dist/package/engine.js", import.meta.url).href;

let engine: Engine;
beforeAll(async () => {
  const { createEngine } = (await import(/* @vite-ignore */ PACKAGE)) as typeof EngineModule;
  engine = await createEngine({ workers: 1 });
});
afterAll(() => engine.dispose());

it("each has an id of its own and a title of its own in every language", () => {
  expect(new Set(GALLERY.map(({ id }) => id)).size).toBe(GALLERY.length);
  for (const { id, title } of GALLERY) {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(Object.keys(title).sort()).toEqual(Object.keys(LANGUAGES).sort());
    expect(new Set(Object.values(title)).size).toBe(Object.keys(LANGUAGES).length);
  }
});

describe.each(GALLERY)("$id", ({ state }) => {
  const whole: State = { ...defaultState(), ...state };

  it("sets fields that there are to values that they can have", () => {
    expect(Object.keys(state).filter((name) => !FIELD_NAMES.includes(name as keyof State))).toEqual([]);
    const { values, warnings } = parseAll((name) => state[name]);
    expect(warnings.map(({ field }) => field)).toEqual([]);
    expect(values).toEqual(state);
    expect(toQuery(whole).length).toBeLessThan(MAX_URL / 2);
  });

  it.skipIf(modelOf(whole) !== "")("runs, and has the stage that it shows", async () => {
    const { kind, request } = await buildRequest(whole, engine.tokenize);
    const trace = kind === "linear" ? await engine.traceLinearAttention(request) : await engine.traceAttention(request);
    const stage = trace.stages.find(({ id }) => id === whole.stage);
    expect(stage?.id).toBe(whole.stage);
    expect(whole.head).toBeLessThan(trace.config.heads);
    expect(whole.token).toBeLessThan(trace.tokens.query.length);
    const [pinned, ...index] = whole.pin.split(",");
    if (pinned) await engine.explain(trace, pinned, index.map(Number));
  });
});
