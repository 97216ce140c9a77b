/** The words of linear attention: they join the catalogue with the settings that ask for it. */

import { part, say } from "./say.ts";

const linearInEnglish = {
  stages: {
    decay: "Decay",
    beta: "Beta",
    past_state: "Past state",
    factor: "Factor",
    decayed: "Decayed",
    prediction: "Prediction",
    error: "Error",
    update: "Update",
    state: "State",
    read: "Read-out",
  } as Record<string, string>,
  about: {
    factor: "How much of the [[state]] each step keeps: e to the power of its [[decay]].",
    decayed: "The [[state]] before this token, faded by the factor. Each row is one token's state, laid out in a line.",
    prediction: "What the [[state]] already answers to this token's [[key]].",
    error: "What the token's [[value]] is, less what the [[state]] predicted.",
    update: "What is written into the [[state]]: key times what it should answer.",
    state:
      "The [[state|memory]] after each token: one matrix of fixed size, here laid out as a row, however long the text.",
    read: "Each [[query]] reads the [[state]]: no other token is looked at again.",
  } as Record<string, string>,
  cell: {
    factor: "e to the power of the decay of {q}: {v} of the state is kept.",
    decayed: "A number of the state before {q}, times the factor: {v}.",
    prediction: "For the key of {q} the state predicts {v} at number {c}.",
    error: "The value of {q} less the prediction at number {c}: {v}.",
    update: "What {q} writes into this place of the state: {v}.",
    state: "After {q} this place of the state holds {v}.",
    read: "The query of {q} reads {v} from the state at number {c}.",
  } as Record<string, string>,
  short: {
    prediction: "Predict",
  } as Record<string, string>,
};

export type LinearWords = typeof linearInEnglish;

export let linear = linearInEnglish;
part("linear", linearInEnglish, (words) => {
  linear = words;
  Object.assign(say.stages, words.stages);
  Object.assign(say.about, words.about);
  Object.assign(say.cell, words.cell);
  Object.assign(say.short, words.short);
});
