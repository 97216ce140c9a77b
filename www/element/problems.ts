/** What is wrong, by the field that it is about: each complaint stays until its field is set again. */

import { attributeName, FIELDS, type State } from "../state/fields.ts";
import type { Change, Source } from "../state/store.ts";
import { fill, type Said, say } from "../text/say.ts";
import type { Refusal } from "./runner.ts";

type Emit = (name: string, detail: object | (() => object)) => void;

export class Problems {
  readonly #emit: Emit;
  readonly #values = new Map<keyof State, Said>();
  #refusal: Refusal | undefined;

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  get all(): Map<keyof State, Said> {
    const all = new Map(this.#values);
    // What was found wrong with its field since then is said instead.
    if (this.#refusal && !all.has(this.#refusal.field)) all.set(this.#refusal.field, this.#refusal.message);
    return all;
  }

  /** The last input was not to be had. */
  get refused(): boolean {
    return this.#refusal !== undefined;
  }

  set(field: keyof State, said: Said): void {
    this.#values.set(field, said);
  }

  clear(field: keyof State): void {
    this.#values.delete(field);
  }

  /** A value that is no good, and who gave it. */
  warn(field: keyof State, expected: Said, found: string, source: Source): void {
    this.set(field, () => {
      const label = say.controls[field] ?? attributeName(field);
      return fill(say.fieldError, { field: label, expected: expected(), found: found || say.nothing });
    });
    this.#emit("error", () => ({
      code: "bad_value",
      field,
      expected: expected(),
      found: found || say.nothing,
      source,
    }));
  }

  /** What the engine would not do with the last input. */
  refuse(refusal: Refusal, source: Source): void {
    this.#refusal = refusal;
    const { code, field, message } = refusal;
    this.#values.delete(field);
    this.#emit("error", () => ({ code, field, message: message(), source }));
  }

  /** An input was good. */
  accept(): void {
    this.#refusal = undefined;
  }

  /** Fields were set, be it to what they were; with the reader's own change, what was wrong with the view goes, too. */
  changed({ changed, given, source }: Change): void {
    for (const name of [...changed, ...given]) this.#values.delete(name);
    if (source === "user" && changed.length > 0)
      for (const name of this.#values.keys()) if (FIELDS[name].kind === "view") this.#values.delete(name);
    if (this.#refusal && changed.includes(this.#refusal.field)) this.#refusal = undefined;
  }

  /** What `act` changes was not wrong because of the reader: what is said of its fields stays said. */
  keep(act: () => void): void {
    const kept = new Map(this.#values);
    act();
    for (const [field, said] of kept) this.#values.set(field, said);
  }
}
