/** Holds the one state, checks what goes in, and keeps the page's address in step with it where the page asks for that. */

import { expectation, MAX_URL, parseAll, parseField, parseQuery, toQuery, type Warning } from "./codec.ts";
import { defaultState, FIELD_NAMES, FIELDS, type Field, type State } from "./fields.ts";

export type Source = "user" | "api";
export type History = "push" | "replace" | "none";

export interface Change {
  changed: (keyof State)[];
  source: Source;
  warnings: Warning[];
}

export class Store {
  state: State = defaultState();
  readonly #listen: (change: Change) => void;
  #synced = false;
  /** Browsers refuse many changes of the address in a short time: those that replace are gathered. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(listen: (change: Change) => void) {
    this.#listen = listen;
  }

  /** Takes what is right in `values`; what is wrong leaves the field as it was, with a warning. */
  set(values: Partial<State>, source: Source, history: History = "replace"): void {
    const warnings: Warning[] = [];
    const next = { ...this.state } as Record<string, unknown>;
    for (const name of FIELD_NAMES) {
      if (!(name in values)) continue;
      const raw = values[name];
      const value = parseField(name, raw);
      if (value === undefined) {
        const found = raw === "" ? "nothing" : String(raw).slice(0, 40);
        warnings.push({ code: "bad_value", field: name, expected: expectation(FIELDS[name] as Field<unknown>), found });
      } else next[name] = value;
    }
    this.#replace(next as unknown as State, source, history, warnings);
  }

  #replace(next: State, source: Source, history: History, warnings: Warning[]): void {
    const changed = FIELD_NAMES.filter((name) => next[name] !== this.state[name]);
    this.state = next;
    if (changed.length > 0) this.#address(history);
    if (changed.length > 0 || warnings.length > 0) this.#listen({ changed, source, warnings });
  }

  /** From now on the address holds the state; back and forward are undo and redo. */
  sync(): void {
    if (this.#synced) return;
    this.#synced = true;
    addEventListener("popstate", this.#onPop);
    this.#load("api");
  }

  unsync(): void {
    clearTimeout(this.#timer);
    removeEventListener("popstate", this.#onPop);
    this.#synced = false;
  }

  readonly #onPop = () => this.#load("user");

  #load(source: Source): void {
    const { values, warnings } = parseQuery(location.search);
    this.#replace({ ...defaultState(), ...values }, source, "none", warnings);
  }

  /** The link to this very frame, or undefined where it would be too long. */
  link(): string | undefined {
    const query = toQuery(this.state);
    const base = `${location.origin}${location.pathname}`;
    const link = query ? `${base}?${query}` : base;
    return link.length <= MAX_URL ? link : undefined;
  }

  #address(history: History): void {
    if (!this.#synced || history === "none") return;
    clearTimeout(this.#timer);
    const write = () => {
      const link = this.link();
      if (!link || link === location.href) return;
      if (history === "push") globalThis.history.pushState(null, "", link);
      else globalThis.history.replaceState(null, "", link);
    };
    if (history === "push") write();
    else this.#timer = setTimeout(write, 250);
  }

  /** Everything in `json` that is a field; the rest is ignored. */
  load(json: Record<string, unknown>, source: Source): void {
    const { values, warnings } = parseAll((name) => json[name]);
    this.#replace({ ...this.state, ...values }, source, "push", warnings);
  }
}
