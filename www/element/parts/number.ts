/** A number of the trace in running text: it says where it stands, and can be held. */

import { html, type TemplateResult } from "lit";
import type { Lit } from "../../view/paint.ts";
import type { Actions } from "./context.ts";

export function numberLink(
  cell: Lit,
  text: string,
  actions: Pick<Actions, "hold" | "glance">,
  role = "plain",
): TemplateResult {
  return html`<button type="button" class="number role-${role}" data-stage=${cell.stage} data-index=${cell.index.join(",")}
    @click=${() => actions.hold(cell)}
    @pointerenter=${() => actions.glance(cell)} @pointerleave=${() => actions.glance(undefined)}
    @focus=${() => actions.glance(cell)} @blur=${() => actions.glance(undefined)}
    >${text}</button>`;
}
