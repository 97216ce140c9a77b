/** Which model a state asks for. */

import { DEFAULT_MODEL } from "../model/shipped.ts";
import { FIELDS, type State } from "./fields.ts";

/** What only an untrained run has. */
const UNTRAINED = [
  "keyText",
  "attention",
  "heads",
  "kvHeads",
  "headDim",
  "causal",
  "window",
  "mask",
  "softcap",
  "decay",
  "beta",
  "scale",
  "position",
  "seed",
  "matrices",
] as const satisfies (keyof State)[];

/** A name, or "" for an untrained run: links from before there were models mean what they did. */
export function modelOf(state: State): string {
  if (state.model === "none") return "";
  if (state.model !== "auto") return state.model;
  return UNTRAINED.every((name) => state[name] === FIELDS[name].default) ? DEFAULT_MODEL : "";
}
