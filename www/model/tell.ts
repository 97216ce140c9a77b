/** Tells of the stages of a layer's trace where their numbers come from: from the layer before, from the model's file. */

import type { ModelBlock, ModelInfo, Trace } from "../engine/engine.ts";
import { models } from "../text/models.ts";
import { fill } from "../text/say.ts";
import { stageOf } from "../trace/cells.ts";
import { tell } from "../trace/story.ts";
import type { Loaded } from "./shelf.ts";

/** Families whose attention reads what a layer norm makes of the layer's input. */
const NORM_FIRST = new Set<ModelInfo["family"]>(["gpt2", "vit"]);

export function tellLayer(
  trace: Trace,
  { name, model, block, layer }: Pick<Loaded, "name" | "model"> & { block: ModelBlock; layer: number },
): void {
  const { family } = model.info;
  const t = models.story;
  const slots = { name, layer: layer + 1, before: layer };
  const where = family === "recall" ? t.recall : block === "cross" ? t.cross : layer === 0 ? t.first : t.later;
  const input = [fill(where, slots), NORM_FIRST.has(family) ? t.normed : ""].filter(Boolean).join(" ");
  for (const stage of trace.stages) {
    if (stage.op !== "given") continue;
    if (/^[wb]_/.test(stage.id)) tell(stage, { about: fill(t.weights, slots), source: fill(t.weightsSource, slots) });
    else if (stage.id.startsWith("memory")) tell(stage, { name: t.memoryName, about: t.memory, source: t.memory });
    else tell(stage, { ...(layer > 0 && { name: fill(t.name, slots) }), about: input, source: input });
  }
  const output = stageOf(trace, "output");
  if (output) tell(output, { about: t.output });
}
