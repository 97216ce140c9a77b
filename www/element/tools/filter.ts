/** The controls of the filter, and what it says: how many weights are kept, and how much of each row's attention. */

import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { FIELDS } from "../../state/fields.ts";
import { fill, say } from "../../text/say.ts";
import { tools as text } from "../../text/tools.ts";
import { formatPercent } from "../../view/format.ts";
import type { Kept } from "../../view/tools/filter.ts";
import { type Context, chosenToken, tokenName } from "../parts/context.ts";

/** Small weights are what there are many of: the slider has room for them. */
const CURVE = 3;
/** Digits of a threshold that the slider sets. */
const DIGITS = 2;
/** No more rows than this are listed. */
const LISTED = 512;

export function filterBar(context: Context, kept: Kept | undefined, close: () => void): TemplateResult {
  const { state, actions } = context;
  const { threshold, topK } = state;
  const words = text.filter;
  const { min = 0, max = 1 } = FIELDS.threshold;
  const numberIn = (event: Event) => Number((event.target as HTMLInputElement).value);
  const set = (value: number, history: "replace" | "push") => {
    const inRange = Math.min(max, Math.max(min, value || 0));
    actions.set({ threshold: inRange }, history);
  };
  const slid = (event: Event) => Number((numberIn(event) ** CURVE).toPrecision(DIGITS));
  const most = (event: Event) => {
    const wanted = Math.round(numberIn(event)) || 0;
    actions.set({ topK: Math.min(FIELDS.topK.max ?? wanted, Math.max(0, wanted)) }, "push");
  };
  return html`<div class="bar" role="group" aria-label=${words.label}>
    <label><span>${words.below}</span>
      <input type="range" min=${min} max=${max} step="any" data-slider aria-label=${words.below} aria-valuetext=${threshold} .value=${String(threshold ** (1 / CURVE))}
        @input=${(event: Event) => set(slid(event), "replace")} @change=${(event: Event) => set(slid(event), "push")}/>
      <input type="number" min=${min} max=${max} step="any" data-field="threshold" aria-label=${words.threshold} .value=${String(threshold)}
        @change=${(event: Event) => set(numberIn(event), "push")}/></label>
    <label><span>${words.most}</span>
      <input type="number" min="0" max=${FIELDS.topK.max ?? nothing} data-field="topK" placeholder=${words.all} .value=${topK > 0 ? String(topK) : ""} @change=${most}/></label>
    <button type="button" class="quiet" data-filter-off ?disabled=${threshold === 0 && topK === 0} @click=${() => actions.set({ threshold: 0, topK: 0 }, "push")}>${words.off}</button>
    <button type="button" class="quiet" aria-label=${say.close} title=${say.close} @click=${close}>×</button>
    <span class="kept">${filterNote(context, kept)} ${kept ? guard([kept, context.trace], () => byRow(context, kept)) : nothing}</span>
  </div>`;
}

/** What is kept of the row that is asked about, or else of the chosen token's, and of all rows. */
export function filterNote(context: Context, kept: Kept | undefined): TemplateResult | typeof nothing {
  const { trace, state } = context;
  const words = text.filter;
  const off = state.threshold === 0 && state.topK === 0;
  // A row or a cell alone is not faded.
  if (!trace || off || state.zoom !== "matrix") return nothing;
  if (!kept) return html`<span role="status">${words.working}</span>`;
  const query = Math.min(chosenToken(context), kept.rows - 1);
  const q = `“${tokenName(trace, "query", query)}”`;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const share of kept.shares) if (share >= 0) [low, high] = [Math.min(low, share), Math.max(high, share)];
  const all = low <= high ? fill(words.rows, { low: formatPercent(low), high: formatPercent(high) }) : "";
  return html`<span data-kept-row=${query} data-kept-count=${kept.counts[query] ?? nothing} data-kept-share=${kept.shares[query] ?? nothing}>${words.legend}
    ${fill(words.row, { q, n: kept.counts[query] ?? 0, all: kept.columns, share: percent(kept, query) })} ${all}</span>`;
}

const percent = ({ shares }: Kept, row: number): string => {
  const share = shares[row] ?? Number.NaN;
  return Number.isNaN(share) ? text.filter.nothing : formatPercent(share);
};

function byRow({ trace, actions }: Context, kept: Kept): TemplateResult {
  const words = text.filter;
  const rows = Array.from({ length: Math.min(kept.rows, LISTED) }, (_, row) => row);
  return html`<details class="rows"><summary>${words.byRow}</summary><ol>
    ${rows.map(
      (
        row,
      ) => html`<li><button type="button" data-kept-row=${row} data-kept-count=${kept.counts[row] ?? nothing} data-kept-share=${kept.shares[row] ?? nothing}
        @click=${() => actions.set({ token: row }, "push")}><b>${trace ? tokenName(trace, "query", row) : row}</b>
        ${fill(words.oneRow, { n: kept.counts[row] ?? 0, all: kept.columns, share: percent(kept, row) })}</button></li>`,
    )}
    ${kept.rows > LISTED ? html`<li>${fill(words.moreRows, { n: kept.rows - LISTED })}</li>` : nothing}
  </ol></details>`;
}
