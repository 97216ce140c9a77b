/** The words of the parts that are for models: loaded with them. */

import { part } from "./say.ts";

const modelsInEnglish = {
  example: "Example",
  about: "About this model",
  card: {
    model: "What it is",
    parameters: "{n} trained numbers, {bytes} bytes",
    data: "Trained on",
    test: "Score on what it had not seen",
    limits: "What it can not do",
    file: "The whole card",
    own: "A model of yours: the page knows of it what its files say.",
    family: "{family}, width {width}, {parameters} numbers",
  },
  heads: "All heads",
  blocks: { encoder: "Encoder", decoder: "Decoder", cross: "Cross" } as Record<string, string>,
  layer: "layer {n}",
  headSays: "Layer {layer}, head {head}: “{q}” gives “{k}” ",
  where: "{model}, {block}layer {layer} of {layers}, head {head} of {heads}",
  stands: "stands for",
  readAs: "is read as",
  second: "then",
  noWord: {
    it: "There is no “it” in this sentence: the model has nothing to answer.",
    "[MASK]": "Write [MASK] for a word, and the model says what stands there.",
  } as Record<string, string>,
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
  digits: {
    draw: "Draw a digit",
    drawHelp: "Draw with a pointer. On the image beside it arrows move, Space puts or takes ink.",
    reads: "What the model reads",
    patches: "The image in 4 × 4 patches, each a token, with what the class token gives it",
    clear: "Clear",
    take: "Or take one:",
    ink: "row {row}, column {column}, ink {ink} of 16",
  },
  own: {
    title: "Your own model",
    help: "BERT, GPT-2 or BART, or a ViT that reads 8 × 8 pixels, as config.json, model.safetensors and tokenizer.json. The files stay on this machine. Drop them or their folder here.",
    files: "Choose files",
    folder: "Choose a folder",
    hub: "Or by name from {host}",
    hubName: "owner/name",
    find: "Ask {host} what there is",
    found: "{name} on {host}: {size} to fetch.",
    noSize: "a size that the host does not tell",
    fetch: "Fetch {size} from {host}",
    keep: "Keep it in this browser",
    forget: "Forget all that was kept",
    forgotten: "Nothing is kept any more.",
    busy: "Asking {host}…",
    close: "Close",
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

/** Of the networks that remember. */
const recallInEnglish = {
  network: "Network",
  kinds: { rnn: "recurrent", lstm: "LSTM", attention: "attention" },
  task: {
    pairs:
      "“{asked}” asks which digit stands with that letter. Three networks, trained for it alike, read the sequence and answer at its end.",
    flag: "“{asked}” asks which digit stands right after the flag “!”. Three networks, trained for it alike, read the sequence and answer at its end.",
  },
  lanes: "What each network answers, and what each token has to say about it",
  gradient: "Gradient of the answer with respect to this token: {value}.",
  weight: "Weight of the attention: {value}.",
  scale:
    "A bar is as high as a change of the token moves the answer, by powers of ten from {least} to 1; the percentages are the weights of the attention.",
  curves: {
    accuracy: "Right answers, by distance",
    untrained: "Gradient by distance, untrained",
    trained: "Gradient by distance, trained",
  },
  budget:
    "Measured when they were made: {steps} steps of {batch} sequences of {least} to {most} tokens. Guessing gives {chance}. Another budget gives other curves.",
};

export type RecallWords = typeof recallInEnglish;

export let recall = recallInEnglish;
part("recall", recallInEnglish, (words) => {
  recall = words;
});
