/** What happens with every frame while it plays, told now and then. */

import type { PlaygroundEvents } from "../element/events.ts";

type Change = PlaygroundEvents["state-change"];

/** Milliseconds. */
const GATHER = 250;

/** The first is told at once; those that follow closely are told together, by the last of them. What another one did is not mixed in. */
export function gathered<Told extends { source: string }>(
  tell: (told: Told) => void,
  join: (before: Told, after: Told) => Told = (_, after) => after,
): (told: Told) => void {
  let quiet = true;
  let waiting: Told | undefined;
  const flush = () => {
    const told = waiting;
    waiting = undefined;
    if (told) tell(told);
    return told !== undefined;
  };
  const rest = () => {
    quiet = false;
    setTimeout(() => {
      quiet = !flush();
      if (!quiet) rest();
    }, GATHER);
  };
  return (told) => {
    if (waiting && waiting.source !== told.source) flush();
    if (!quiet) waiting = waiting ? join(waiting, told) : told;
    else {
      tell(told);
      rest();
    }
  };
}

/** Two changes as one. */
export const joined = (before: Change, after: Change): Change => ({
  ...after,
  changed: [...new Set([...before.changed, ...after.changed])],
});

/** Matrices are large: they are told of when they are new. */
export function light({ state, ...change }: Change): object {
  if (change.changed.includes("matrices")) return { ...change, state };
  const { matrices: _, ...others } = state;
  return { ...change, state: others };
}
