/** What the networks that remember read: `q7 b2 k0 q?`, each word a letter and a digit, either of which may be absent. */

import { EngineError } from "../engine/engine.ts";

export type Token = readonly [letter: number, digit: number];

export interface Sequence {
  /** With a flag, what stands after it is asked for; else what stands with the letter of the question. */
  task: "pairs" | "flag";
  tokens: Token[];
  words: string[];
}

/** Rows of the two tables: 0 for none, then the letters and the flag; 0 for none, then the digits and the question. */
const LETTERS = " abcdefghijklmnopqrstuvwxyz!";
const DIGITS = " 0123456789?";
const WORD = /^([a-z!]?)([0-9?]?)$/;

export function readSequence(text: string): Sequence {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const tokens = words.map((word, n) => {
    const [, letter, digit] = WORD.exec(word) ?? [];
    if (letter === undefined || digit === undefined) {
      const expected = "words of a letter and a digit, such as q7, or !, or ?";
      throw new EngineError({ code: "text", operation: "recall", expected, found: `“${word}” (word ${n + 1})` });
    }
    return [LETTERS.indexOf(letter || " "), DIGITS.indexOf(digit || " ")] as const;
  });
  if (!words.at(-1)?.endsWith("?")) {
    const found = words.length === 0 ? "nothing" : `“${words.at(-1)}”`;
    throw new EngineError({ code: "text", operation: "recall", expected: "a question at the end, such as q?", found });
  }
  return { task: words.includes("!") ? "flag" : "pairs", tokens, words };
}
