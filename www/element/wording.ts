/** The words of one element: those of its language, as soon as they are there, and of another where they do not come. */

import type { State } from "../state/fields.ts";
import { type Language, speak } from "../text/say.ts";
import { type LanguageName, languageOf, loadLanguage } from "./language.ts";

export interface WordingHost {
  /** The language that the state asks for. */
  wanted(): State["lang"];
  /** Another language is spoken from here on. */
  turned(): void;
  /** The language that was asked for did not come, and this one stands. */
  stays(lang: LanguageName): void;
}

export class Wording {
  /** Resolves when there are words to say something with. */
  readonly ready: Promise<void>;
  #settle!: { resolve(): void; reject(error: Error): void };
  #language: { name: LanguageName; words: Language } | undefined;
  #wanted: LanguageName | undefined;
  readonly #element: Element;
  readonly #host: WordingHost;

  constructor(element: Element, host: WordingHost) {
    this.#element = element;
    this.#host = host;
    this.ready = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.ready.catch(() => undefined);
  }

  /** The language that is spoken, once there is one. */
  get language(): LanguageName | undefined {
    return this.#language?.name;
  }

  /** What is said from here on is said in this language, whatever the other elements of the page speak. */
  speak(): void {
    if (this.#language) speak(this.#language.words);
  }

  /** Turns to the language that is asked for, once its words are there. */
  turn(): void {
    const name = languageOf(this.#host.wanted(), this.#element);
    if (name === this.#wanted) return;
    this.#wanted = name;
    loadLanguage(name).then(
      (words) => {
        if (this.#wanted !== name) return;
        this.#language = { name, words };
        this.#settle.resolve();
        this.speak();
        this.#host.turned();
      },
      (error: Error) => {
        if (this.#wanted !== name) return;
        this.#wanted = undefined;
        // The words before stay, or those of another language come; without any, nothing can be shown.
        const other = this.#language?.name ?? (name === "en" ? undefined : "en");
        if (!other) this.#settle.reject(error);
        else this.#host.stays(other);
      },
    );
  }
}
