/** The operation of each stage as Python: in f64 from f32, rounded to f32 once, as the engine does it. */

import type { Stage, Trace } from "../../engine/types.ts";
import { stageOf } from "../../trace/cells.ts";
import { numbersOf } from "../bytes.ts";
import type { Dialect } from "./dialect.ts";
import { originalOf, pastOf, placesOf } from "./given.ts";
import { pythonArray, pythonDouble } from "./literals.ts";
import { alibi, sharing, visibility } from "./pairs.ts";
import { softmax } from "./softmax.ts";

const finite = (numbers: Float32Array) => numbers.every(Number.isFinite);

/** Lines that make the stage, under its name. */
export function step(trace: Trace, stage: Stage, dialect: Dialect): string[] {
  const { np } = dialect;
  const { id, op, from, shape } = stage;
  const [a = "", b = ""] = from;
  const made = (expression: string) => [`${id} = f32(${expression})`];
  const { scale, softcap } = trace.config as unknown as Record<string, number>;
  switch (op) {
    case "given":
    case "seeded":
      return [`${id} = ${pythonArray(shape, originalOf(trace, stage))}`];
    case "sinusoid":
      return made(sinusoid(trace, stage, np));
    case "add":
      return made(`wide(${a}) + wide(${b})`);
    case "matmul":
    case "affine":
      return made(product(trace, stage, dialect));
    case "rotate":
      return rotation(trace, stage, np);
    case "scale":
      return made(`wide(${a}) * ${pythonDouble(scale ?? 1)}`);
    case "softcap":
      return made(`${softcap} * ${np}.tanh(wide(${a}) / ${softcap})`);
    case "alibi":
      return made(alibi(trace, stage, np));
    case "mask":
      return [...visibility(trace, stage), ...made(`${np}.where(seen, wide(${a}), -inf)`)];
    case "max":
      return made(`${np}.amax(wide(${a}), axis=-1)`);
    case "subtract":
      return made(`${np}.where(${a} == -inf, -inf, wide(${a}) - wide(${b})[..., None])`);
    case "exp":
      return made(`${np}.exp(wide(${a}))`);
    case "sum":
      return made(`${np}.sum(wide(${a}), axis=-1)`);
    case "divide":
      return made(`${np}.where(${b}[..., None] == 0, 0.0, wide(${a}) / wide(${b})[..., None])`);
    case "softmax":
      return softmax(trace, stage, dialect);
    case "read":
      return made(`${np}.einsum("htc,htcd->htd", wide(${a}), ${sharing(trace, dialect, b)})`);
    case "concat":
      return made(`${np}.moveaxis(wide(${a}), 0, 1).reshape(${shape.join(", ")})`);
    default:
      throw new RangeError(`python: expected an operation of attention, found ${op}`);
  }
}

function sinusoid(trace: Trace, { id, shape }: Stage, np: string): string {
  const [rows = 1, columns = 1] = shape;
  const {
    position,
    past = 0,
    width,
  } = trace.config as unknown as {
    position: { base: number; dim: number };
    past?: number;
    width: number;
  };
  if (id === "cos" || id === "sin")
    return `${np}.${id}(places(${rows})[:, None] * ${pythonDouble(position.base)} ** (-2.0 * places(${columns}) / ${position.dim}))`;
  const angle = `(places(${rows}) + ${past})[:, None] * 10000.0 ** (-2.0 * (places(${columns}) // 2) / ${width})`;
  return `${np}.where(places(${columns}) % 2 == 0, ${np}.sin(${angle}), ${np}.cos(${angle}))`;
}

function product(trace: Trace, stage: Stage, dialect: Dialect): string {
  const { np } = dialect;
  const { id, from, shape } = stage;
  const [a = "", b = "", bias] = from;
  if (id === "scores") return `${np}.einsum("hic,hjc->hij", wide(${a}), ${sharing(trace, dialect, b)})`;
  if (id === "mixed") return mixture(trace, stage, dialect);
  if (shape.length === 2) {
    const plain = `${np}.einsum("tc,cw->tw", wide(${a}), wide(${b}))`;
    return bias ? `${plain} + wide(${bias})` : plain;
  }
  const [heads = 1, , dim = 1] = shape;
  const width = stageOf(trace, b)?.shape[0] ?? 1;
  const projected = `${np}.einsum("tw,whc->htc", wide(${a}), wide(${b}).reshape(${width}, ${heads}, ${dim}))`;
  const whole = bias ? `${projected} + wide(${bias}).reshape(${heads}, 1, ${dim})` : projected;
  const past = pastOf(trace, stage);
  if (id === "query" || past.shape[1] === 0) return whole;
  return `${np}.concatenate([wide(${pythonArray(past.shape, past.numbers)}), ${whole}], axis=1)`;
}

/** A key that is not seen gives nothing, whatever its value. */
function mixture(trace: Trace, { from }: Stage, dialect: Dialect): string {
  const { np } = dialect;
  const [weights = "", value = ""] = from;
  const values = sharing(trace, dialect, value);
  const stage = stageOf(trace, value);
  if (!stage || finite(numbersOf(trace, stage))) return `${np}.einsum("hij,hjc->hic", wide(${weights}), ${values})`;
  const scores = stageOf(trace, "row_max")?.from[0];
  const counts = `(${weights} != 0) & (${weights} == ${weights})${scores ? ` | (${scores} != -inf)` : ""}`;
  return `${np}.sum(${np}.where((${counts})[..., None], wide(${weights})[..., None] * (${values})[:, None], 0.0), axis=2)`;
}

/** Pairs of features turn by the angle of their place; the rest passes. */
function rotation(trace: Trace, { id, from, shape }: Stage, np: string): string[] {
  const [a = ""] = from;
  const { dim, interleaved } = trace.config.position as { dim: number; interleaved: boolean };
  const { past } = placesOf(trace);
  const tokens = shape[1] ?? 1;
  const first = id === "query_rotated" ? past : 0;
  const turns = (name: string) => `wide(${name})[${first}:${first + tokens}]`;
  const half = dim / 2;
  const [one, other] = interleaved ? [`0:${dim}:2`, `1:${dim}:2`] : [`0:${half}`, `${half}:${dim}`];
  const pairs = interleaved
    ? `${np}.stack([u * c - v * s, v * c + u * s], axis=-1).reshape(${shape[0]}, ${tokens}, ${dim})`
    : `${np}.concatenate([u * c - v * s, v * c + u * s], axis=-1)`;
  return [
    `u, v, c, s = wide(${a})[..., ${one}], wide(${a})[..., ${other}], ${turns("cos")}, ${turns("sin")}`,
    `${id} = f32(${np}.concatenate([${pairs}, wide(${a})[..., ${dim}:]], axis=-1))`,
  ];
}
