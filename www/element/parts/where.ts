/** Where one is: the stage, and at the closer zooms its row and its cell. Each leads back out to itself. */

import { html, nothing, type TemplateResult } from "lit";
import { say } from "../../text/say.ts";
import { stageName } from "../../trace/story.ts";
import { type MatrixView, type Side, sliceForHead } from "../../view/matrix-view.ts";
import { ZOOMS } from "../closer.ts";
import { type Context, tokenName } from "./context.ts";

export function where({ trace, frame, place, state, actions }: Context): TemplateResult | typeof nothing {
  if (!trace || !frame || !place) return nothing;
  const { stage } = frame.segment;
  const view = sliceForHead(trace, stage, state.head);
  const name = (side: Side, n: number) => named(trace, view, side, n);
  const crumbs = [stageName(stage), name("row", place.row), name("column", place.column)].slice(
    0,
    ZOOMS.indexOf(state.zoom) + 1,
  );
  return html`<nav class="crumbs" aria-label=${say.zooms.where}><ol>${crumbs.map(
    (crumb, n) =>
      html`<li><button type="button" class="quiet" aria-current=${n === crumbs.length - 1 ? "location" : nothing}
        @click=${() => actions.set({ zoom: ZOOMS[n] ?? "matrix" }, "push")}>${crumb}</button></li>`,
  )}</ol></nav>`;
}

/** A token by its name, a feature by its number. */
function named(trace: NonNullable<Context["trace"]>, view: MatrixView, side: Side, n: number): string {
  const axis = side === "row" ? view.rowAxisName : view.columnAxisName;
  const at = view.along(side, n);
  if (axis === "query" || axis === "token") return `“${tokenName(trace, "query", at)}”`;
  if (axis === "key") return `“${tokenName(trace, "key", at)}”`;
  return axis === "" ? String(at + 1) : `${axis} ${at + 1}`;
}
