/**
 * The catalogue in use: that of the language which the element that is drawn speaks. Everything the page says is read from it at the
 * moment it is drawn, and elements are drawn one after the other: so each can have its own. What is said later is kept as a function.
 */

import type { en } from "./en.ts";

export type Catalogue = typeof en;

/** What is to be said, in whatever language is spoken then. */
export type Said = () => string;

export interface Language {
  say: Catalogue;
  /** The words of the parts that are loaded later, by their names; what is absent is in English, which those parts bring along. */
  parts?: Record<string, object>;
}

/** Each by its own name, which is the same in all of them. */
export const LANGUAGES = { en: "English", zh: "中文" };

/** Nothing is said before the first language is there. */
export let say: Catalogue;

let spoken: Language | undefined;
const turns: (() => void)[] = [];

export function speak(language: Language): void {
  if (language === spoken) return;
  spoken = language;
  say = language.say;
  for (const turn of turns) turn();
}

/** The words of a part that is loaded later: `take` gets them now, and anew with every other language. */
export function part<Words extends object>(name: string, english: Words, take: (words: Words) => void): void {
  const turn = () => take((spoken?.parts?.[name] as Words | undefined) ?? english);
  turns.push(turn);
  turn();
}

/** Fills the slots of a message with plain text. */
export function fill(message: string, slots: Record<string, string | number>): string {
  return message.replace(/\{(\w+)\}/g, (whole, name: string) => (name in slots ? String(slots[name]) : whole));
}
