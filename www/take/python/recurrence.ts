/** Linear attention as Python: stages that are worked out together, token by token. */

import type { Stage, Trace } from "../../engine/types.ts";
import { stageOf } from "../../trace/cells.ts";
import type { Dialect } from "./dialect.ts";
import { pythonNumber } from "./literals.ts";

const STEPPED = new Set(["decay", "predict", "error", "update", "accumulate"]);

export const isStepped = ({ op }: Stage): boolean => STEPPED.has(op);

export function recurrence(trace: Trace, stages: readonly Stage[], { np }: Dialect): string[] {
  const [state] = stages.filter(({ id }) => id === "state");
  const [heads = 1, tokens = 1, ...cells] = state?.shape ?? [];
  const began = stageOf(trace, "past_state") ? "past_state" : `zeros(${[heads, ...cells].join(", ")})`;
  const body = stages.flatMap((stage) => [
    `${stage.id}[:, t] = f32(${at(trace, stage, np)})`,
    ...(trace.config.edits ?? []).flatMap((edit) => (edit.stage === stage.id ? [editAt(edit)] : [])),
  ]);
  return [
    ...stages.map(({ id, shape }) => `${id} = zeros(${shape.join(", ")})`),
    `before = ${began}`,
    `for t in range(${tokens}):`,
    ...[...body, "before = state[:, t]"].map((line) => `    ${line}`),
  ];
}

/** One token of a stage. */
function at(trace: Trace, { op, from }: Stage, np: string): string {
  const [a = "", b = "", c = ""] = from;
  const earlier = (id: string) => (id === "state" ? "wide(before)" : `wide(${id})[:, t]`);
  switch (op) {
    case "decay": {
      const wide = stageOf(trace, a)?.shape.length === 3 ? "[..., None]" : "[:, None, None]";
      return `wide(${a})[:, t]${wide} * ${earlier(b)}`;
    }
    case "predict":
      return `${np}.einsum("hc,hcd->hd", wide(${a})[:, t], ${earlier(b)})`;
    case "error":
      return `wide(${a})[:, t] - wide(${b})[:, t]`;
    case "accumulate": {
      const update = from.find((id) => id !== "past_state" && id !== a) ?? b;
      return `${earlier(a)} + wide(${update})[:, t]`;
    }
    default: {
      if (!c) return `wide(${a})[:, t, :, None] * wide(${b})[:, t, None, :]`;
      // One beta for all heads has no axis for them.
      const beta = stageOf(trace, a)?.shape.length === 1 ? `wide(${a})[t]` : `wide(${a})[:, t, None, None]`;
      return `${beta} * wide(${b})[:, t, :, None] * wide(${c})[:, t, None, :]`;
    }
  }
}

function editAt({ stage, index, value }: { stage: string; index: number[]; value: number }): string {
  const [head, token = -1, ...rest] = index.map((place) => (place < 0 ? ":" : String(place)));
  const set = `${stage}[${[head, "t", ...rest].join(", ")}] = ${pythonNumber(value)}`;
  return token === ":" ? set : `if t == ${token}: ${set}`;
}
