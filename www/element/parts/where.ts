/** Where one is: the stage, and at the closer zooms its row and its cell. Each leads back out to itself. */

import { html, nothing, type TemplateResult } from "lit";
import { say } from "../../text/say.ts";
import { stageName } from "../../trace/story.ts";
import { sliceForHead } from "../../view/matrix-view.ts";
import { ZOOMS } from "../closer.ts";
import { type Context, placeName } from "./context.ts";

export function where({ trace, frame, place, state, actions }: Context): TemplateResult | typeof nothing {
  if (!trace || !frame || !place) return nothing;
  const { stage } = frame.segment;
  const view = sliceForHead(trace, stage, state.head);
  const index = view.index(place.row, place.column);
  const names = stage.axes.map((axis, n) => placeName(trace, axis, index[n] ?? 0, true));
  const row = stage.axes.indexOf(view.rowAxisName);
  const crumbs = [stageName(stage), names[row] ?? "", names.slice(row + 1).join(", ")]
    .slice(0, ZOOMS.indexOf(state.zoom) + 1)
    .filter(Boolean);
  return html`<nav class="crumbs" aria-label=${say.zooms.where}><ol>${crumbs.map(
    (crumb, n) =>
      html`<li><button type="button" class="quiet" aria-current=${n === crumbs.length - 1 ? "location" : nothing}
        @click=${() => actions.set({ zoom: ZOOMS[n] ?? "matrix" }, "push")}>${crumb}</button></li>`,
  )}</ol></nav>`;
}
