/** Finding a token: what is typed is looked for in the tokens, and the row and column of a match are lit and brought into sight. */

import { html, nothing, type TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import type { Trace } from "../../engine/types.ts";
import { fill, say } from "../../text/say.ts";
import { tools as text } from "../../text/tools.ts";
import type { Box } from "../../view/layout.ts";
import type { Side } from "../../view/matrix-view.ts";
import type { SceneView } from "../../view/scene-view.ts";
import { holdsNumbers, leastNumberCell } from "../../view/text-width.ts";
import { Bands, type Place, placeIn, stands } from "../../view/tools/bands.ts";
import { centre, closer, resultOf } from "../../view/tools/closer.ts";
import { type Context, tokenName } from "../parts/context.ts";

/** From this height on every row has its label. */
const LABELLED = 16;

export class Finder {
  readonly #view: SceneView;
  readonly #bands: Bands;
  #typed = "";
  #at = 0;
  #matches: Place[] = [];
  #of: { trace: Trace | undefined; typed: string } = { trace: undefined, typed: "" };

  constructor(view: SceneView) {
    this.#view = view;
    this.#bands = new Bands(view);
  }

  drawn(): void {
    this.#bands.drawn();
  }

  close(): void {
    this.#bands.place = undefined;
    this.#bands.drawn();
  }

  bar(context: Context, close: () => void): TemplateResult {
    const { actions } = context;
    const words = text.find;
    const walk = (by: number) => {
      const { length } = this.#look(context);
      if (length === 0) return;
      this.#at = (this.#at + by + length) % length;
      this.#reveal();
      actions.refresh();
    };
    const choose = () => {
      const place = this.#look(context)[this.#at];
      if (place?.query) actions.set({ token: place.n }, "push");
    };
    const onInput = (event: Event) => {
      this.#typed = (event.target as HTMLInputElement).value;
      this.#at = 0;
      this.#look(context);
      this.#reveal();
      actions.refresh();
    };
    const onKey = (event: KeyboardEvent) => {
      const act = {
        ArrowDown: () => walk(1),
        ArrowUp: () => walk(-1),
        Enter: () => (event.shiftKey ? choose() : walk(1)),
      };
      const found = act[event.key as keyof typeof act];
      if (!found) return;
      event.preventDefault();
      found();
    };
    const matches = this.#look(context);
    const place = matches[this.#at];
    return html`<div class="bar" role="search" aria-label=${words.label}>
      <input type="text" data-find aria-label=${words.label} placeholder=${words.label} autocomplete="off" spellcheck="false" .value=${this.#typed}
        @input=${onInput} @keydown=${onKey} ${ref((input) => focusOnce(input))}/>
      <button type="button" class="quiet" aria-label=${words.before} title=${words.before} ?disabled=${!place} @click=${() => walk(-1)}>↑</button>
      <button type="button" class="quiet" aria-label=${words.after} title=${words.after} ?disabled=${!place} @click=${() => walk(1)}>↓</button>
      <button type="button" class="quiet" aria-label=${words.choose} title=${words.choose} ?disabled=${!place?.query} @click=${choose}>⏎</button>
      <button type="button" class="quiet" aria-label=${say.close} title=${say.close} @click=${close}>×</button>
      <span role="status" data-found>${place && context.trace ? said(place, this.#at, matches.length, context.trace) : this.#typed ? words.none : nothing}</span>
    </div>`;
  }

  /** The matches, in order: of one sentence each token once, of two the queries and then the keys. */
  #look({ trace }: Context): Place[] {
    if (trace === this.#of.trace && this.#typed === this.#of.typed) return this.#matches;
    const anew = trace !== this.#of.trace;
    this.#of = { trace, typed: this.#typed };
    this.#matches = trace ? matchesOf(trace, this.#typed) : [];
    this.#at = Math.min(this.#at, Math.max(0, this.#matches.length - 1));
    if (anew) this.#bands.place = this.#matches[this.#at];
    return this.#matches;
  }

  #reveal(): void {
    const place = this.#matches[this.#at];
    this.#bands.place = place;
    const view = this.#view;
    const key = place && boxFor(view, place)?.part.view.key;
    const box = () => view.layout?.boxes.find(({ part }) => part.view.key === key);
    const before = box();
    if (place && before) this.#bring(place, before, box);
    this.#bands.drawn();
  }

  #bring(place: Place, before: Box, box: () => Box | undefined): void {
    const view = this.#view;
    const rows = stands(place, before.part.view.rowAxisName);
    const readable = { width: leastNumberCell(), height: rows ? LABELLED : 0 };
    if (!holdsNumbers(before)) closer(view, before, readable, middle(view, before, place));
    const there = box();
    if (there && view.zoomedIn && !inSight(view, there, place)) {
      const [row, column] = cellOf(view, there, place);
      centre(view, there, row, column);
    }
  }
}

function matchesOf(trace: Trace, typed: string): Place[] {
  const wanted = typed.trim().toLowerCase();
  const { query, key } = trace.tokens;
  if (wanted === "") return [];
  const found = (axis: "query" | "key") =>
    trace.tokens[axis].flatMap((_, n) => (tokenName(trace, axis, n).toLowerCase().includes(wanted) ? [n] : []));
  if (query.join() === key.join()) return found("query").map((n) => ({ n, query: true, key: true }));
  return [
    ...found("query").map((n) => ({ n, query: true, key: false })),
    ...found("key").map((n) => ({ n, query: false, key: true })),
  ];
}

function said(place: Place, at: number, all: number, trace: Trace): string {
  const { find: words } = text;
  const side = place.query && place.key ? words.ofBoth : place.query ? words.ofQuery : words.ofKey;
  const token = tokenName(trace, place.query ? "query" : "key", place.n);
  return fill(words.found, { n: at + 1, all, token, place: fill(side, { n: place.n + 1 }) });
}

/** The row or column of a box that the match is; -1 where it shows none of it. */
function placeOf({ part: { view } }: Box, side: Side, place: Place): number {
  const axis = side === "row" ? view.rowAxisName : view.columnAxisName;
  return stands(place, axis) ? placeIn(view, side, place.n) : -1;
}

/** Where a match is shown: the result, or the first operand that has its tokens. */
function boxFor(view: SceneView, place: Place): Box | undefined {
  const has = (box: Box) => placeOf(box, "row", place) >= 0 || placeOf(box, "column", place) >= 0;
  const result = resultOf(view);
  return result && has(result) ? result : view.layout?.boxes.find(has);
}

/** The middle of the match in a box, in cells; along a side without tokens, the middle of what is in sight. */
function cellOf({ room }: SceneView, box: Box, place: Place): [row: number, column: number] {
  const [row, column] = [placeOf(box, "row", place), placeOf(box, "column", place)];
  return [
    row >= 0 ? row + 0.5 : (room.height / 2 - box.y) / box.cellHeight,
    column >= 0 ? column + 0.5 : (room.width / 2 - box.x) / box.cellWidth,
  ];
}

function middle(view: SceneView, box: Box, place: Place): { x: number; y: number } {
  const [row, column] = cellOf(view, box, place);
  return { x: box.x + column * box.cellWidth, y: box.y + row * box.cellHeight };
}

/** With as much around it as labels take. */
function inSight(view: SceneView, box: Box, place: Place): boolean {
  const { x, y } = middle(view, box, place);
  const { width, height } = view.room;
  return x > box.labelWidth && x < width - box.cellWidth && y > 2 * LABELLED && y < height - box.cellHeight;
}

const focused = new WeakSet<Element>();

/** The field that was opened is typed in. */
function focusOnce(input: Element | undefined): void {
  if (!(input instanceof HTMLInputElement) || focused.has(input)) return;
  focused.add(input);
  // It stands in the page a moment after it is made.
  queueMicrotask(() => {
    input.focus({ preventScroll: true });
    input.select();
  });
}
