/** Weight is not importance: how far the output moves when something is dropped, beside the weight that it had. */

import { html, nothing, type TemplateResult } from "lit";
import type { Trace } from "../../engine/types.ts";
import { change as text } from "../../text/change.ts";
import { fill } from "../../text/say.ts";
import { stageOf, valueAt } from "../../trace/cells.ts";
import { formatCell, formatPercent } from "../../view/format.ts";
import { type Context, chosenToken, tokenName } from "../parts/context.ts";
import { numberLink } from "../parts/number.ts";
import { type Moved, moved } from "./difference.ts";
import { droppedKeys, traceWith } from "./runs.ts";

/** Rows of a table; the keys with the largest weights, where there are more. */
const MOST = 64;

/** `0.31 ÷ 2.6 = 12 %`: the numbers are worked out here, of those of two traces. */
function ratio({ part, whole, ratio }: Moved, token: number): TemplateResult {
  const words = fill(text.movedBy, { part: formatCell(part), whole: formatCell(whole) });
  return html`<span class="figure" data-of="moved" data-token=${token}><span class="hint">${words}</span> <b>${formatPercent(ratio)}</b></span>`;
}

/** What became of the output of each token, the chosen one first. */
export function movedTokens(context: Context, trace: Trace, then: Trace): TemplateResult | typeof nothing {
  const chosen = chosenToken(context);
  const tokens = trace.tokens.query.map((_, token) => token).slice(0, MOST);
  const rows = tokens.map((token) => ({ token, by: moved(trace, then, token) }));
  const first = moved(trace, then, chosen);
  const left = trace.tokens.query.length - rows.length;
  if (!first) return nothing;
  const row = ({ token, by }: (typeof rows)[number]) =>
    by ? html`<li>“${tokenName(trace, "query", token)}” ${ratio(by, token)}</li>` : nothing;
  return html`<section class="moved" aria-label=${text.moved}>
    <h2>${text.moved}</h2>
    <p class="hint">${text.movedAbout}</p>
    ${droppedKeys(context.state).map((key) => removed(context, then, chosen, key))}
    <ul data-moved>${row({ token: chosen, by: first })}${rows
      .filter(({ token }) => token !== chosen)
      .map(row)}${left > 0 ? html`<li class="hint">${fill(text.more, { n: left })}</li>` : nothing}</ul>
  </section>`;
}

/** The weight that a dropped key had. */
function removed({ state }: Context, then: Trace, query: number, key: number): TemplateResult | typeof nothing {
  const weights = stageOf(then, "weights");
  if (!weights) return nothing;
  const index = [state.head, query, key];
  const [start, end] = fill(text.removed, {
    query: tokenName(then, "query", query),
    key: tokenName(then, "key", key),
    head: state.head + 1,
  }).split("{weight}");
  return html`<p>${start}<span class="figure" data-stage="weights" data-index=${index.join(",")} data-of="before">${formatPercent(valueAt(then, weights, index))}</span>${end}</p>`;
}

interface Turn {
  query: number;
  done: number;
  rows: { key: number; by: Moved | undefined }[];
  error: string;
}
const turns = new WeakMap<Trace, Turn>();

/** Drops each key in turn: one trace for each, computed when it is asked for. */
export function inTurn(context: Context, trace: Trace): TemplateResult | typeof nothing {
  const weights = stageOf(trace, "weights");
  const keys = trace.tokens.key.length;
  if (!weights || weights.op === "softmax" || keys < 2) return nothing;
  const query = chosenToken(context);
  const token = tokenName(trace, "query", query);
  const turn = turns.get(trace);
  const current = turn?.query === query ? turn : undefined;
  const all = Math.min(keys, MOST);
  const running = current !== undefined && current.done < all && !current.error;
  return html`<section class="in-turn" aria-label=${text.inTurn}>
    <h2>${text.inTurn}</h2>
    <p class="hint">${fill(text.inTurnAbout, { token })}</p>
    ${
      current
        ? html`<p role="status" class="hint">${running ? fill(text.inTurnRunning, { done: current.done, all }) : ""}${current.error ? fill(text.inTurnFailed, { reason: current.error }) : ""}</p>`
        : html`<button type="button" class="quiet" data-in-turn @click=${() => void run(context, trace, query)}>${text.inTurnRun}</button>`
    }
    ${current && !running && !current.error ? table(context, trace, current) : nothing}
  </section>`;
}

async function run(context: Context, trace: Trace, query: number): Promise<void> {
  const weights = stageOf(trace, "weights");
  if (!weights) return;
  const { state, actions } = context;
  const turn: Turn = { query, done: 0, rows: [], error: "" };
  turns.set(trace, turn);
  const weight = (key: number) => valueAt(trace, weights, [state.head, query, key]);
  const keys = trace.tokens.key.map((_, key) => key).sort((a, b) => weight(b) - weight(a));
  try {
    for (const key of keys.slice(0, MOST)) {
      actions.refresh();
      // Another query was asked about meanwhile.
      if (turns.get(trace) !== turn) return;
      const pairs = [...state.mask.split("_"), `*-${key}`].filter(Boolean);
      const without = await traceWith(context, { mask: pairs.join("_") });
      turn.rows.push({ key, by: moved(without, trace, query) });
      turn.done++;
    }
  } catch (thrown) {
    turn.error = thrown instanceof Error ? thrown.message : String(thrown);
  }
  actions.refresh();
}

function table({ state, actions }: Context, trace: Trace, { query, rows }: Turn): TemplateResult {
  const weights = stageOf(trace, "weights");
  const most = Math.max(...rows.map(({ by }) => by?.ratio ?? 0).filter(Number.isFinite));
  const bar = (share: number) => html`<i class="bar" .style="inline-size: ${Math.round(100 * share)}%"></i>`;
  return html`<table data-turns>
    <thead><tr><th scope="col">${text.columns.key}</th><th scope="col">${fill(text.columns.weight ?? "", { head: state.head + 1 })}</th><th scope="col">${text.columns.moved}</th></tr></thead>
    <tbody>${rows.map(({ key, by }) => {
      const index = [state.head, query, key];
      const weight = weights ? valueAt(trace, weights, index) : Number.NaN;
      return html`<tr data-key=${key}><th scope="row">${tokenName(trace, "key", key)}</th>
        <td>${numberLink({ stage: "weights", index }, formatPercent(weight), actions)}${bar(weight)}</td>
        <td>${by ? ratio(by, query) : "–"}${by && most > 0 ? bar(by.ratio / most) : nothing}</td></tr>`;
    })}</tbody></table>`;
}
