/** What is other than it would be, as the state's text says it, and as a request does: numbers that are set, keys that are hidden. */

import type { TraceChanges } from "../engine/model/types.ts";
import type { Edit, Mask } from "../engine/types.ts";
import type { State } from "../state/fields.ts";

/** `stage,i,j=value`, a `*` for every place along its axis. */
const EDIT = /([a-z][a-z_]*?)((?:,(?:\d+|\*))+)=([^_]+)(?:_|$)/g;

const ALL = "*";
const INFINITY = "inf";

export function editsFrom(text: string): Edit[] {
  return [...text.matchAll(EDIT)].map(([, stage = "", index = "", value = ""]) => ({
    stage,
    index: index
      .slice(1)
      .split(",")
      .map((place) => (place === ALL ? -1 : Number(place))),
    value: Number(value.replace(INFINITY, "Infinity")),
  }));
}

export function editsToText(edits: readonly Edit[]): string {
  const written = edits.map(({ stage, index, value }) => {
    const places = index.map((place) => (place < 0 ? ALL : String(place)));
    const number = String(value).replace("Infinity", INFINITY).replace("e+", "e");
    return `${[stage, ...places].join(",")}=${number}`;
  });
  return written.join("_");
}

/** What a state changes of a model's layer. */
export function changesOf(
  { edits, mask, scale }: Pick<State, "edits" | "mask" | "scale">,
  queries: number,
  keys: number,
): TraceChanges {
  return {
    ...(edits && { edits: editsFrom(edits) }),
    ...(mask && { mask: maskFrom(mask, queries, keys) }),
    ...(scale > 0 && { scale }),
  };
}

/** `query-key` pairs, a `*` for every query, to a boolean mask [query, key]: 1 = may attend. */
export function maskFrom(pairs: string, queries: number, keys: number): Mask {
  const data = new Uint8Array(queries * keys).fill(1);
  for (const pair of pairs.split("_")) {
    const [query = "", key = ""] = pair.split("-");
    const [from, to] = query === ALL ? [0, queries] : [Number(query), Math.min(queries, Number(query) + 1)];
    if (Number(key) < keys) for (let i = from; i < to; i++) data[i * keys + Number(key)] = 0;
  }
  return { shape: [queries, keys], data };
}
