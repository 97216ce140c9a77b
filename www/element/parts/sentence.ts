/** The sentence with its arcs: the first thing seen, and the result at once. The stages below say why. */

import { html, nothing, svg, type TemplateResult } from "lit";
import type { Trace } from "../../engine/types.ts";
import { en, fill } from "../../text/en.ts";
import { stageOf, valueAt } from "../../trace/cells.ts";
import { formatPercent } from "../../view/format.ts";
import { headIndex } from "../../view/matrix-view.ts";
import { type Context, chosenToken, tokenName } from "./context.ts";
import { rove } from "./rove.ts";

export function sentence(context: Context): TemplateResult | typeof nothing {
  const { trace, state, actions, parts, played } = context;
  const weights = trace && stageOf(trace, "weights");
  if (!trace) return nothing;
  if (!weights) return html`<p class="attends">${headPicker(context)} ${en.noWeights} ${untrained(trace)}</p>`;
  const chosen = chosenToken(context);
  const head = headIndex(trace, weights, state.head);
  const cross = weights.shape[1] !== weights.shape[2] || trace.tokens.query.join() !== trace.tokens.key.join();
  const share = (key: number) => valueAt(trace, weights, [head, chosen, key]);
  const keys = Array.from({ length: weights.shape[2] ?? 0 }, (_, key) => key);
  const largest = keys.reduce((most, key) => Math.max(most, share(key)), 0);
  const queries = Array.from({ length: weights.shape[1] ?? 0 }, (_, query) => query);
  const weighed = (key: number) =>
    html`<span class="share" data-stage="weights" data-index="${head},${chosen},${key}">${formatPercent(share(key))}</span>`;
  const choose = (token: number) => actions.set({ token }, "push");
  const unknown = (key: number) =>
    played?.unknown.has(key) ? fill(en.models.unknown, { token: played.vocabulary.unknown }) : "";
  const keyName = (key: number) =>
    html`<span class="word" title=${unknown(key) || nothing}>${tokenName(trace, "key", key)}</span>${unknown(key) ? html`<span class="visually-hidden">(${unknown(key)})</span>` : nothing}`;
  const onDown = (event: KeyboardEvent, key: number) => {
    if (event.key !== "ArrowDown" || !played) return;
    event.preventDefault();
    event.stopPropagation();
    actions.openMenu(key);
  };
  return html`<section class="sentence" aria-label=${en.tokens}>
    <p class="attends">${headPicker(context)} ${fill(en.attends, { q: `“${tokenName(trace, "query", chosen)}”` })}
      ${played ? (parts?.answerLine(context) ?? nothing) : untrained(trace)}</p>
    <div class="line">
      ${cross ? nothing : html`<svg class="arcs" aria-hidden="true">${svg``}</svg>`}
      ${
        cross
          ? html`<div class="tokens" @keydown=${rove}>${queries.map(
              (query) =>
                html`<button type="button" class="token" data-query=${query} aria-pressed=${query === chosen} tabindex=${query === chosen ? 0 : -1} @click=${() => choose(query)}>${tokenName(trace, "query", query)}</button>`,
            )}</div>
            <svg class="arcs between" aria-hidden="true">${svg``}</svg>`
          : nothing
      }
      <div class="tokens keys" @keydown=${rove}>${keys.map((key) =>
        cross
          ? html`<span class=${tokenClass(context, key)} data-key=${key} style=${shade(share(key), largest)}>${keyName(key)}${weighed(key)}</span>`
          : html`<span class="slot"><button type="button" class=${tokenClass(context, key)} data-token=${key} aria-pressed=${key === chosen} tabindex=${key === chosen ? 0 : -1} style=${shade(share(key), largest)}
              @keydown=${(event: KeyboardEvent) => onDown(event, key)} @click=${() => choose(key)}>${keyName(key)}${weighed(key)}</button>${parts?.swapButton(context, key) ?? nothing}</span>`,
      )}</div>
    </div>
    ${parts?.unknownWords(context) ?? nothing}
    ${parts?.swapList(context) ?? nothing}
  </section>`;
}

const tokenClass = ({ played }: Context, key: number) => (played?.unknown.has(key) ? "token unknown" : "token");

const untrained = (trace: Trace) =>
  trace.config.seeded.length > 0
    ? html`<span class="untrained" title=${en.untrainedWhy}>${en.untrained}</span>`
    : nothing;

function headPicker({ trace, state, actions }: Context): TemplateResult {
  const heads = Array.from({ length: trace?.config.heads ?? 1 }, (_, head) => head);
  return html`<label><span class="visually-hidden">${en.controls.head}</span>
    <select data-field="head" .value=${String(state.head)} @change=${(event: Event) => actions.set({ head: Number((event.target as HTMLSelectElement).value) }, "push")}>
      ${heads.map((head) => html`<option value=${head} ?selected=${head === state.head}>${fill(en.headOf, { n: head + 1, all: heads.length })}</option>`)}
    </select></label>`;
}

/** Shaded against the largest share of the row, so that the pattern shows among many tokens too. */
const shade = (share: number, largest: number) => `--share: ${share > 0 && largest > 0 ? share / largest : 0}`;

const ARC_HEIGHT = 54;
const MAX_ARC_WIDTH = 9;
/** Between two sentences, as high as the drawing. */
const BETWEEN = 34;

const drawn = new WeakMap<SVGElement, { trace: Trace | undefined; key: string }>();

/** Arcs from the chosen token to the others, as thick as its weights; left out where the tokens take several lines. */
export function drawArcs(root: ParentNode, { trace, state }: Context, chosen: number): void {
  const drawing = root.querySelector<SVGElement>(".arcs");
  // Two sentences: the lines go from a word of the upper to those of the lower.
  const between = drawing?.classList.contains("between") ?? false;
  const tokens = [...root.querySelectorAll<HTMLElement>(between ? ".token[data-key]" : ".token[data-token]")];
  const weights = trace && stageOf(trace, "weights");
  if (!drawing) return;
  // Playing changes none of this: what stands is not measured and drawn again for every frame.
  const key = `${chosen}/${state.head}/${drawing.clientWidth}/${tokens.length}`;
  const known = drawn.get(drawing);
  if (known?.trace === trace && known?.key === key) return;
  drawn.set(drawing, { trace, key });
  const upper = between ? [...root.querySelectorAll<HTMLElement>(".token[data-query]")] : tokens;
  const start = upper[chosen];
  const inLine = (row: HTMLElement[]) => row.every((token) => token.offsetTop === row[0]?.offsetTop);
  const oneLine = (between || tokens.length > 1) && inLine(tokens) && inLine(upper);
  drawing.style.display = oneLine && start && weights ? "" : "none";
  if (!oneLine || !start || !weights || !trace) return;
  const middle = (token: HTMLElement) => token.offsetLeft + token.offsetWidth / 2;
  const head = headIndex(trace, weights, state.head);
  const longest = Math.max(...tokens.map((token) => Math.abs(middle(token) - middle(start))));
  const paths = tokens.map((token, key) => {
    const share = valueAt(trace, weights, [head, chosen, key]);
    if ((!between && key === chosen) || !(share > 0)) return "";
    const [a, b] = [middle(start), middle(token)];
    const height = ARC_HEIGHT * (0.25 + 0.75 * Math.sqrt(Math.abs(b - a) / longest));
    const width = Math.max(0.5, share * MAX_ARC_WIDTH);
    const opacity = 0.25 + 0.75 * share;
    if (between)
      return `<path d="M${a} 0 C${a} ${BETWEEN / 2} ${b} ${BETWEEN / 2} ${b} ${BETWEEN}" stroke-width="${width}" opacity="${opacity}"/>`;
    return `<path d="M${a} ${ARC_HEIGHT + 4} C${a} ${ARC_HEIGHT - height} ${b} ${ARC_HEIGHT - height} ${b} ${ARC_HEIGHT + 4}" stroke-width="${width}" opacity="${opacity}"/>`;
  });
  drawing.innerHTML = paths.join("");
}
