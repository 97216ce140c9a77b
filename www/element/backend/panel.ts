/** The panel under "computed on": the choice, what is known of the GPU, the last times, and the comparison. */

import { html, nothing, type TemplateResult } from "lit";
import type { BackendChoice, BackendReason, BackendReport, BackendRun, Trace } from "../../engine/types.ts";
import { FIELDS } from "../../state/fields.ts";
import { sentenceOf, backend as text } from "../../text/backend.ts";
import { fill } from "../../text/say.ts";
import { formatCell, formatFull } from "../../view/format.ts";
import { type Actions, type Context, cellName } from "../parts/context.ts";
import { sharedEngine } from "../runner.ts";
import { type Comparison, compare } from "./compare.ts";
import { adoptStyles } from "./styles.ts";

/** By the trace on show: it ends with it. */
const comparisons = new WeakMap<Trace, Comparison | BackendReason | "running">();

/** Draws the panel, and again with all news, until it is closed. */
export async function open(details: HTMLDetailsElement, actions: Actions): Promise<void> {
  adoptStyles(details.getRootNode() as ShadowRoot);
  actions.refresh();
  const engine = await sharedEngine();
  const stop = engine.onBackends(() => {
    if (details.open && details.isConnected) actions.refresh();
    else stop();
  });
}

export function panel(context: Context): TemplateResult {
  const { backends, trace } = context;
  return html`<div class="backend-card">
    ${choice(context)}
    ${backends ? facts(backends) : nothing}
    ${trace ? comparison(context, trace) : nothing}
  </div>`;
}

function choice({ state, actions }: Context): TemplateResult {
  const choices = (FIELDS.backend.choices ?? []) as BackendChoice[];
  return html`<fieldset><legend>${text.choose}</legend>${choices.map(
    (
      one,
    ) => html`<label><input type="radio" name="backend" data-field="backend" value=${one} .checked=${state.backend === one}
      @change=${() => actions.set({ backend: one }, "push")}/><span><b>${text.choices[one]}</b> ${text.means[one]}</span></label>`,
  )}</fieldset>`;
}

function facts({ state, adapter, reason, last, crossover }: BackendReport): TemplateResult {
  const found = adapter ? adapter.name || text.unnamed : state === "untried" ? text.untried : text.unknown;
  const from = crossover.traceAttention;
  const gain =
    from === Number.POSITIVE_INFINITY
      ? text.crossoverNever
      : fill(text.crossoverAt, { n: formatCell((from ?? 0) / 1_000_000) });
  const time = (run: BackendRun | undefined) => (run ? milliseconds(run.ms) : text.never);
  return html`<dl>
      <dt title=${text.adapterGloss}>${text.adapter}</dt>
      <dd>${found}${reason ? html`<br/><span class="backend-reason" data-reason=${reason.code}>${sentenceOf(reason)}</span>` : nothing}</dd>
      ${from === undefined ? nothing : html`<dt title=${text.crossoverGloss}>${text.crossover}</dt><dd>${gain}</dd>`}
      <dt>${text.last.cpu}</dt><dd data-last="cpu">${time(last.cpu)}</dd>
      <dt>${text.last.webgpu}</dt><dd data-last="webgpu">${time(last.webgpu)}</dd>
    </dl>`;
}

const milliseconds = (ms: number) => fill(text.ms, { n: ms < 9.95 ? ms.toFixed(1) : ms.toFixed(0) });

function comparison(context: Context, trace: Trace): TemplateResult {
  const { played, state, stale, actions } = context;
  const only = played ? text.onCpuOnly.model : ["self", "cross"].includes(state.attention) ? "" : text.onCpuOnly.linear;
  if (only) return html`<p class="hint" data-only-cpu>${only}</p>`;
  const known = comparisons.get(trace);
  const running = known === "running";
  const start = async () => {
    comparisons.set(trace, "running");
    actions.refresh();
    comparisons.set(trace, await compared(context));
    actions.refresh();
  };
  return html`<p><button type="button" class="quiet" data-compare ?disabled=${running || stale} @click=${start}>${text.compare}</button></p>
    <div role="status" class="compared">${running ? text.comparing : known ? outcome(known, context) : nothing}</div>`;
}

async function compared({ state }: Context): Promise<Comparison | BackendReason> {
  try {
    return await compare(await sharedEngine(), state);
  } catch (thrown) {
    return { code: "", text: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

function outcome(known: Comparison | BackendReason, { trace, actions }: Context): TemplateResult {
  if ("code" in known)
    return html`<p data-not-compared=${known.code}>${fill(text.notCompared, { reason: sentenceOf(known) })}</p>`;
  const { times, numbers, farthest } = known;
  const n = numbers.toLocaleString("en");
  return html`<p data-times>${fill(text.times, { cpu: milliseconds(times.cpu), webgpu: milliseconds(times.webgpu) })}</p>
    ${
      farthest
        ? html`<p>${fill(text.differs, { n })} <b data-difference=${farthest.size}>${formatCell(farthest.size)}</b>:
          ${fill(text.differsAt, { cpu: formatFull(farthest.cpu), webgpu: formatFull(farthest.webgpu) })}
          <button type="button" class="quiet" data-farthest="${farthest.cell.stage},${farthest.cell.index.join(",")}"
            @click=${() => actions.hold(farthest.cell)}>${cellName(farthest.cell, trace)}</button></p>`
        : html`<p data-difference="0">${fill(text.same, { n })}</p>`
    }`;
}
