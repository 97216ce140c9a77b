/** Three networks on one sequence: what each answers, and how much each token has to say about it; and how far each remembers. */

import { html, svg, type TemplateResult } from "lit";
import type { Tensor } from "../engine/types.ts";
import { recall } from "../text/recall.ts";
import { fill } from "../text/say.ts";
import { formatCell, formatFull, formatPercent } from "../view/format.ts";
import type { Curve, Measured } from "./measured.ts";
import { KINDS, type Kind, type Results } from "./run.ts";
import type { Sequence } from "./sequence.ts";

/** Gradients below this are drawn as nothing: a bar is a power of ten from here to one. */
const LEAST = 1e-8;

export function recallView(sequence: Sequence, results: Results, measured: Measured | undefined): TemplateResult {
  return html`<div class="recall">
    <p class="about">${fill(recall.task[sequence.task], { asked: sequence.words.at(-1) ?? "" })}</p>
    <div class="lanes" tabindex="0" role="region" aria-label=${recall.lanes}>
      <table>
        <thead><tr><th scope="col">${recall.network}</th>${sequence.words.map((word) => html`<th scope="col">${word}</th>`)}</tr></thead>
        <tbody>${KINDS.map((kind) => lane(kind, results))}</tbody>
      </table>
    </div>
    <p class="hint">${fill(recall.scale, { least: formatCell(LEAST) })}</p>
    ${measured ? curves(sequence, measured) : ""}
  </div>`;
}

function lane(kind: Kind, results: Results): TemplateResult {
  const { answer, probabilities, gradient, weights } = results[kind];
  const bar = (n: number) => {
    const value = at(gradient, n);
    const height = Math.max(0, Math.min(1, 1 - Math.log10(Math.max(value, Number.MIN_VALUE)) / Math.log10(LEAST)));
    const weight = weights && at(weights, n);
    const title = [
      fill(recall.gradient, { value: formatFull(value) }),
      weight === undefined ? "" : fill(recall.weight, { value: formatFull(weight) }),
    ].join(" ");
    return html`<td title=${title}>
      <span class="bar" .style="block-size: ${(height * 100).toFixed(1)}%"></span>
      <span class="visually-hidden" data-model="gradient" data-kind=${kind} data-index=${n}>${formatFull(value)}</span>
      ${weight === undefined ? "" : html`<span class="seen" data-model="weights" data-kind=${kind} data-index=${n}>${formatPercent(weight)}</span>`}
    </td>`;
  };
  return html`<tr data-kind=${kind}>
    <th scope="row">${recall.kinds[kind]}
      <span class="said">${answer} <small data-model="probabilities" data-kind=${kind} data-index=${answer}>${formatPercent(at(probabilities, answer))}</small></span></th>
    ${Array.from(gradient.data, (_, n) => bar(n))}
  </tr>`;
}

const at = ({ data }: Tensor, n: number): number => data[n] ?? Number.NaN;

// -- how far each remembers -------------------------------------------------------------------------------------------

const SIZE = { width: 340, height: 140, left: 56, bottom: 22, top: 9, right: 78 };
/** From one line of words to the next. */
const LINE = 14;

interface Chart {
  name: string;
  title: string;
  /** Of a value, from 0 at the bottom to 1 at the top. */
  place(value: number): number;
  ticks: number[];
  text(value: number): string;
  curve(kind: Kind): Curve;
}

function curves({ task }: Sequence, { networks, budget, chance, lengths }: Measured): TemplateResult {
  const log = (value: number) => 1 - Math.log10(Math.max(value, LEAST)) / Math.log10(LEAST);
  const gradient = (state: "trained" | "untrained"): Chart => ({
    name: `gradient.${state}`,
    title: recall.curves[state],
    place: log,
    ticks: [1, 1e-4, LEAST],
    text: formatCell,
    curve: (kind) => networks[`${task}.${kind}`].gradient[state].asked,
  });
  const accuracy: Chart = {
    name: "accuracy",
    title: recall.curves.accuracy,
    place: (value) => value,
    ticks: [0, chance, 1],
    text: formatPercent,
    curve: (kind) => networks[`${task}.${kind}`].accuracy,
  };
  const [least, most] = lengths[task];
  return html`<div class="curves">${[accuracy, gradient("untrained"), gradient("trained")].map(chart)}</div>
    <p class="hint">${fill(recall.budget, { ...budget, least, most, chance: formatPercent(chance) })}</p>`;
}

function chart({ name, title, place, ticks, text, curve }: Chart): TemplateResult {
  const { width, height, left, bottom, top, right } = SIZE;
  const far = Math.max(...KINDS.flatMap((kind) => curve(kind).map(([distance]) => distance)));
  const x = (distance: number) => left + (Math.log2(Math.max(1, distance)) / Math.log2(far)) * (width - left - right);
  const y = (value: number) => top + (1 - Math.max(0, Math.min(1, place(value)))) * (height - top - bottom);
  const distances = [1, 4, 16, 64].filter((distance) => distance <= far);
  // Names stand beside the ends of their lines.
  const ends = apart(KINDS.map((kind) => ({ kind, at: y(curve(kind).at(-1)?.[1] ?? 0) })));
  const marks = apart(ticks.map((tick) => ({ tick, at: y(tick) })));
  return html`<figure>
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${width} ${height}" role="img" aria-label=${title}>
      ${marks.map(({ tick, at }) => svg`<line class="grid" x1=${left} x2=${width - right} y1=${y(tick)} y2=${y(tick)}></line><text x=${left - 6} y=${at + 4} text-anchor="end">${text(tick)}</text>`)}
      ${distances.map((distance) => svg`<text x=${x(distance)} y=${height - 6} text-anchor="middle">${distance}</text>`)}
      ${KINDS.map(
        (kind) =>
          svg`<polyline data-kind=${kind} points=${curve(kind)
            .map(([distance, value]) => `${x(distance).toFixed(1)},${y(value).toFixed(1)}`)
            .join(" ")}></polyline>`,
      )}
      ${ends.map(({ kind, at }) => svg`<text data-kind=${kind} x=${width - right + 6} y=${at + 4}>${recall.kinds[kind]}</text>`)}
      ${KINDS.map((kind) => curve(kind).map(([distance, value]) => svg`<circle data-kind=${kind} data-curve=${name} cx=${x(distance)} cy=${y(value)} r="2.5"><title>${recall.kinds[kind]}, ${distance}: ${text(value)}</title></circle>`))}
    </svg>
  </figure>`;
}

/** From top to bottom, each at least a line below the one before. */
function apart<T extends { at: number }>(all: T[]): T[] {
  const sorted = [...all].sort((a, b) => a.at - b.at);
  for (const [n, one] of sorted.entries()) one.at = Math.max(one.at, (sorted[n - 1]?.at ?? -LINE) + LINE);
  return sorted;
}
