/** A digit is drawn, becomes patches, and the class token looks at them. */

import { html, nothing, type TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import { drawingsOf, type Stroke } from "../../model/data.ts";
import { inkOf, MOST_INK, rasterise, SIDE, toDrawing } from "../../model/drawing.ts";
import { BLANK_DRAWING } from "../../model/shipped.ts";
import { digits as words } from "../../text/digits.ts";
import { fill } from "../../text/say.ts";
import { stageOf, valueAt } from "../../trace/cells.ts";
import { formatPercent } from "../../view/format.ts";
import { headIndex } from "../../view/matrix-view.ts";
import type { Context } from "../parts/context.ts";
import { problem } from "../parts/problem.ts";
import { digitStyles } from "./digits-styles.ts";
import { more } from "./styles.ts";

more.push(digitStyles);

/** The strokes that stand on a pad; the state holds only what the model reads of them. */
const strokesOf = new WeakMap<object, Stroke[]>();

/** Stands where the text stands else: digits to take, and an empty sheet. */
export function digitInput(context: Context): TemplateResult | typeof nothing {
  const { played, actions } = context;
  if (!played || played.drawing === undefined) return nothing;
  const t = words;
  const take = (example: Stroke[]) => {
    const strokes = onPad(example);
    strokesOf.set(actions, strokes);
    actions.set({ drawing: strokes.length > 0 ? rasterise(strokes) : BLANK_DRAWING, pin: "" }, "push");
  };
  return html`<div class="text-row digits-row"><span class="take">${t.take}</span>
    ${drawingsOf(played.data).map(([digit, strokes]) => html`<button type="button" class="quiet" data-digit=${digit} @click=${() => take(strokes)}>${digit}</button>`)}
    <span class="spacer"></span>
    <button type="button" class="quiet" data-clear @click=${() => take([])}>${t.clear}</button></div>
    ${problem("drawing", context)}`;
}

/** The pad, and what the model reads of it with the weights of the class token. */
export function digitPicture(context: Context): TemplateResult {
  const t = words;
  return html`<div class="digit">
    <figure><figcaption>${t.draw}</figcaption>
      <canvas class="pad" width=${PAD} height=${PAD} title=${t.drawHelp} ${ref((canvas) => preparePad(canvas, context))}></canvas></figure>
    <figure><figcaption>${t.reads}</figcaption>${pixels(context)}</figure>
  </div>`;
}

const PAD = 160;
/** The side of the sheet that examples are drawn on. */
const SHEET = 200;
/** The pen's share of what a digit is high is that of the image. */
const PEN = 18;

const onPad = (strokes: readonly Stroke[]): Stroke[] =>
  strokes.map((stroke) => stroke.map(([x, y]) => [(x / SHEET) * PAD, (y / SHEET) * PAD]));

function preparePad(canvas: Element | undefined, { actions, palette, state, played }: Context): void {
  if (!(canvas instanceof HTMLCanvasElement) || !played) return;
  if (state.drawing === "") strokesOf.set(actions, onPad(drawingsOf(played.data)[0]?.[1] ?? []));
  const strokes = () => strokesOf.get(actions) ?? [];
  const redraw = () => drawStrokes(canvas, strokes(), palette.lit);
  // Strokes of another drawing, of a link or of back and forward, are not those of this one.
  if (state.drawing !== "" && strokes().length > 0 && rasterise(strokes()) !== state.drawing) strokesOf.delete(actions);
  redraw();
  const point = (event: PointerEvent): [number, number] => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((event.clientX - left) / width) * PAD, ((event.clientY - top) / height) * PAD];
  };
  const change = (history: "push" | "replace") => {
    redraw();
    actions.set({ drawing: rasterise(strokes()), pin: "" }, history);
  };
  canvas.onpointerdown = (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    strokesOf.set(actions, [...strokes(), [point(event)]]);
    change("push");
  };
  canvas.onpointermove = (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    strokes().at(-1)?.push(point(event));
    change("replace");
  };
}

function drawStrokes(canvas: HTMLCanvasElement, strokes: Stroke[], color: string): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  context.clearRect(0, 0, PAD, PAD);
  context.lineWidth = PEN;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = color;
  for (const stroke of strokes) {
    context.beginPath();
    for (const [x, y] of stroke) context.lineTo(x, y);
    const [first] = stroke;
    // A point alone is a dot: a line of no length would not be drawn.
    if (stroke.length === 1 && first) context.lineTo(first[0] + 0.1, first[1]);
    context.stroke();
  }
}

/** 8 x 8 pixels by keyboard too; over them 4 x 4 patches with the weight that the class token gives each. */
function pixels(context: Context): TemplateResult {
  const { played, trace, state, actions } = context;
  const ink = inkOf(played?.drawing ?? BLANK_DRAWING);
  const [rows = 0, columns = 0] = played?.model.info.grid ?? [];
  const weights = trace && stageOf(trace, "weights");
  const head = trace && weights ? headIndex(trace, weights, state.head) : 0;
  const share = (n: number) => (trace && weights ? valueAt(trace, weights, [head, 0, n + 1]) : Number.NaN);
  const patches = Array.from({ length: rows * columns }, (_, n) => n);
  const largest = patches.reduce((most, n) => Math.max(most, share(n)), 0);
  const toggle = (pixel: number) => {
    const next = ink.map((value, n) => (n === pixel ? (value > 0 ? 0 : MOST_INK) : value));
    actions.set({ drawing: toDrawing(next), pin: "" }, "push");
  };
  const onKey = (event: KeyboardEvent) => {
    const at = Number((event.target as HTMLElement).dataset.pixel);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -SIDE, ArrowDown: SIDE }[event.key];
    if (event.key === " " || event.key === "Enter") toggle(at);
    else if (step && ink[at + step] !== undefined)
      (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`[data-pixel="${at + step}"]`)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const name = (value: number, n: number) =>
    fill(words.ink, { row: Math.floor(n / SIDE) + 1, column: (n % SIDE) + 1, ink: value });
  return html`<div class="image">
    <div class="pixels" role="group" aria-label=${words.drawHelp} @keydown=${onKey}>${ink.map(
      (value, n) =>
        html`<button type="button" class="pixel" data-pixel=${n} tabindex=${n === 0 ? 0 : -1} .style="--ink: ${value / MOST_INK}" aria-pressed=${value > 0} aria-label=${name(value, n)} title=${name(value, n)} @click=${() => toggle(n)}></button>`,
    )}</div>
    ${
      trace?.tokens.key.length === patches.length + 1
        ? html`<div class="patches" aria-label=${words.patches} role="group" .style="--columns: ${columns}">${patches.map(
            (n) =>
              html`<span class="patch" .style="--share: ${largest > 0 ? share(n) / largest : 0}"><span data-stage="weights" data-index="${head},0,${n + 1}">${formatPercent(share(n))}</span></span>`,
          )}</div>`
        : nothing
    }
  </div>`;
}
