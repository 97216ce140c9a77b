/** The words for taking things away: files, pictures, films, scripts. */

import { part } from "./say.ts";

const takeInEnglish = {
  python: {
    about:
      "Rebuilds every number of this attention, step by step, and asserts that they are those of the playground.\nEach stage is a variable of its own name.",
    tolerance: {
      cpu: "Of the largest number of a stage. Both sides work in f64 and round to f32 once a step, so they agree to the bit,\nexcept where the last bit of an f64 tips a rounding: this leaves room for a few of those in a row.",
      webgpu: "Of the largest number of a stage. These numbers were computed on a GPU, which sums in f32.",
    },
    given: "What was given or drawn by the seed",
    steps: "Every step: worked out in f64, rounded to f32 once",
    wanted: "The numbers of the playground: f32, little-endian, in base64",
  },
};

export type TakeWords = typeof takeInEnglish;

export let take = takeInEnglish;
part("take", takeInEnglish, (words) => {
  take = words;
});
