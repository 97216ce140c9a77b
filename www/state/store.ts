/** Holds the one state, checks what goes in, and keeps the page's address in step with it where the page asks for that. */

import { fill, type Said, say } from "../text/say.ts";
import { expectation, MAX_URL, parseAll, parseField, parseQuery, toJson, toQuery, type Warning } from "./codec.ts";
import { attributeName, defaultState, FIELD_NAMES, FIELDS, type Field, type State } from "./fields.ts";

export type Source = "user" | "api";
export type History = "push" | "replace" | "none";

export interface Change {
  changed: (keyof State)[];
  /** The fields that were given a value, be it the one that they had. */
  given: (keyof State)[];
  source: Source;
  warnings: Warning[];
}

/** What a state names that is not there: what it becomes, and what is said of it. */
export interface Review {
  changes: Partial<State>;
  warnings: Warning[];
}

const GATHER_MS = 250;

/** A saved state without these leaves them as they are. */
const STAYS = ["theme", "lang", "speed", "hide", "lock", "lesson", "lessonStep"] as const;

const namesOf = (values: Partial<State>) => Object.keys(values) as (keyof State)[];

const keptHere: Said = () => fill(say.keptHere, { max: MAX_URL });

export class Store {
  state: State = defaultState();
  /** Why the address does not hold the state, if it does not. */
  notice: Said | undefined;
  /** The last state had a link. */
  #linked = true;
  readonly #listen: (change: Change) => void;
  readonly #review: (next: State, changed: (keyof State)[]) => Review;
  #synced = false;
  #closed = false;
  /** What the address does not say: the attributes, or else the defaults. */
  #base: State = this.state;
  /** The address as it was when it was kept no more. */
  #left: string | undefined;
  /** Browsers refuse many changes of the address in a short time: those that replace are gathered. */
  #pending: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `review`: what a field may be is known here; what there is to be seen now, to who listens. */
  constructor(
    listen: (change: Change) => void,
    review: (next: State, changed: (keyof State)[]) => Review = () => ({ changes: {}, warnings: [] }),
  ) {
    this.#listen = listen;
    this.#review = review;
  }

  /** Takes what is right in `values`; what is wrong leaves the field as it was, with a warning. */
  set(values: Partial<State>, source: Source, history: History = "replace"): void {
    const warnings: Warning[] = [];
    if (typeof values !== "object" || values === null)
      throw new TypeError(`state: expected an object, found ${values}`);
    const next = { ...this.state } as Record<string, unknown>;
    const given = FIELD_NAMES.filter((name) => name in values);
    for (const name of given) {
      const raw = values[name];
      const value = parseField(name, raw);
      if (value === undefined) {
        const expected = () => expectation(FIELDS[name] as Field<unknown>);
        warnings.push({ code: "bad_value", field: name, expected, found: String(raw).slice(0, 40) });
      } else next[name] = value;
    }
    this.#replace(next as unknown as State, source, history, { given, warnings });
  }

  #replace(wanted: State, source: Source, history: History, told: Pick<Change, "given" | "warnings">): void {
    if (this.#closed) return;
    const changes = (next: State) => FIELD_NAMES.filter((name) => next[name] !== this.state[name]);
    const review = this.#review(wanted, changes(wanted));
    const next = { ...wanted, ...review.changes };
    const changed = changes(next);
    // Before a push the entry that is left takes its own last state.
    if (changed.length > 0 && history === "push") this.#flush();
    this.state = next;
    if (changed.length > 0) this.#record(history);
    this.#listen({ changed, given: told.given, source, warnings: [...told.warnings, ...review.warnings] });
  }

  /** The state stays as it is, for good. */
  close(): void {
    this.#closed = true;
  }

  /** From now on the address holds the state; back and forward are undo and redo. What it does not say is as it was. */
  sync(): void {
    if (this.#synced) return;
    this.#synced = true;
    // Later on the state has what the address says, too.
    if (this.#left === undefined) this.#base = this.state;
    addEventListener("popstate", this.#onPop);
    // Back where it was left, as after a move on the page: the state is newer than the address.
    if (this.#left === location.href) this.#record("replace");
    else this.#load("api");
  }

  unsync(): void {
    if (!this.#synced) return;
    this.#left = location.href;
    clearTimeout(this.#timer);
    this.#pending = undefined;
    removeEventListener("popstate", this.#onPop);
    this.#synced = false;
  }

  readonly #onPop = () => {
    clearTimeout(this.#timer);
    this.#pending = undefined;
    this.#load("user");
  };

  #load(source: Source): void {
    const kept = globalThis.history.state as Record<string, unknown> | null;
    const { values, warnings } =
      kept?.attentionPlayground === 1 ? parseAll((name) => kept[name]) : parseQuery(location.search);
    this.#replace({ ...this.#base, ...values }, source, "none", { given: namesOf(values), warnings });
  }

  /** The link to this very frame, or undefined where it would be too long. What else the address says is left in it. */
  link(): string | undefined {
    const link = this.#address(toQuery(this.state, this.#base));
    return link.length <= MAX_URL ? link : undefined;
  }

  #address(own: string): string {
    const url = new URL(location.href);
    for (const name of FIELD_NAMES) url.searchParams.delete(attributeName(name));
    const others = url.searchParams.toString();
    url.search = [own, others].filter(Boolean).join("&");
    return url.href;
  }

  #record(history: History): void {
    if (!this.#synced || history === "none") return;
    // Said once, when it comes to be so.
    const linked = this.link() !== undefined;
    if (linked || this.#linked) this.notice = linked ? undefined : keptHere;
    this.#linked = linked;
    if (history === "push") {
      this.#flush();
      this.#write("pushState");
      return;
    }
    clearTimeout(this.#timer);
    this.#pending = () => this.#write("replaceState");
    this.#timer = setTimeout(() => this.#flush(), GATHER_MS);
  }

  /** Writes what waits to be written. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#pending?.();
    this.#pending = undefined;
  }

  #write(how: "pushState" | "replaceState"): void {
    const link = this.link();
    // A state that is too long for a link stays with this entry of the browser's history.
    const kept = link ? null : JSON.parse(toJson(this.state, this.#base));
    if (link === location.href && globalThis.history.state === null) return;
    try {
      globalThis.history[how](kept, "", link ?? this.#address(""));
    } catch {
      // Too large for the browser's history, or too many changes in a short time: the state itself is not harmed.
      this.notice = keptHere;
    }
  }

  /** The address takes the state as it stands: after playing, which does not change it frame by frame. */
  keepAddress(): void {
    this.#record("replace");
  }

  /** A saved state: what `json` does not say is as by default, but for what is the reader's or the page's around. */
  load(json: Record<string, unknown>, source: Source): void {
    const { values, warnings } = parseAll((name) => json[name]);
    const stays = Object.fromEntries(STAYS.map((name) => [name, this.state[name]]));
    this.#replace({ ...defaultState(), ...stays, ...values }, source, "push", { given: namesOf(values), warnings });
  }
}
