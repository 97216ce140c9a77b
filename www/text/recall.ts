/** The words of the networks that remember: loaded with them. */

import { part } from "./say.ts";

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
