/** The sentence with its arcs: the first thing seen, and the result at once. The stages below say why. */

import { html, nothing, render, svg, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import type { Trace } from "../../engine/types.ts";
import { fill, say } from "../../text/say.ts";
import { stageOf, valueAt } from "../../trace/cells.ts";
import { formatPercent } from "../../view/format.ts";
import { headIndex } from "../../view/matrix-view.ts";
import type { Kept } from "../../view/tools/filter.ts";
import { type Context, chosenToken, tokenName } from "./context.ts";
import { rove } from "./rove.ts";

/** More tokens than this do not stand side by side: those around the chosen one do, and the keys that it attends to most. */
const SIDE_BY_SIDE = 120;
/** Keys that are named because of their weight. */
const LARGEST = 12;

/** Playing changes none of this: the sentence is made anew for another trace, head or token. */
export function sentence(context: Context): unknown {
  const { trace, state } = context;
  if (!trace) return nothing;
  const { menuAt, parts, palette } = context;
  return guard([trace, state.head, state.token, menuAt, parts, palette, say], () => sentenceOf(context, trace));
}

function sentenceOf(context: Context, trace: Trace): TemplateResult {
  const { state } = context;
  const weights = stageOf(trace, "weights");
  if (!weights) return html`<p class="attends">${headPicker(context)} ${say.notes.noWeights} ${untrained(trace)}</p>`;
  const chosen = chosenToken(context);
  const head = headIndex(trace, weights, state.head);
  const { parts, played } = context;
  const [, queries = 0, keys = 0] = weights.shape;
  const cross = queries !== keys || trace.tokens.query.join() !== trace.tokens.key.join();
  const from = weights.offset + (head * queries + chosen) * keys;
  const row = trace.data.subarray(from, from + keys);
  const largest = row.reduce((most, share) => Math.max(most, share), 0);
  const inRow: Row = { trace, head, chosen, row, largest, accent: context.palette.accents.query ?? "" };
  const arcs = html`<svg class="arcs ${cross ? "between" : ""}" aria-hidden="true">${svg``}</svg>`;
  return html`<section class="sentence" aria-label=${say.tokens}>
    <p class="attends">${headPicker(context)} ${fill(say.attends, { q: `“${tokenName(trace, "query", chosen)}”` })}
      ${played ? (parts?.answerLine(context) ?? nothing) : untrained(trace)}</p>
    ${keys > SIDE_BY_SIDE ? mostly(inRow) : nothing}
    <div class="line">
      ${cross ? [tokens("query", queries, context, inRow), arcs] : arcs}
      ${tokens(cross ? "key" : "both", keys, context, inRow)}
    </div>
    ${parts?.unknownWords(context) ?? nothing}
    ${parts?.swapList(context) ?? nothing}
  </section>`;
}

/** The row of weights of the chosen token. */
interface Row {
  trace: Trace;
  head: number;
  chosen: number;
  row: Float32Array;
  largest: number;
  /** The colour of queries, as #rrggbb. */
  accent: string;
}

/** A side of the matrix as text: all of it, or the part around the chosen token, with the way to the others. */
function tokens(side: "query" | "key" | "both", count: number, context: Context, inRow: Row): TemplateResult {
  const { actions, played, parts } = context;
  const { trace, chosen } = inRow;
  const half = SIDE_BY_SIDE / 2;
  const first = Math.max(0, Math.min(side === "key" ? 0 : chosen - half, count - SIDE_BY_SIDE));
  const last = Math.min(count, first + SIDE_BY_SIDE);
  const name = (n: number) => tokenName(trace, side === "key" ? "key" : "query", n);
  const choose = (token: number) => actions.set({ token }, "push");
  const unknown = (n: number) => side !== "query" && played?.unknown.has(n);
  const word = (n: number) => {
    const why = unknown(n) ? fill(say.models.unknown, { token: played?.vocabulary.unknown ?? "" }) : "";
    return html`<span class="word" title=${why || nothing}>${name(n)}</span>${why ? html`<span class="visually-hidden">(${why})</span>` : nothing}`;
  };
  const onDown = (event: KeyboardEvent, n: number) => {
    if (event.key !== "ArrowDown" || !played) return;
    event.preventDefault();
    event.stopPropagation();
    actions.openMenu(n);
  };
  const button = (n: number) => {
    const both = side === "both";
    const made = html`<button type="button" class="token ${unknown(n) ? "unknown" : ""}" data-token=${both ? n : nothing} data-query=${both ? nothing : n} aria-pressed=${n === chosen}
    tabindex=${n === chosen ? 0 : -1} .style=${both ? shade(inRow.row[n] ?? 0, inRow) : ""} @click=${() => choose(n)} @keydown=${(event: KeyboardEvent) => onDown(event, n)}>${word(n)}${both ? weighed(n, inRow) : nothing}</button>`;
    return both && played && parts ? html`<span class="slot">${made}${parts.swapButton(context, n)}</span>` : made;
  };
  const plain = (n: number) =>
    html`<span class="token ${unknown(n) ? "unknown" : ""}" data-key=${n} .style=${shade(inRow.row[n] ?? 0, inRow)}>${word(n)}${weighed(n, inRow)}</span>`;
  const away = (text: string, n: number, token: number) => {
    if (n <= 0) return nothing;
    const words = fill(text, { n: n.toLocaleString("en") });
    return side === "key"
      ? html`<span class="token away">${words}</span>`
      : html`<button type="button" class="token away" tabindex="-1" @click=${() => choose(token)}>${words}</button>`;
  };
  return html`<div class="tokens ${side === "query" ? "" : "keys"}" @keydown=${rove}>
    ${away(say.earlier, first, Math.max(0, chosen - SIDE_BY_SIDE))}${Array.from({ length: last - first }, (_, n) =>
      side === "key" ? plain(first + n) : button(first + n),
    )}${away(say.later, count - last, Math.min(count - 1, chosen + SIDE_BY_SIDE))}</div>`;
}

const weighed = (key: number, { head, chosen, row }: Row) =>
  html`<span class="share" data-stage="weights" data-index="${head},${chosen},${key}">${formatPercent(row[key] ?? Number.NaN)}</span>`;

/** The keys of the largest weights, wherever they stand. */
function mostly(inRow: Row): TemplateResult {
  const { row, trace } = inRow;
  const keys: number[] = [];
  for (let key = 0; key < row.length; key++) {
    if (!((row[key] as number) > (row[keys[LARGEST - 1] ?? -1] ?? 0))) continue;
    const place = keys.findIndex((other) => (row[other] as number) < (row[key] as number));
    keys.splice(place < 0 ? keys.length : place, 0, key);
    keys.length = Math.min(keys.length, LARGEST);
  }
  const place = (n: number) => fill(say.tokenAt, { token: tokenName(trace, "key", n), n: n + 1, all: row.length });
  return html`<p class="attends mostly">${say.mostly} ${keys.map(
    (key) =>
      html`<span class="token" title=${place(key)} .style=${shade(row[key] ?? 0, inRow)}><span class="word">${tokenName(trace, "key", key)}</span>${weighed(key, inRow)}</span>`,
  )}</p>`;
}

const untrained = (trace: Trace) =>
  trace.config.seeded.length > 0
    ? html`<span class="untrained" title=${say.notes.untrainedWhy}>${say.notes.untrained}</span>`
    : nothing;

function headPicker({ trace, state, actions }: Context): TemplateResult {
  const heads = Array.from({ length: trace?.config.heads ?? 1 }, (_, head) => head);
  return html`<label><span class="visually-hidden">${say.controls.head}</span>
    <select data-field="head" .value=${String(state.head)} @change=${(event: Event) => actions.set({ head: Number((event.target as HTMLSelectElement).value) }, "push")}>
      ${heads.map((head) => html`<option value=${head} ?selected=${head === state.head}>${fill(say.headOf, { n: head + 1, all: heads.length })}</option>`)}
    </select></label>`;
}

/** Of the accent of queries, behind the token of the largest share. */
const MOST_SHADE = 0.42;

/**
 * Shaded against the largest share of the row, so that the pattern shows among many tokens too. A plain colour, and not a variable that
 * the styles make one of: what stands in a token would be styled anew with every edit, too.
 */
function shade(share: number, { largest, accent }: Row): string {
  const part = share > 0 && largest > 0 ? (MOST_SHADE * share) / largest : 0;
  return `background: ${accent}${Math.round(255 * part)
    .toString(16)
    .padStart(2, "0")}`;
}

const MAX_ARC_WIDTH = 9;
/** Between two sentences, as high as the drawing. */
const BETWEEN = 34;

/** What is left of an arc that is filtered. */
const FADED = 0.12;

const drawn = new WeakMap<SVGElement, { trace: Trace | undefined; kept: Kept | undefined; key: string }>();

/** Arcs from the chosen token to the others, as thick as its weights; left out where the tokens take several lines. */
export function drawArcs(root: ParentNode, context: Context, chosen: number): void {
  const { trace, state } = context;
  const kept = trace && context.tools?.kept(trace, context);
  const drawing = root.querySelector<SVGElement>(".arcs");
  const between = drawing?.classList.contains("between") ?? false;
  const tokens = [...root.querySelectorAll<HTMLElement>(between ? ".token[data-key]" : ".token[data-token]")];
  const weights = trace && stageOf(trace, "weights");
  if (!drawing) return;
  // Playing changes none of this: what stands is not measured and drawn again for every frame.
  const key = `${chosen}/${state.head}/${drawing.clientWidth}/${drawing.clientHeight}/${tokens.length}`;
  const known = drawn.get(drawing);
  if (known?.trace === trace && known?.kept === kept && known?.key === key) return;
  drawn.set(drawing, { trace, kept, key });
  // Two sentences: the lines go from a word of the upper to those of the lower.
  const upper = between ? [...root.querySelectorAll<HTMLElement>(".token[data-query]")] : tokens;
  const start = upper.find(({ dataset }) => (dataset.query ?? dataset.token) === String(chosen));
  const inLine = (row: HTMLElement[]) => row.every((token) => token.offsetTop === row[0]?.offsetTop);
  const oneLine = (between || tokens.length > 1) && inLine(tokens) && inLine(upper);
  drawing.style.display = oneLine && start && weights ? "" : "none";
  if (!oneLine || !start || !weights || !trace) return;
  // Arcs fill the height that the styles give them, and stand on the words.
  const foot = drawing.clientHeight;
  const most = Math.max(0, foot - 4);
  const middle = (token: HTMLElement) => token.offsetLeft + token.offsetWidth / 2;
  const head = headIndex(trace, weights, state.head);
  // Where nothing is laid out, as in a tab that is not on show, all are 0.
  const longest = Math.max(1, ...tokens.map((token) => Math.abs(middle(token) - middle(start))));
  const paths = tokens.map((token) => {
    const key = Number(token.dataset.key ?? token.dataset.token);
    const share = valueAt(trace, weights, [head, chosen, key]);
    if ((!between && key === chosen) || !(share > 0)) return nothing;
    const [a, b] = [middle(start), middle(token)];
    const height = most * (0.25 + 0.75 * Math.sqrt(Math.abs(b - a) / longest));
    const width = Math.max(0.5, share * MAX_ARC_WIDTH);
    const opacity = (0.25 + 0.75 * share) * (kept?.has(chosen, key) === false ? FADED : 1);
    const arc = (path: string) => svg`<path d=${path} stroke-width=${width} opacity=${opacity}></path>`;
    if (between) return arc(`M${a} 0 C${a} ${BETWEEN / 2} ${b} ${BETWEEN / 2} ${b} ${BETWEEN}`);
    return arc(`M${a} ${foot} C${a} ${most - height} ${b} ${most - height} ${b} ${foot}`);
  });
  render(paths, drawing as unknown as HTMLElement);
}
