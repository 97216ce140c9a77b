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
  const slots = { name, layer: layer + 1, before: layer };
  const input = () => {
    const t = models.story;
    const where = family === "recall" ? t.recall : block === "cross" ? t.cross : layer === 0 ? t.first : t.later;
    return [fill(where, slots), NORM_FIRST.has(family) ? t.normed : ""].filter(Boolean).join(" ");
  };
  for (const stage of trace.stages) {
    if (stage.op !== "given") continue;
    if (/^[wb]_/.test(stage.id)) tell(stage, () => weights(slots));
    else if (stage.id.startsWith("memory")) tell(stage, memory);
    else
      tell(stage, () => ({
        ...(layer > 0 && { name: fill(models.story.name, slots) }),
        ...(layer > 0 && block !== "cross" && { before: { layer: layer - 1, name: fill(models.story.on, slots) } }),
        about: input(),
        source: input(),
      }));
  }
  const output = stageOf(trace, "output");
  if (output) tell(output, () => ({ about: models.story.output }));
}

const weights = (slots: Record<string, string | number>) => ({
  about: fill(models.story.weights, slots),
  source: fill(models.story.weightsSource, slots),
});

const memory = () => {
  const { memoryName: name, memory: about } = models.story;
  return { name, about, source: about };
};
