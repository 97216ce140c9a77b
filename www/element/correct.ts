/** View fields that name what a trace does not have, and what they are instead. */

import type { Trace } from "../engine/types.ts";
import { FIELDS, type State } from "../state/fields.ts";
import type { Review } from "../state/store.ts";
import { fill, type Said, say } from "../text/say.ts";
import { type Course, isParameter, type Segment, WHOLE } from "../timeline/course.ts";
import { stageOf } from "../trace/cells.ts";
import { contains, parseCell } from "./inquiry.ts";
import type * as Models from "./models/index.ts";

/** What a trace is held against. */
export interface Wanted {
  state: State;
  /** The stage to show: that of the state, or one that the reader waits for. */
  stage: string;
  /** The fields that somebody has set for this trace, and is told of where they are wrong; the others just move on with a new input. */
  meant: ReadonlySet<keyof State>;
}

const oneOf = (names: readonly string[]) => () => fill(say.expected.choice, { choices: names.join(", ") });
const wholeUpTo = (max: number) => () => fill(say.expected.integer, { min: 0, max });

/** `played`: what the model that is in use said besides. */
export function correctionsOf(
  trace: Trace,
  course: Course,
  played: Models.Played | undefined,
  { state, stage, meant }: Wanted,
): Review {
  const changes: Partial<State> = {};
  const warnings: Review["warnings"] = [];
  const settle = <K extends keyof State>(field: K, value: State[K], expected: Said) => {
    changes[field] = value;
    if (meant.has(field)) warnings.push({ code: "bad_value", field, expected, found: String(state[field]) });
  };
  const stop = [stage, "scores", "weights", "state"].reduce<Segment | undefined>(
    (found, id) => found ?? course.stopFor(id),
    undefined,
  );
  if (stop && stop.stage.id !== state.stage) {
    const moved = stageOf(trace, stage) && (isParameter(stage) || stage !== state.stage);
    if (moved || !meant.has("stage") || stage === FIELDS.stage.default)
      Object.assign(changes, { stage: stop.stage.id, cell: WHOLE });
    else settle("stage", stop.stage.id, oneOf(trace.stages.map(({ id }) => id)));
  }
  if (played) {
    const { info } = played.model;
    if (state.block !== "auto" && state.block !== played.block) settle("block", "auto", oneOf(info.blocks));
    const { layers = 1 } = (played.block === "encoder" ? info.encoder : info.decoder) ?? {};
    if (state.layer >= layers) settle("layer", -1, wholeUpTo(layers - 1));
  }
  const { heads } = trace.config;
  if (state.head >= heads) settle("head", -1, wholeUpTo(heads - 1));
  const queries = trace.tokens.query.length;
  if (state.token >= queries) settle("token", -1, wholeUpTo(queries - 1));
  const pin = parseCell(state.pin);
  if (pin && !contains(trace, pin)) settle("pin", "", () => say.expected.cell);
  return { changes, warnings };
}
