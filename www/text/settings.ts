/** The words of the settings: loaded with them. */

import { part } from "./say.ts";

const settingsInEnglish = {
  label: "Settings",
  more: "More settings",
  newSeed: "Next",
  /** What an empty control stands for. */
  auto: "= {n}",
  none: "none",
  maskEdit: "Edit the mask: click cells of the scores to hide or show them",
  matrices: {
    help: "Paste or drop Q, K, V, or X with W_Q, W_K, W_V, W_O: as CSV, TSV, JSON, or as NumPy and PyTorch print them. Name each one, as in “Q = [[1, 0], [0, 1]]”, or drop files such as q.csv. One matrix without a name is X.",
    use: "Use these matrices",
    fill: "Start from the numbers on show",
  },
  hints: {
    window: "left,right; -1 = open",
    decay: "state × e^decay",
    mask: "query-key_query-key",
  } as Record<string, string>,
  /** One line for each setting, on hover. */
  glosses: {
    attention:
      "Self-attention looks within one sentence; cross-attention looks at another; the linear kinds keep a state of fixed size instead of looking back.",
    heads: "A head is one attention of its own, on its own slice of the channels; several run side by side.",
    kvHeads: "Fewer key and value heads than query heads: several query heads share one (grouped-query attention).",
    headDim: "How many numbers a query, key or value of one head has: d_k.",
    causal: "Each token sees itself and what came before, as in a language model that writes.",
    window: "Each token sees only so many tokens to its left and right.",
    scale: "What each dot product is multiplied by; by default one over the square root of the head size.",
    softcap: "Keeps scores within plus and minus this number, smoothly.",
    position:
      "How a token's place enters: added sines and cosines, rotation of queries and keys (RoPE), or a bias that grows with distance (ALiBi).",
    seed: "The number from which untrained embeddings and weights are drawn; the same seed draws the same numbers.",
    decay: "Each step multiplies the state by e to this power, so that old tokens fade.",
    beta: "How much of the error each token corrects in the state.",
    mask: "Pairs of query and key, counted from 0, that may not be seen.",
  } as Record<string, string>,
};

export type SettingWords = typeof settingsInEnglish;

export let settings = settingsInEnglish;
part("settings", settingsInEnglish, (words) => {
  settings = words;
});
