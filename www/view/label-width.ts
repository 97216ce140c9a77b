/** How wide the labels of a trace are: those of its widest token. */

import type { Trace } from "../engine/types.ts";
import { FAMILY } from "./text-width.ts";

/** The chosen one is bold. */
const LABEL_FONT = `700 13px ${FAMILY}`;
const MIN_LABEL = 34;
const MAX_LABEL = 110;
/** Of very many tokens, those with the most letters are measured. */
const MEASURED = 200;

const widths = new WeakMap<Trace, number>();

export function labelWidth(trace: Trace): number {
  const known = widths.get(trace);
  if (known !== undefined) return known;
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  if (!context) return MAX_LABEL;
  context.font = LABEL_FONT;
  const different = [...new Set([...trace.tokens.query, ...trace.tokens.key])];
  const longest = different.sort((a, b) => b.length - a.length).slice(0, MEASURED);
  const widest = longest.reduce((most, token) => Math.max(most, context.measureText(token).width), 0);
  const width = Math.min(MAX_LABEL, Math.max(MIN_LABEL, Math.ceil(widest) + 12));
  widths.set(trace, width);
  return width;
}
