/** Ready states: what is worth seeing, each with its title in every language. The build makes a page of each, too. */

import type { State } from "../state/fields.ts";
import type { LANGUAGES } from "../text/say.ts";
import states from "./states.json" with { type: "json" };

export interface Ready {
  /** In addresses. */
  id: string;
  title: Record<keyof typeof LANGUAGES, string>;
  /** What it sets; all else is as usual. */
  state: Partial<State>;
}

export const GALLERY = states as Ready[];
