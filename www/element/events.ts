/** What the element tells the page around it: the events by name, with their details. The documents are made from this. */

import type { State } from "../state/fields.ts";
import type { Source } from "../state/store.ts";

/** Who did it: the reader, or the page by attributes, properties and methods. */
interface Told {
  source: Source;
}

export interface PlaygroundEvents {
  /** The first picture stands. */
  load: Told;
  /** The element nears the screen and begins to load. */
  progress: Told & { phase: "engine" };
  /** Something was refused, or could not be loaded: a stable code, and what was expected and found. */
  error: Told & { code: string; field?: keyof State; message?: string; expected?: string; found?: string };
  /** Another frame is on show: its stage, how many of its cells are computed, the seconds from the start of the course. */
  "step-change": Told & { stage: string; cell: number; time: number };
  /** A cell is held, `stage,i,j,k`, or null: none any more. */
  select: Told & { pin: string | null };
  /** The state has changed: all of it, and the fields that are new. */
  "state-change": Told & { state: State; changed: (keyof State)[] };
  /** The element speaks another language from now on. */
  "language-change": Told & { lang: string; title: string };
}
