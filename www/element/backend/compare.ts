/** The input on show, computed on both: how long each takes, and where their numbers lie farthest apart. */

import { type Difference, largestDifference, NO_DIFFERENCE } from "../../engine/difference.ts";
import type { BackendReason, Engine, Trace } from "../../engine/engine.ts";
import { buildRequest } from "../../input/request.ts";
import type { State } from "../../state/fields.ts";
import type { Lit } from "../../view/paint.ts";
import { turn } from "../../view/prepare.ts";

export interface Comparison {
  /** Milliseconds. */
  times: { cpu: number; webgpu: number };
  /** Numbers that were held against each other. */
  numbers: number;
  /** The farthest apart; none where all are the same. */
  farthest?: { cell: Lit; size: number; cpu: number; webgpu: number };
}

/** What takes longer is not done twice. */
const SHORT_MS = 2000;
/** Numbers between two looks at the clock of the page. */
const SLICE = 1_000_000;

/** The reason, where the GPU did not compute it. Throws what the engine throws. */
export async function compare(engine: Engine, state: State): Promise<Comparison | BackendReason> {
  const { kind, request } = await buildRequest(state, engine.tokenize);
  if (kind === "linear") throw new Error("compare: expected attention with weights, found linear attention");
  const once = async (backend: "cpu" | "webgpu") => {
    const trace = await engine.traceAttention({ ...request, backend });
    // Nothing else can have come between: the time is told before the result.
    return { trace, ms: engine.backends().last[trace.backend]?.ms ?? Number.NaN };
  };
  // The first of each may have loaded, compiled and started what the next one finds ready.
  const timed = async (backend: "cpu" | "webgpu") => {
    const first = await once(backend);
    return first.trace.backend === backend && first.ms < SHORT_MS ? once(backend) : first;
  };
  const webgpu = await timed("webgpu");
  const reason = engine.fellBack(webgpu.trace);
  if (reason) return reason;
  const cpu = await timed("cpu");
  const { at, size } = await differenceOf(cpu.trace, webgpu.trace);
  const [one, other] = [cpu.trace.data[at] as number, webgpu.trace.data[at] as number];
  return {
    times: { cpu: cpu.ms, webgpu: webgpu.ms },
    numbers: cpu.trace.data.length,
    ...(at >= 0 && { farthest: { cell: cellAt(cpu.trace, at), size, cpu: one, webgpu: other } }),
  };
}

/** Of all cells, in slices, so that the page stays alive. */
async function differenceOf(a: Trace, b: Trace): Promise<Difference> {
  const end = Math.max(a.data.length, b.data.length);
  let found = NO_DIFFERENCE;
  for (let from = 0; from < end; from += SLICE) {
    found = largestDifference(a.data, b.data, [from, Math.min(end, from + SLICE)], found);
    await turn();
  }
  return found;
}

/** The cell that stands at a place of the arena. */
export function cellAt(trace: Trace, place: number): Lit {
  for (const { id, offset, shape } of trace.stages) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (place < offset || place >= offset + size) continue;
    let rest = place - offset;
    const index = shape.map(() => 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const extent = shape[axis] as number;
      index[axis] = rest % extent;
      rest = Math.floor(rest / extent);
    }
    return { stage: id, index };
  }
  throw new Error(`compare: expected a place within the stages, found ${place}`);
}
