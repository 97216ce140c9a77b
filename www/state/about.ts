/** What each field of the state means, for the documents: the page has no use for it. */

import { PARTS, type State } from "./fields.ts";

export const ABOUT: Record<keyof State, string> = {
  model:
    "The trained model; none = untrained, of any size; own = one from the reader's files; auto = `pronoun`, or none where a field that only an untrained run has is set.",
  text: "The sentence. Words and punctuation become tokens. As long as it is the default, each model reads its own example.",
  target: "Encoder-decoder: what the decoder has written so far; empty = what it writes by itself.",
  drawing: "The digit that is read: the ink of 8 x 8 pixels from `0` to `g` = 16, row by row; empty = an example.",
  keyText: "Cross-attention: the sentence that keys and values come from.",
  attention: "Self-attention, cross-attention to `key-text`, or linear attention by one of its four rules.",
  heads: "Number of heads.",
  kvHeads: "Number of key/value heads (grouped-query attention); 0 = as many as heads.",
  headDim: "Size of a head, d_k.",
  causal: "A query sees no later key.",
  window: "Sliding window `left,right` in tokens; -1 = open.",
  mask: "Cells that may not be seen, `query-key`, joined by `_`; `*-key`: no query sees that key.",
  softcap: "Soft cap c · tanh(score / c); 0 = none.",
  decay: "Linear attention, gated rules: each step the state is multiplied by e^decay.",
  beta: "Linear attention, delta rules: how much of the error is corrected.",
  scale: "What the scores are multiplied by; 0 = 1/√d_k.",
  position: "Positional encoding.",
  seed: "Seed of the untrained embeddings and weights.",
  matrices: "The reader's own matrices instead of text (x, wq, wk, wv, wo or q, k, v).",
  edits:
    "Numbers that are set, `stage,i,j=value`, joined by `_`; `*` for an index: all along that axis; `inf` is infinity.",
  block: "Trained models: the attention on show; auto = the model's own choice.",
  layer: "Trained models: the layer on show, from 0; -1 = the model's own choice.",
  temperature: "Trained models: what the logits of an answer are divided by before their softmax.",
  backend:
    "What computes attention: webgpu = the GPU, where there is one; auto = the GPU where it was measured to be faster. Trained models and linear attention stay on the CPU.",
  stage: "The stage on show.",
  cell: "How many cells of the stage are computed, the fraction being the progress of the next; below 0 the operands still take their places; -2 = all.",
  zoom: "How close the stage is looked at: all of it, the row or the cell that is computed, held, or the largest of the chosen token.",
  head: "The head on show, from 0; -1 = the model's own choice, or the first.",
  token: "The chosen query token, from 0; -1 = the one that the model answers at, else 'it', else the first.",
  pin: "The cell whose equation is held, `stage,i,j,k`.",
  show: "Where something was changed: the numbers now, those before, or the difference of the two.",
  threshold: "Weights below it are drawn faded; 0 = none.",
  topK: "So many weights of each row, the largest, are kept, and the others drawn faded; 0 = all.",
  speed: "Speed of playing.",
  theme: "Colours.",
  lang: "Language; auto = the nearest `lang` of the page around the element, else the browser's, else English. `zh-CN` is `zh`.",
  lesson:
    "The lesson on show: the name of one that ships, or the address of a file `.json` on the same site. Named alone, it sets what its step shows.",
  lessonStep: "The step of the lesson, from 0.",
  hide: `Parts to take away, joined by commas: ${PARTS.join(", ")}.`,
  lock: "Parts to show, but not to be changed by the reader, joined by commas: the same as of `hide`. `transport` has the keys, too, `input` what is dropped.",
};
