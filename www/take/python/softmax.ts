/** A whole softmax as one stage, as long traces have it: the same steps, each rounded to f32, without stages of their own. */

import type { Stage, Trace } from "../../engine/types.ts";
import { stageOf } from "../../trace/cells.ts";
import type { Dialect } from "./dialect.ts";
import { alibi, sharing, visibility } from "./pairs.ts";

export function softmax(trace: Trace, stage: Stage, dialect: Dialect): string[] {
  const { np } = dialect;
  const [query = "", key = "", mask] = stage.from;
  const { scale, softcap } = trace.config as unknown as Record<string, number>;
  const lines = [
    ...visibility(trace, stage),
    `row = f32(${np}.einsum("hic,hjc->hij", wide(${query}), ${sharing(trace, dialect, key)}))`,
    `row = f32(wide(row) * ${scale})`,
  ];
  if (softcap) lines.push(`row = f32(${softcap} * ${np}.tanh(wide(row) / ${softcap}))`);
  const added: string[] = [];
  if ((trace.config.position as { kind: string }).kind === "alibi") added.push(`f32(${alibi(trace, stage, np)})`);
  if (mask) added.push(spread(trace, mask));
  if (added.length > 0) lines.push(`row = row + (${added.join(" + ")})`);
  if (mask) lines.push(`row = ${np}.where(${spread(trace, mask)} == -inf, -inf, row)`);
  return [
    ...lines,
    `row = f32(${np}.where(seen, wide(row), -inf))`,
    `top = ${np}.amax(wide(row), axis=-1)[..., None]`,
    `row = f32(${np}.exp(wide(f32(${np}.where(row == -inf, -inf, wide(row) - top)))))`,
    `total = f32(${np}.sum(wide(row), axis=-1))[..., None]`,
    `${stage.id} = f32(${np}.where(total == 0, 0.0, wide(row) / wide(total)))`,
  ];
}

/** A mask holds only the axes along which it differs. */
function spread(trace: Trace, id: string): string {
  const mask = stageOf(trace, id) as Stage;
  const extent = (axis: string) => mask.shape[mask.axes.indexOf(axis)] ?? 1;
  return `${id}.reshape(${["head", "query", "key"].map(extent).join(", ")})`;
}
