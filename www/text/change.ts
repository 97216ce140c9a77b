/** The words for changing numbers and for where they go: loaded with the first cell that is held. */

import { part } from "./say.ts";

const changeInEnglish = {
  goes: "Where it goes",
  goesNowhere: "No number on show is computed from it.",
  unasked: "Asking the engine…",
  /** A box of many cells. */
  box: "{cells}: {n} numbers",
  every: {
    head: "every head",
    kv_head: "every k/v head",
    query: "every query",
    key: "every key",
    token: "every token",
  } as Record<string, string>,
  everyOther: "every {axis}",
  range: "{axis} {from} to {to}",
  more: "{n} more",
  title: "Change this number",
  value: "New value",
  set: "Set",
  zero: "Set to 0",
  back: "Put back",
  allBack: "Put all back",
  changed: "Changed by you; what follows is computed from it.",
  fixed: "In a trace of this length weights are made and used at once, and cannot be changed.",
  dropKey: "Drop the key “{token}” for every query",
  showKey: "Let “{token}” be seen again",
  dropValues: "Drop the values of “{token}”",
  dropHead: "Drop head {n}",
  show: "Numbers in the picture",
  shows: { now: "now", before: "before", difference: "difference" } as Record<string, string>,
  compared: "{before} before, {now} now: {difference}",
  layerAlone:
    "The change is in this layer alone: the answer and the small pictures of all heads are the model's, unchanged.",
  unlike: "Before the change this stage was not needed.",
  moved: "How far the output moved",
  movedAbout:
    "For each token, the length of the difference of its output row, now less before, over the length of the row before.",
  movedBy: "{part} ÷ {whole} =",
  removed: "Before, “{query}” gave “{key}” {weight} of its attention in head {head}.",
  inTurn: "Weight is not importance",
  inTurnAbout:
    "Drop each key in turn, and see how far the output of “{token}” moves: a key with a large weight need not matter much, and one with a small weight may.",
  inTurnRun: "Drop each key in turn",
  inTurnRunning: "Computing {done} of {all}…",
  inTurnFailed: "This could not be computed: {reason}",
  columns: { key: "key dropped", weight: "weight, head {head}", moved: "output moved" } as Record<string, string>,
};

export type ChangeWords = typeof changeInEnglish;

export let change = changeInEnglish;
part("change", changeInEnglish, (words) => {
  change = words;
});
