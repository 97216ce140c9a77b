/** What the panel says of a cell that is held: where it goes, how to change it, and what became of it and of the rest. */

import { html, nothing, type TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import { change as text } from "../../text/change.ts";
import { formatCell } from "../../view/format.ts";
import type { Lit } from "../../view/paint.ts";
import type { Context } from "../parts/context.ts";
import { numberLink } from "../parts/number.ts";
import { compared } from "./difference.ts";
import { editor } from "./editor.ts";
import { inTurn, movedTokens } from "./importance.ts";
import { before, isChanged, unchanged } from "./runs.ts";
import { adoptStyles } from "./styles.ts";
import { uses } from "./uses.ts";

/** Once it stands in the element. */
const dress = (panel: Element | undefined) =>
  queueMicrotask(() => {
    const root = panel?.getRootNode();
    if (root instanceof ShadowRoot) adoptStyles(root);
  });

export function panel(context: Context): TemplateResult | typeof nothing {
  const { trace, path, stale } = context;
  if (!trace) return nothing;
  const held = path.at(-1);
  const then = before(context);
  return html`<div class="change" ${ref(dress)}>
    ${held ? uses(context, trace, held) : nothing}
    ${held && !stale ? editor(context, trace, held) : nothing}
    ${then && !stale ? movedTokens(context, trace, then) : nothing}
    ${held && !stale ? inTurn(context, trace) : nothing}
  </div>`;
}

/** That something is changed at all, for the caption: what became of the cell on show, what to look at, and the way back. */
export function comparison(context: Context): TemplateResult | typeof nothing {
  const { state, actions, trace, played, told } = context;
  if (!trace || !isChanged(state)) return nothing;
  const cell = told?.explanation;
  const then = before(context);
  const back = () => actions.set({ ...unchanged(state), show: "now" }, "push");
  const was = then && cell && compared(trace, then, cell.stage, cell.index);
  return html`<div class="compare" ${ref(dress)}>
    ${was && cell ? html`<p class="became" data-became>${became(context, cell, was)}</p>` : nothing}
    ${then && cell && !was ? html`<p class="hint">${text.unlike}</p>` : nothing}
    ${
      then
        ? html`<fieldset role="radiogroup"><legend>${text.show}</legend>${["now", "before", "difference"].map(
            (
              one,
            ) => html`<label><input type="radio" name="show" value=${one} data-field="show" .checked=${state.show === one}
              @change=${() => actions.set({ show: one as "now" }, "replace")}/>${text.shows[one]}</label>`,
          )}</fieldset>`
        : nothing
    }
    ${played ? html`<p class="hint">${text.layerAlone}</p>` : nothing}
    <button type="button" class="quiet" data-all-back @click=${back}>${text.allBack}</button>
  </div>`;
}

/** A sentence with three numbers: which run each is of stands beside it. */
function became({ actions }: Context, cell: Lit, was: NonNullable<ReturnType<typeof compared>>) {
  const slots: Record<string, TemplateResult> = {
    now: numberLink(cell, formatCell(was.now), actions),
    before: other(cell, "before", was.before),
    difference: other(cell, "difference", was.difference),
  };
  return text.compared.split(/\{(\w+)\}/).map((part, n) => (n % 2 === 0 ? part : slots[part]));
}

/** A number that is not one of the trace on show, but of the run before, or of both. */
const other = (cell: Lit, of: "before" | "difference", value: number): TemplateResult =>
  html`<span class="figure" data-stage=${cell.stage} data-index=${cell.index.join(",")} data-of=${of}>${formatCell(value)}</span>`;
