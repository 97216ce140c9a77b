/** The words for drawing a digit: loaded with the first model that reads one. */

import { part } from "./say.ts";

const digitsInEnglish = {
  draw: "Draw a digit",
  drawHelp: "Draw with a pointer. On the image beside it arrows move, Space puts or takes ink.",
  reads: "What the model reads",
  patches: "The image in 4 × 4 patches, each a token, with what the class token gives it",
  clear: "Clear",
  take: "Or take one:",
  ink: "row {row}, column {column}, ink {ink} of 16",
};

export type DigitWords = typeof digitsInEnglish;

export let digits = digitsInEnglish;
part("digits", digitsInEnglish, (words) => {
  digits = words;
});
