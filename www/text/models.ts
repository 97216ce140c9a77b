/** The words of the parts that are for models: loaded with them. */

import { part } from "./say.ts";

const modelsInEnglish = {
  example: "Example",
  about: "About this model",
  heads: "All heads",
  blocks: { encoder: "Encoder", decoder: "Decoder", cross: "Cross" } as Record<string, string>,
  layer: "layer {n}",
  headSays: "Layer {layer}, head {head}: “{q}” gives “{k}” ",
  where: "{model}, {block}layer {layer} of {layers}, head {head} of {heads}",
  unchanged: "Before the change, ",
  stands: "stands for",
  readAs: "is read as",
  second: "then",
  noWord: {
    it: "There is no “it” in this sentence: the model has nothing to answer.",
    "[MASK]": "Write [MASK] for a word, and the model says what stands there.",
  } as Record<string, string>,
  unknownWord: "a word that this model does not know",
  unknownMany: "Not known to this model, read as {token}: {words}.",
  swap: "Other words for “{word}”",
  groups: { example: "from the examples" } as Record<string, string>,
  nextAfter: "Likely next",
  writes: "It writes",
  reads: "It reads",
  temperature: "Temperature",
  sample: "Add a word",
  likeliest: "Add the likeliest",
  ended: "It would end here.",
  target: {
    label: "Written so far",
    given: "You have written",
    free: "what it writes by itself",
    take: "Change what it writes",
    clear: "Let it write by itself",
  },
  order: {
    with: "with positions",
    without: "without positions",
    title: "The other way round",
    same: "The two sentences give the same set of outputs: nothing tells who did it. Largest difference:",
    differ: "The two sentences give different outputs. Their rows lie apart by up to",
    switch: "Positions",
  },
  story: {
    first:
      "What enters [[layer]] 1 of “{name}”: for each token its [[embedding]] and its [[position|place]], added up and normalised.",
    later: "What enters [[layer]] {layer} of “{name}” is what layer {before} gave: one row for each [[token]].",
    cross:
      "What the [[decoder]] of “{name}” has made of its own text in [[layer]] {layer}: [[query|queries]] come from it.",
    recall:
      "What the attention of “{name}” reads: for each token the row of its letter and that of its digit, added up.",
    normed: "A [[layer_norm|layer norm]] stands between.",
    memoryName: "Output of the encoder",
    memory: "What the [[encoder]] made of the text: [[key|keys]] and [[value|values]] come from it.",
    name: "Input of layer {layer}",
    on: "On to the attention of layer {before}",
    weights: "Trained: these numbers stand in the file of “{name}”, the same for every text.",
    weightsSource: "trained, from the file of “{name}”",
    output:
      "The joined heads times W_O. The layer goes on from here: it adds its own input, the [[residual]], and passes the sum on.",
  },
};

export type ModelWords = typeof modelsInEnglish;

export let models = modelsInEnglish;
part("models", modelsInEnglish, (words) => {
  models = words;
});
