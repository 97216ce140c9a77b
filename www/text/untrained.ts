/**
 * The words of what only an untrained run has: linear attention, positions that are added or turned, biases, a soft cap, and the choices
 * among these. They join the catalogue with the settings that ask for it.
 */

import { part, say } from "./say.ts";

const untrainedInEnglish = {
  stages: {
    positions: "Positions",
    memory_positions: "Memory positions",
    cos: "cos",
    sin: "sin",
    query_rotated: "Q rotated",
    key_rotated: "K rotated",
    capped: "Capped",
    alibi: "ALiBi",
    mask: "Mask",
    bias: "Bias",
    biased: "Biased",
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
    positions:
      "Each [[position|place]] in the sentence has its own row of sines and cosines, so that order is not lost.",
    memory_positions: "Each [[position|place]] in the other sentence has its own row of sines and cosines.",
    query_rotated:
      "[[rotary|Rotary positions]]: each pair of query numbers turns by an angle that grows with the place.",
    key_rotated: "[[rotary|Rotary positions]]: each pair of key numbers turns by an angle that grows with the place.",
    capped: "A [[softcap|soft cap]] keeps the scores within ±c: c · tanh(score / c).",
    biased: "A [[bias]] is added to each score.",
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
    row_max_unseen: "{q} may see no key: the largest of no scores is {v}.",
    row_sum_none: "The exponentials in the row of {q} add up to {v}: there is nothing to share out.",
    positions: "Number {c} of the [[position]] of {q} is {v}.",
    input: "At number {c} the embedding of {q}, {a}, and its place, {b}, add up to {v}.",
    memory_positions: "Number {c} of the [[position]] of {q} is {v}.",
    memory: "At number {c} the embedding of {q}, {a}, and its place, {b}, add up to {v}.",
    query_rotated: "The [[query]] of {q}, turned by the angle of its place, has {v} at number {c}.",
    key_rotated: "The [[key]] of {q}, turned by the angle of its place, has {v} at number {c}.",
    capped: "The [[softcap|soft cap]] takes the score of {q} for {k} from {a} to {v}.",
    biased: "With its [[bias]] the score of {q} for {k} goes from {a} to {v}.",
    factor: "e to the power of the decay of {q}: {v} of the state is kept.",
    decayed: "A number of the state before {q}, times the factor: {v}.",
    prediction: "For the key of {q} the state predicts {v} at number {c}.",
    error: "The value of {q} less the prediction at number {c}: {v}.",
    update: "What {q} writes into this place of the state: {v}.",
    state: "After {q} this place of the state holds {v}.",
    read: "The query of {q} reads {v} from the state at number {c}.",
  } as Record<string, string>,
  short: {
    positions: "Pos.",
    memory_positions: "Mem. pos.",
    query_rotated: "Q rot.",
    key_rotated: "K rot.",
    prediction: "Predict",
  } as Record<string, string>,
  ops: {
    seeded: "drawn by the seeded generator",
    sinusoid: "sine or cosine of the position",
    alibi: "slope times distance",
    // Where these have no terms.
    matmul: "no key is seen: there is nothing to add up",
    decay: "there is no state before the first token",
    predict: "there is no state before the first token",
  } as Record<string, string>,
  reasons: {
    window: "outside the window",
    mask: "the mask hides it",
    padding: "padding",
    nothing: "Nothing is seen in this row: that stays so, and is not subtracted or divided.",
  } as Record<string, string>,
  constants: {
    softcap: "soft cap",
    alibi: "ALiBi: slope times distance",
  } as Record<string, string>,
  choices: {
    none: "none",
    sinusoidal: "sinusoidal",
    rotary: "rotary",
    alibi: "ALiBi",
    self: "self",
    cross: "cross",
    linear: "linear",
    gated: "gated linear",
    delta: "delta rule",
    gated_delta: "gated delta",
  } as Record<string, string>,
  notes: {
    untrained: "Untrained: the arithmetic is real, the pattern means nothing.",
    untrainedWhy:
      "Embeddings and weights were drawn from a seeded generator. Every number is truly computed from them, but nobody has trained them.",
    noWeights: "Linear attention has no weights between tokens: each token reads a state of fixed size.",
  } as Record<string, string>,
};

export type UntrainedWords = typeof untrainedInEnglish;

export let untrained = untrainedInEnglish;
part("untrained", untrainedInEnglish, (words) => {
  untrained = words;
  Object.assign(say.stages, words.stages);
  Object.assign(say.about, words.about);
  Object.assign(say.cell, words.cell);
  Object.assign(say.short, words.short);
  Object.assign(say.ops, words.ops);
  Object.assign(say.reasons, words.reasons);
  Object.assign(say.constants, words.constants);
  Object.assign(say.choices, words.choices);
  Object.assign(say.notes, words.notes);
});
