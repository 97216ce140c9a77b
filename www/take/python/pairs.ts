/** What pairs of a query and a key have in common: which key head, how far apart, seen or not. */

import type { Stage, Trace } from "../../engine/types.ts";
import { stageOf } from "../../trace/cells.ts";
import type { Dialect } from "./dialect.ts";
import { hiddenByMask, placesOf } from "./given.ts";
import { pythonArray } from "./literals.ts";

/** Key heads stand beside the query heads that share them. */
export function sharing(trace: Trace, { repeat }: Dialect, id: string): string {
  const { heads, kvHeads } = trace.config;
  return heads === kvHeads ? `wide(${id})` : repeat(`wide(${id})`, heads / kvHeads);
}

export function alibi(trace: Trace, { shape }: Stage, np: string): string {
  const [heads = 1, queries, keys] = shape;
  const { slopes } = trace.config.position as { slopes: number[] };
  const slope = `wide(${pythonArray([heads, 1, 1], Float32Array.from(slopes))})`;
  const { past } = placesOf(trace);
  return `0.0 - ${slope} * ${np}.abs((places(${queries}) + ${past})[:, None] - places(${keys}))`;
}

/** `seen`: which keys a query may see, [query, key] or [head, query, key]. */
export function visibility(trace: Trace, stage: Stage): string[] {
  const [queries = 1, keys = 1] = stage.shape.slice(-2);
  const { causal, window, past, length } = placesOf(trace);
  const [left, right] = window;
  const rules = [`(j < ${Math.min(length, keys)})`];
  if (causal) rules.push("(j <= i)");
  if (left >= 0) rules.push(`(j >= i - ${left})`);
  if (right >= 0) rules.push(`(j <= i + ${right})`);
  const lines = [
    `i, j = (places(${queries}) + ${past})[:, None], places(${keys})`,
    `seen = (i == i) & ${rules.join(" & ")}`,
  ];
  if (stage.op === "softmax") return lines;
  const hidden = hiddenByMask(trace, stage);
  if (hidden) lines.push(`seen = seen & (${pythonArray(hidden.shape, hidden.numbers)} == 0)`);
  if (stageOf(trace, "bias")) lines.push(`seen = seen & (bias != -inf)`);
  return lines;
}
