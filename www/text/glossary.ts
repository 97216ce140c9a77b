/** What the terms of the field mean, in a sentence or two: loaded when the first picture stands. */

import { part } from "./say.ts";

const glossaryInEnglish = {
  label: "What it means",
  /** In the words of a formula, for those who hear it. */
  formula: {
    equals: "equals",
    times: "times",
    plus: "plus",
    minus: "minus",
    over: "over",
    power: "to the power of",
    sum: "the sum over {index} of",
    of: "of",
    at: "at",
    open: "open",
    close: "close",
    plusMinus: "minus or plus",
  } as Record<string, string>,
  /** Words that the engine's formulas have. */
  phrases: {
    "is given": "is given",
    "is set here": "is set here",
    "is drawn by the seed and token": "is drawn by the seed and token",
    "is drawn by the seed, between": "is drawn by the seed, between",
    "where j may be seen,": "where j may be seen,",
    elsewhere: "elsewhere",
    ", over all keys of row": ", over all keys of row",
    "cos of the same angle": "cos of the same angle",
    ", c and c′ being": ", c and c′ being",
    and: "and",
  } as Record<string, string>,
  terms: {
    token: ["Token", "A piece of the text that is handled as one: a word, a part of a word, or a sign."],
    embedding: [
      "Embedding",
      "The row of numbers that stands for a token. Training has moved it so that tokens used alike have rows that are alike.",
    ],
    position: [
      "Position",
      "The place of a token in the sentence. Attention itself sees a set without order; positions add the order to it.",
    ],
    query: ["Query, Q", "What a token is looking for, as a row of numbers. It is held against the key of every token."],
    key: ["Key, K", "What a token can be found by, as a row of numbers. Each query is held against it."],
    value: ["Value, V", "What a token hands over to those that attend to it, as a row of numbers."],
    score: [
      "Score",
      "One number for a query and a key: how well they fit, before softmax makes shares of all scores of a row.",
    ],
    dot_product: [
      "Dot product",
      "Two rows of numbers, multiplied number by number and added up. It is large where both point the same way, 0 at right angles, negative where they point apart.",
    ],
    scale: [
      "Scale",
      "The number that scores are multiplied by, as a rule 1/√d_k. Without it longer rows would give larger scores, and softmax would see one key alone.",
    ],
    d_k: ["d_k", "How many numbers a query or a key of one head has."],
    mask: ["Mask", "Which keys a query may not see. Their scores become −∞, and so their weights 0."],
    causal: [
      "Causal",
      "Each token sees itself and what came before it, and nothing later: so a model can learn to write on.",
    ],
    window: ["Window", "Each token sees only so many tokens to its left and to its right."],
    softmax: [
      "Softmax",
      "Makes shares of a row of scores: e to the power of each, divided by the sum of all. Larger scores get larger shares, and the shares add up to 1.",
    ],
    exponential: [
      "Exponential",
      "The number e, about 2.718, to some power. It is always positive, and each step of 1 makes it e times as large.",
    ],
    weight: ["Weight", "The share of a query's attention that one key gets, from 0 to 1."],
    attention: [
      "Attention",
      "Each token gathers from the others what it needs: values, mixed by weights that queries and keys have given.",
    ],
    self_attention: ["Self-attention", "Queries, keys and values all come from the same sentence."],
    cross_attention: ["Cross-attention", "Queries come from one sentence, keys and values from another."],
    weighted_sum: [
      "Weighted sum",
      "Rows added up, each first multiplied by its weight: the larger the weight, the more of that row is in the sum.",
    ],
    head: [
      "Head",
      "One attention of its own, with its own queries, keys and values. Several run side by side, and each may look for something else.",
    ],
    layer: [
      "Layer",
      "One round of attention and of a small network after it. A model has several, each reading what the one before gave.",
    ],
    residual: [
      "Residual",
      "A layer adds what it has found to what it was given, so that nothing is lost on the way up.",
    ],
    layer_norm: [
      "Layer norm",
      "Brings the numbers of each row to mean 0 and spread 1, so that no layer is given numbers that are too large or too small.",
    ],
    bias: [
      "Bias",
      "A number that is added, the same whatever the input; on scores, one for each pair of query and key.",
    ],
    rotary: [
      "Rotary positions, RoPE",
      "Queries and keys are turned by an angle that grows with their place, so that a dot product depends on how far apart they are.",
    ],
    alibi: ["ALiBi", "A bias on each score that falls with the distance of the key: what is near is easier to see."],
    softcap: [
      "Soft cap",
      "Keeps a score within plus and minus a bound by tanh, smoothly: small scores stay nearly as they are.",
    ],
    logit: ["Logit", "A score of a model's answer, before softmax makes a probability of it."],
    temperature: [
      "Temperature",
      "What logits are divided by before softmax: below 1 the likeliest gains, above 1 all come closer together.",
    ],
    encoder: ["Encoder", "The part of a model that reads: every token sees the whole text."],
    decoder: ["Decoder", "The part of a model that writes: each token sees only what was written before it."],
    state: ["State", "The memory of linear attention: one matrix of fixed size that every token changes a little."],
    decay: ["Decay", "How fast the state forgets: at each step it is multiplied by e to this power."],
    linear_attention: [
      "Linear attention",
      "Attention without softmax. It can be computed token by token with a state of fixed size, instead of looking at all tokens again.",
    ],
    pattern: [
      "Untrained",
      "Weights that nobody has trained. All is truly computed from them, but the pattern they give means nothing.",
    ],
  } as Record<string, [name: string, text: string]>,
};

export type GlossaryWords = typeof glossaryInEnglish;

export let glossary = glossaryInEnglish;
part("glossary", glossaryInEnglish, (words) => {
  glossary = words;
});
