/** Where the requests to a model are answered: its instance, and its tokenizer beside it. In a worker, or where it is called. */

import { EngineError } from "../errors.ts";
import { type Fields, Instance } from "./instance.ts";
import type { Tokenizer } from "./tokenizer.ts";

export class Desk {
  readonly #instance: Instance;
  #tokenizer: Tokenizer | undefined;

  readonly #load: () => Promise<typeof Tokenizer>;

  /** `load`: a worker brings the tokenizer along, a page fetches it with the first text. */
  constructor(module: WebAssembly.Module, load: () => Promise<typeof Tokenizer>) {
    this.#instance = new Instance(module);
    this.#load = load;
  }

  async answer(fields: Fields, bytes?: Uint8Array): Promise<unknown> {
    switch (fields.do) {
      case "tokenizer": {
        const Loaded = await this.#load();
        this.#tokenizer = new Loaded(fields.json as object);
        return undefined;
      }
      case "encode":
        return this.#ready().encode(fields.text as string);
      case "decode":
        return this.#ready().decode(fields.ids as number[]);
      case "tokens":
        return this.#ready().tokens(fields.ids as number[]);
      default:
        return this.#instance.call(fields, bytes);
    }
  }

  #ready(): Tokenizer {
    if (this.#tokenizer) return this.#tokenizer;
    const [expected, found] = ["a tokenizer", "none"];
    throw new EngineError({ code: "option", operation: "model", expected, found });
  }
}
