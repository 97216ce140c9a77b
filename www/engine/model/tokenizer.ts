/** Text to tokens and back, by the library that reads tokenizer.json. Loaded with the first text. */

import { Tokenizer as Library } from "@huggingface/tokenizers";
import { EngineError } from "../errors.ts";

export interface Encoded {
  ids: number[];
  tokens: string[];
}

export class Tokenizer {
  readonly #library: Library;

  constructor(json: object) {
    this.#library = attempt("a tokenizer.json that can be read", () => new Library(json, {}));
  }

  encode(text: string): Encoded {
    const { ids, tokens } = attempt("a text that becomes tokens", () => this.#library.encode(text));
    // A token that is not in the vocabulary has no number, where there is none for unknown ones.
    const unknown = tokens.find((_, n) => !Number.isInteger(ids[n]));
    if (unknown !== undefined) throw refusal("tokens of the vocabulary", JSON.stringify(unknown));
    return { ids: Array.from(ids), tokens };
  }

  decode(ids: readonly number[]): string {
    if (ids.length === 0) return "";
    return attempt("ids that become a text", () => this.#library.decode([...ids], { skip_special_tokens: true }));
  }

  /** The token of each id, or its number where there is none. */
  tokens(ids: readonly number[]): string[] {
    return ids.map((id) => this.#library.id_to_token(id) ?? String(id));
  }
}

function refusal(expected: string, found: string): EngineError {
  return new EngineError({ code: "format", operation: "tokenizer", expected, found });
}

/** The library stumbles over what it does not expect: its words are what was found. */
function attempt<T>(expected: string, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw refusal(expected, thrown instanceof Error ? thrown.message : String(thrown));
  }
}
