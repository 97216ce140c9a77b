/** A number of the trace in running text: it says where it stands, and can be held. `full`: all its digits, where the text has fewer. */

import { html, nothing, type TemplateResult } from "lit";
import type { Lit } from "../../view/paint.ts";
import type { Actions } from "./context.ts";

export function numberLink(
  cell: Lit,
  text: string,
  actions: Pick<Actions, "hold" | "glance">,
  role = "plain",
  full = text,
): TemplateResult {
  return html`<button type="button" class="number role-${role}" data-stage=${cell.stage} data-index=${cell.index.join(",")} title=${full === text ? nothing : full}
    @click=${() => actions.hold(cell)}
    @pointerenter=${() => actions.glance(cell)} @pointerleave=${() => actions.glance(undefined)}
    @focus=${() => actions.glance(cell)} @blur=${() => actions.glance(undefined)}
    >${text}</button>`;
}
