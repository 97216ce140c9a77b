/** A script that rebuilds the numbers of a trace step by step, and asserts that they match. */

import type { Edit, Stage, Trace } from "../../engine/types.ts";
import { take } from "../../text/take.ts";
import { stageOf } from "../../trace/cells.ts";
import { bytesOf, numbersOf, sizeOf, toBase64 } from "../bytes.ts";
import { type Dialect, NUMPY, TORCH } from "./dialect.ts";
import { pythonDouble, pythonList, pythonNumber } from "./literals.ts";
import { sharing } from "./pairs.ts";
import { isStepped, recurrence } from "./recurrence.ts";
import { step } from "./steps.ts";

/**
 * Of the largest number of a stage, or of what is seen in a row of a masked one. Both sides work in f64 and round to f32 once a step: they agree to the bit, but where the last
 * bit of an f64 tips a rounding; 1e-6 leaves room for a few of those in a row. A GPU works in f32, and is held to what its own
 * tests hold it to.
 */
const TOLERANCES = { cpu: 1e-6, webgpu: 1e-4 };
const INPUTS = new Set(["given", "seeded"]);

export const numpyScript = (trace: Trace): string => script(trace, NUMPY);
export const torchScript = (trace: Trace): string => script(trace, TORCH);

function script(trace: Trace, dialect: Dialect): string {
  const words = take.python;
  const comment = (text: string) => text.split("\n").map((line) => `# ${line}`);
  const { query, key } = trace.tokens;
  const inputs = trace.stages.filter(({ op }) => INPUTS.has(op));
  const lines = [
    ...comment(words.about),
    "",
    dialect.head.trimEnd(),
    "",
    "",
    ...comment(words.tolerance[trace.backend]),
    `TOLERANCE = ${TOLERANCES[trace.backend]}`,
    "",
    ...comment(words.given),
    `query_tokens = ${pythonList(query)}`,
    `key_tokens = ${pythonList(key)}`,
    ...inputs.flatMap((stage) => [...step(trace, stage, dialect), ...edits(trace, stage)]),
    "",
    ...comment(words.steps),
    ...worked(trace, dialect),
    "",
    ...comment(words.wanted),
    "wanted = {",
    ...trace.stages.map((stage) => `    "${stage.id}": "${toBase64(bytesOf(numbersOf(trace, stage)))}",`),
    "}",
    ...checks(trace, dialect),
    ...(dialect === TORCH ? attended(trace) : []),
    `print(${size(trace)}, "numbers of", len(wanted), "stages agree")`,
    "",
  ];
  return lines.join("\n");
}

const size = ({ stages }: Trace) => stages.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** All that is worked out, in its order; what depends on itself from token to token is made together. */
function worked(trace: Trace, dialect: Dialect): string[] {
  const lines: string[] = [];
  const said = ({ formula }: Stage) => `# ${formula}`;
  const stepped = trace.stages.filter(isStepped);
  for (const stage of trace.stages) {
    if (INPUTS.has(stage.op)) continue;
    if (!isStepped(stage)) lines.push(said(stage), ...step(trace, stage, dialect), ...edits(trace, stage));
    else if (stage === stepped[0]) lines.push(...stepped.map(said), ...recurrence(trace, stepped, dialect));
  }
  return lines;
}

/** The numbers that were set. */
function edits(trace: Trace, { id }: Stage): string[] {
  const own = (trace.config.edits ?? []).filter(({ stage }) => stage === id);
  return own.map(({ index, value }: Edit) => {
    const places = index.map((place) => (place < 0 ? ":" : String(place)));
    return `${id}[${places.join(", ")}] = ${pythonNumber(value)}`;
  });
}

/** Where a number like -1e9 hides a key, it is no measure for what is seen. */
const MASKED = /^(mask|bias|biased|masked|shifted)$/;

function checks(trace: Trace, { np }: Dialect): string[] {
  const weights = stageOf(trace, "weights");
  const sides = ({ shape }: Stage) => shape.slice(-2).join();
  const masked = trace.stages.filter((stage) => MASKED.test(stage.id) && weights && sides(stage) === sides(weights));
  const byRow = [
    `    if name in [${masked.map(({ id }) => `"${id}"`).join(", ")}]:`,
    '        seen_there = numbers(wanted["weights"], *weights.shape) != 0',
    "        seen_there = seen_there if made.ndim == seen_there.ndim else seen_there.any(0)",
    `        largest = ${np}.amax(${np}.where(seen_there, sizes, zeros(1)), -1)[..., None]`,
  ];
  return [
    "for name, held in wanted.items():",
    "    made = globals()[name]",
    "    there = numbers(held, *made.shape)",
    `    sizes = ${np}.where(${np}.isfinite(there), ${np}.abs(there), zeros(1))`,
    "    largest = 0.0 if 0 in made.shape else float(sizes.max())",
    ...(masked.length > 0 ? byRow : []),
    `    same = (made == there) | (${np}.isnan(made) & ${np}.isnan(there))`,
    `    close = same | (${np}.abs(wide(made) - wide(there)) <= TOLERANCE * (sizes + largest))`,
    '    assert bool(close.all()), f"{name} differs from the trace: {made} is not {there}"',
  ];
}

/** What comes after these is not PyTorch's own attention any more where it was set by hand. */
const INSIDE = /^(scores|scaled|capped|alibi|mask|bias|biased|masked|row_max|shifted|exp|row_sum|weights|mixed)$/;

/** PyTorch's own attention, where it knows these rules, against the same numbers. */
function attended(trace: Trace): string[] {
  const scores = stageOf(trace, "scores");
  const mixed = stageOf(trace, "mixed");
  if (!scores || !mixed || stageOf(trace, "capped")) return [];
  if (trace.config.edits?.some(({ stage }) => INSIDE.test(stage))) return [];
  const sums = stageOf(trace, "row_sum");
  // A row that sees nothing, and numbers that are none, are told differently there.
  const plain = [scores, mixed].every((stage) => numbersOf(trace, stage).every(Number.isFinite));
  if (!plain || (sums && !numbersOf(trace, sums).every((sum) => sum > 0))) return [];
  const [query = "", key = ""] = scores.from;
  const [, value = ""] = mixed.from;
  const added = stageOf(trace, "bias") ? "wide(bias)" : `wide(${zerosLike(scores)})`;
  const mask = stageOf(trace, "masked") ? `torch.where(seen, ${added}, -inf)` : added;
  return [
    `attended = torch.nn.functional.scaled_dot_product_attention(`,
    `    wide(${query})[None], ${sharing(trace, TORCH, key)}[None], ${sharing(trace, TORCH, value)}[None],`,
    `    attn_mask=${mask}[None], scale=${pythonDouble(trace.config.scale)},`,
    ")[0]",
    "largest = float(mixed.abs().max())",
    `assert torch.allclose(f32(attended), mixed, rtol=TOLERANCE, atol=TOLERANCE * largest), "scaled_dot_product_attention differs"`,
  ];
}

const zerosLike = ({ shape }: Stage) => `zeros(${shape.join(", ")})`;
