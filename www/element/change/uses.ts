/** Where a number goes: the cells that are made of it, stage by stage, each of which can be held in its turn. */

import { html, nothing, type TemplateResult } from "lit";
import type { Stage, Trace, Use } from "../../engine/types.ts";
import { change as text } from "../../text/change.ts";
import { fill } from "../../text/say.ts";
import { stageOf, valueAt } from "../../trace/cells.ts";
import { stageName } from "../../trace/story.ts";
import { formatCell } from "../../view/format.ts";
import type { Lit } from "../../view/paint.ts";
import { roleOf } from "../../view/scene.ts";
import { cellKey } from "../inquiry.ts";
import { axisName, type Context, cellName, placeName } from "../parts/context.ts";
import { numberLink } from "../parts/number.ts";
import { sharedEngine } from "../runner.ts";

/** So many numbers of a box are written out; more on demand. */
const FEW = 6;
/** More than so many at once are asked for anew. */
const STEP = 60;
/** No more than this light up together. */
const MOST_LIT = 4096;

interface Asked {
  key: string;
  uses?: Use[];
  error?: string;
  /** How many numbers of each box are written out. */
  shown: Map<Use, number>;
}
const asked = new WeakMap<Trace, Asked>();

function ask(trace: Trace, cell: Lit, refresh: () => void): Asked {
  const key = cellKey(cell);
  const known = asked.get(trace);
  if (known?.key === key) return known;
  const fresh: Asked = { key, shown: new Map() };
  asked.set(trace, fresh);
  sharedEngine()
    .then((engine) => engine.uses(trace, cell.stage, cell.index))
    .then(
      (uses) => Object.assign(fresh, { uses }),
      (error: Error) => Object.assign(fresh, { error: error.message }),
    )
    .then(refresh);
  return fresh;
}

export function uses(context: Context, trace: Trace, cell: Lit): TemplateResult {
  const found = ask(trace, cell, context.actions.refresh);
  return html`<section class="uses" aria-label=${text.goes}>
    <h2>${text.goes}</h2>
    ${found.error ? html`<p class="problem" role="alert">${found.error}</p>` : nothing}
    ${found.uses?.length === 0 ? html`<p class="hint" data-goes="nowhere">${text.goesNowhere}</p>` : nothing}
    ${found.uses || found.error ? nothing : html`<p class="hint">${text.unasked}</p>`}
    <ul data-goes>${found.uses?.map((use) => html`<li>${box(context, trace, use, found)}</li>`)}</ul>
  </section>`;
}

function box({ actions }: Context, trace: Trace, use: Use, found: Asked): TemplateResult {
  const stage = stageOf(trace, use.stage);
  if (!stage) return html``;
  const extents = use.from.map((from, axis) => (use.to[axis] ?? from) - from);
  const count = extents.reduce((a, b) => a * b, 1);
  const many = count > 1;
  const shown = Math.min(count, many ? (found.shown.get(use) ?? FEW) : 1);
  const cells = firstOf(use, extents, shown);
  const light = () => actions.glance(firstOf(use, extents, Math.min(count, MOST_LIT)));
  const dim = () => actions.glance(undefined);
  const more = () => {
    found.shown.set(use, shown + STEP);
    actions.refresh();
  };
  const title = many
    ? fill(text.box, { cells: nameOf(stage, use, trace), n: count.toLocaleString("en") })
    : cellName({ stage: use.stage, index: use.from }, trace);
  return html`<span class="box" data-use=${use.stage} @pointerenter=${light} @pointerleave=${dim}>${title}</span>
    ${cells.map((cell) => numberLink(cell, formatCell(valueAt(trace, stage, cell.index)), actions, roleOf(stage.id)))}
    ${shown < count ? html`<button type="button" class="quiet" @click=${more} @focus=${light} @blur=${dim}>${fill(text.more, { n: (count - shown).toLocaleString("en") })}</button>` : nothing}`;
}

/** The first cells of a box, the last axis fastest. */
function firstOf(use: Use, extents: number[], count: number): Lit[] {
  return Array.from({ length: count }, (_, n) => {
    let rest = n;
    const index = [...use.from];
    for (let axis = extents.length - 1; axis >= 0; axis--) {
      const extent = extents[axis] ?? 1;
      index[axis] = (use.from[axis] ?? 0) + (rest % extent);
      rest = Math.floor(rest / extent);
    }
    return { stage: use.stage, index };
  });
}

/** `Weights: head 1, “it”, every key`, from the axes of the stage. */
function nameOf(stage: Stage, use: Use, trace: Trace): string {
  const parts = stage.axes.map((axis, n) => {
    const [from = 0, to = 1] = [use.from[n], use.to[n]];
    if (to - from === 1) return placeName(trace, axis, from, true);
    if (to - from === stage.shape[n]) return text.every[axis] ?? fill(text.everyOther, { axis: axisName(axis) });
    return fill(text.range, { axis: axisName(axis), from: from + 1, to });
  });
  return `${stageName(stage)}: ${parts.join(", ")}`;
}
