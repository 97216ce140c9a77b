/** Holds the one state, checks what goes in, and keeps the page's address in step with it where the page asks for that. */

import { en, fill } from "../text/en.ts";
import { expectation, MAX_URL, parseAll, parseField, parseQuery, toJson, toQuery, type Warning } from "./codec.ts";
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
  /** Why the address does not hold the state, if it does not. */
  notice = "";
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
    if (typeof values !== "object" || values === null)
      throw new TypeError(`state: expected an object, found ${values}`);
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
    const kept = globalThis.history.state as Record<string, unknown> | null;
    const { values, warnings } =
      kept?.attentionPlayground === 1 ? parseAll((name) => kept[name]) : parseQuery(location.search);
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
    this.notice = this.link() ? "" : fill(en.keptHere, { max: MAX_URL });
    const write = () => {
      const link = this.link();
      // A state that is too long for a link stays with this entry of the browser's history.
      const kept = link ? null : JSON.parse(toJson(this.state));
      const address = link ?? `${location.origin}${location.pathname}`;
      if (link === location.href && !kept) return;
      if (history === "push") globalThis.history.pushState(kept, "", address);
      else globalThis.history.replaceState(kept, "", address);
    };
    if (history === "push") write();
    else this.#timer = setTimeout(write, 250);
  }

  /** The address takes the state as it stands: after playing, which does not change it frame by frame. */
  keepAddress(): void {
    this.#address("replace");
  }

  /** Everything in `json` that is a field; the rest is ignored. */
  load(json: Record<string, unknown>, source: Source): void {
    const { values, warnings } = parseAll((name) => json[name]);
    this.#replace({ ...this.state, ...values }, source, "push", warnings);
  }
}
