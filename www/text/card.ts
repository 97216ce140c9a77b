/** The words of a model's card: loaded with the first that is opened. */

import { part } from "./say.ts";

const cardInEnglish = {
  model: "What it is",
  parameters: "{n} trained numbers, {bytes} bytes",
  data: "Trained on",
  test: "Score on what it had not seen",
  limits: "What it can not do",
  file: "The whole card",
  own: "A model of yours: the page knows of it what its files say.",
  family: "{family}, width {width}, {parameters} numbers",
};

export type CardWords = typeof cardInEnglish;

export let card = cardInEnglish;
part("card", cardInEnglish, (words) => {
  card = words;
});
