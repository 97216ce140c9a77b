/** Every head of every layer, small: what it attends to in this very text. One click opens it in the walkthrough. */

import { html, nothing, type TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import type { ModelBlock, Tensor } from "../../engine/engine.ts";
import { models } from "../../text/models.ts";
import { fill } from "../../text/say.ts";
import { formatPercent } from "../../view/format.ts";
import { colorOf, type Palette } from "../../view/palette.ts";
import { type Context, chosenToken } from "../parts/context.ts";

interface Place {
  block: ModelBlock;
  layer: number;
  head: number;
}

export function heads(context: Context): TemplateResult | typeof nothing {
  const { played } = context;
  const { attentions } = played?.output ?? {};
  if (!played || !attentions) return nothing;
  const blocks = played.model.info.blocks.filter((block) => attentions[block]);
  return html`<section class="heads" aria-label=${models.heads}>
    <h2>${models.heads}</h2>
    <div class="head-blocks" @keydown=${walk}>
      ${blocks.map((block) => group(block, attentions[block] as Tensor, context, blocks.length > 1))}
    </div>
    ${says(context)}
  </section>`;
}

function group(block: ModelBlock, attention: Tensor, context: Context, named: boolean): TemplateResult {
  const [layers = 0, count = 0] = attention.shape;
  return html`<div class="head-block">
    ${named ? html`<span class="group-name">${models.blocks[block]}</span>` : nothing}
    <div class="head-grid" role="group" aria-label=${models.blocks[block] ?? block} .style="--heads: ${count}">
      ${Array.from(
        { length: layers },
        (_, layer) =>
          html`<span class="head-layer" title=${fill(models.layer, { n: layer + 1 })}>${layer + 1}</span>${Array.from(
            { length: count },
            (_, head) => thumbnail({ block, layer, head }, attention, context),
          )}`,
      )}
    </div>
  </div>`;
}

function thumbnail(place: Place, attention: Tensor, context: Context): TemplateResult {
  const { actions, palette } = context;
  const chosen = isChosen(place, context);
  const strongest = strongestOf(place, attention, context);
  const label = strongest ? `${sentenceOf(place, strongest, context)}${formatPercent(strongest.value)}` : "";
  return html`<button type="button" class="head-cell" aria-pressed=${chosen} tabindex=${chosen ? 0 : -1} data-head-cell="${place.block},${place.layer},${place.head}"
    aria-label=${label} title=${label}
    @click=${() => actions.set({ block: place.block, layer: place.layer, head: place.head, pin: "" }, "push")}
    ><canvas aria-hidden="true" ${ref((canvas) => draw(canvas, attention, place, palette))}></canvas></button>`;
}

const isChosen = ({ block, layer, head }: Place, { played, state }: Context) =>
  played?.block === block && played.layer === layer && state.head === head;

interface Strongest {
  query: number;
  key: number;
  value: number;
}

/** What the chosen token looks at most in this head; in another block, what its own last token does. */
function strongestOf(place: Place, { shape, data }: Tensor, context: Context): Strongest | undefined {
  const [, count = 0, queries = 0, keys = 0] = shape;
  const query = place.block === context.played?.block ? Math.min(chosenToken(context), queries - 1) : queries - 1;
  const start = ((place.layer * count + place.head) * queries + query) * keys;
  const row = data.subarray(start, start + keys);
  if (row.length === 0) return undefined;
  const key = row.reduce((best, value, n) => (value > (row[best] ?? 0) ? n : best), 0);
  return { query, key, value: row[key] ?? Number.NaN };
}

function sentenceOf({ block, layer, head }: Place, { query, key }: Strongest, { played, trace }: Context): string {
  const { tokens = [], targetTokens } = played?.output ?? {};
  const own = played?.block === block ? trace?.tokens : undefined;
  const q = own?.query[query] ?? (block === "encoder" ? tokens : (targetTokens ?? tokens))[query] ?? "";
  const k = own?.key[key] ?? (block === "decoder" ? (targetTokens ?? tokens) : tokens)[key] ?? "";
  return fill(models.headSays, { layer: layer + 1, head: head + 1, q, k });
}

/** The head on show, in words, with its number. */
function says(context: Context): TemplateResult | typeof nothing {
  const { played, state } = context;
  if (!played) return nothing;
  const place = { block: played.block, layer: played.layer, head: state.head };
  const attention = played.output?.attentions[place.block];
  const found = attention && strongestOf(place, attention, context);
  if (!found) return nothing;
  return html`<p class="head-says">${sentenceOf(place, found, context)}<span data-model="attentions.${place.block}"
    data-index="${place.layer},${place.head},${found.query},${found.key}">${formatPercent(found.value)}</span></p>`;
}

/** Arrows move among the heads as they lie; Enter opens one. */
function walk(event: KeyboardEvent): void {
  const at = (event.target as HTMLElement).closest<HTMLElement>("[data-head-cell]");
  const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[data-head-cell]")];
  if (!at || !event.key.startsWith("Arrow")) return;
  event.preventDefault();
  event.stopPropagation();
  const here = all.indexOf(at);
  const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const [mine, sign] = [at.getBoundingClientRect(), event.key === "ArrowUp" ? -1 : 1];
  const below = () =>
    all
      .filter((one) => (one.getBoundingClientRect().top - mine.top) * sign > 4)
      .sort((a, b) => far(a, mine) - far(b, mine))[0];
  (sideways ? all[here + sideways] : below())?.focus();
}

function far(one: HTMLElement, from: DOMRect): number {
  const { left, top } = one.getBoundingClientRect();
  return Math.hypot(left - from.left, top - from.top);
}

/** Cells along a side that a thumbnail holds at most; of more, each shows the largest weight that falls on it. */
const MOST = 64;
const drawn = new WeakMap<Element, { attention: Tensor; key: string }>();

function draw(canvas: Element | undefined, attention: Tensor, { layer, head }: Place, palette: Palette): void {
  if (!(canvas instanceof HTMLCanvasElement)) return;
  const key = `${layer}/${head}/${palette.lit}`;
  const known = drawn.get(canvas);
  if (known?.attention === attention && known.key === key) return;
  drawn.set(canvas, { attention, key });
  const [, count = 0, queries = 0, keys = 0] = attention.shape;
  const [rows, columns] = [Math.min(queries, MOST), Math.min(keys, MOST)];
  const start = (layer * count + head) * queries * keys;
  const most = new Float32Array(rows * columns);
  for (let query = 0; query < queries; query++) {
    const row = Math.floor((query * rows) / queries) * columns;
    for (let k = 0; k < keys; k++) {
      const cell = row + Math.floor((k * columns) / keys);
      most[cell] = Math.max(most[cell] ?? 0, attention.data[start + query * keys + k] ?? 0);
    }
  }
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context || most.length === 0) return;
  const pixels = new ImageData(columns, rows);
  for (const [cell, weight] of most.entries()) {
    const color = colorOf(weight, { kind: "positive", end: 1, holes: false }, palette);
    pixels.data.set([...color.map(Math.round), 255], cell * 4);
  }
  context.putImageData(pixels, 0, 0);
}
