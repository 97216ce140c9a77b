/** Changing numbers, and where they go: all of it is loaded with the first cell that is held, or with a link to a changed run. */

import { nothing, type TemplateResult } from "lit";
import type { Trace } from "../../engine/types.ts";
import type * as Change from "../change/index.ts";
import { onDemand } from "../on-demand.ts";
import type { Context } from "./context.ts";

let change: typeof Change | undefined;
const load = onDemand(async () => {
  change = await import("../change/index.ts");
});
const waiting = new WeakSet<Context["actions"]>();

function loaded({ state, path, actions }: Context): typeof Change | undefined {
  const wanted = path.length > 0 || state.edits !== "" || state.mask.includes("*") || state.show !== "now";
  if (!wanted) return undefined;
  // Every element that waits for it draws once more.
  if (!change && !waiting.has(actions)) {
    waiting.add(actions);
    load().then(actions.refresh, () => waiting.delete(actions));
  }
  return change;
}

export const changes = (context: Context): TemplateResult | typeof nothing =>
  loaded(context)?.panel(context) ?? nothing;

/** What became of the cell on show, in the caption. */
export const comparison = (context: Context): TemplateResult | typeof nothing =>
  loaded(context)?.comparison(context) ?? nothing;

/** What the picture shows: the trace, or a stage of it as it was before, or what has become of it. */
export const pictured = (context: Context): Trace | undefined => loaded(context)?.pictured(context) ?? context.trace;

/** What tells the numbers of the picture from those of now. */
export const noteOf = (context: Context): string => loaded(context)?.noteOf(context) ?? "";
