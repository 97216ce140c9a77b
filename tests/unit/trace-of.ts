/** The trace that a state of the page gives, without a page. */

import { existsSync, readFileSync } from "node:fs";
import type { Engine, Trace } from "../../www/engine/engine.ts";
import { buildRequest } from "../../www/input/request.ts";
import { play } from "../../www/model/play.ts";
import type { Loaded } from "../../www/model/shelf.ts";
import { Vocabulary } from "../../www/model/vocabulary.ts";
import { modelOf } from "../../www/state/choice.ts";
import { defaultState, type State } from "../../www/state/fields.ts";

const MODELS = new URL("../../models/", import.meta.url);
const loaded = new Map<string, Promise<Loaded>>();

function load(engine: Engine, name: string): Promise<Loaded> {
  const path = (file: string) => new URL(`${name}/${file}`, MODELS);
  const json = (file: string) => JSON.parse(readFileSync(path(file), "utf8"));
  const tokenizer = existsSync(path("tokenizer.json")) ? json("tokenizer.json") : undefined;
  const weights = new Uint8Array(readFileSync(path("model.safetensors"))).buffer;
  return engine
    .loadModel({ config: json("config.json"), weights: [weights], ...(tokenizer && { tokenizer }) })
    .then((model) => ({ name, model, data: json("data.json"), vocabulary: new Vocabulary(tokenizer) }));
}

/** `changed`: over the defaults. */
export async function traceOf(engine: Engine, changed: Partial<State>): Promise<Trace> {
  const state = { ...defaultState(), ...changed };
  const name = modelOf(state);
  if (!name) {
    const wanted = await buildRequest(state, engine.tokenize);
    return wanted.kind === "linear"
      ? engine.traceLinearAttention(wanted.request)
      : engine.traceAttention(wanted.request);
  }
  if (!loaded.has(name)) loaded.set(name, load(engine, name));
  const played = await play({ ...state, model: name }, (await loaded.get(name)) as Loaded, () => true);
  return (played as NonNullable<typeof played>).trace;
}
