/** The run before, and other runs beside the one on show: each is a trace of the engine's, or of the model's. */

import type { Trace } from "../../engine/types.ts";
import { buildRequest } from "../../input/request.ts";
import { FIELD_NAMES, FIELDS, type State } from "../../state/fields.ts";
import type { Context } from "../parts/context.ts";
import { sharedEngine } from "../runner.ts";

type Running = Pick<Context, "state" | "played" | "parts">;

/** The input on show with other changes. */
export async function traceWith(context: Running, changes: Partial<State>): Promise<Trace> {
  const state = { ...context.state, ...changes };
  const { played, parts } = context;
  if (played && parts) return parts.traceAgain(state, played);
  const engine = await sharedEngine();
  const wanted = await buildRequest(state, engine.tokenize);
  return wanted.kind === "linear" ? engine.traceLinearAttention(wanted.request) : engine.traceAttention(wanted.request);
}

/** Keys that are dropped for every query; the rest of a mask is a setting. */
const isDrop = (pair: string) => pair.startsWith("*");

export function droppedKeys({ mask }: State): number[] {
  return mask
    .split("_")
    .filter(isDrop)
    .map((pair) => Number(pair.slice(2)));
}

/** The same input with nothing changed. */
export function unchanged({ mask }: State): Partial<State> {
  const kept = mask.split("_").filter((pair) => !isDrop(pair));
  return { edits: "", mask: kept.join("_") };
}

export const isChanged = (state: State): boolean => state.edits !== "" || droppedKeys(state).length > 0;

interface Pinned {
  key: unknown[];
  /** On show when these inputs came: as long as it still is, it is that of the inputs before. */
  old: Trace | undefined;
  trace?: Trace;
}

/** One for each element; by what it can ask for, which lives as long. */
const pinned = new WeakMap<Context["actions"], Pinned>();

/** The trace without changes, once it is there; undefined, too, where nothing is changed. */
export function before(context: Context): Trace | undefined {
  const { state, played, actions, trace } = context;
  if (!trace || !isChanged(state)) return undefined;
  const plain = { ...state, ...unchanged(state) };
  const inputs = FIELD_NAMES.filter((name) => FIELDS[name].kind === "input").map((name) => plain[name]);
  const key = [played?.model, ...inputs];
  const known = pinned.get(actions);
  if (known && known.key.length === key.length && known.key.every((one, n) => one === key[n]))
    return trace === known.old ? undefined : known.trace;
  const fresh: Pinned = { key, old: known && trace };
  pinned.set(actions, fresh);
  traceWith(context, unchanged(state)).then(
    (made) => {
      fresh.trace = made;
      actions.refresh();
    },
    // An input that is refused says so beside its field.
    () => undefined,
  );
  return undefined;
}
