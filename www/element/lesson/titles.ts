/** What the chapters are called: of the files no more than that is bundled. */

import type { Text } from "../../lesson/format.ts";
import type { LESSONS } from "../../lesson/load.ts";
import { about as cost, title as costTitle } from "../../lessons/cost.json";
import { about as heads, title as headsTitle } from "../../lessons/many-heads.json";
import { about as masks, title as masksTitle } from "../../lessons/masks.json";
import { about as positions, title as positionsTitle } from "../../lessons/positions.json";
import { about as pronoun, title as pronounTitle } from "../../lessons/pronoun.json";
import { about as parts, title as partsTitle } from "../../lessons/query-key-value.json";
import { about as limits, title as limitsTitle } from "../../lessons/what-weights-do-not-say.json";
import { about as why, title as whyTitle } from "../../lessons/why-attention.json";

export const TITLES: Record<(typeof LESSONS)[number], { title: Text; about: Text }> = {
  "why-attention": { title: whyTitle, about: why },
  "query-key-value": { title: partsTitle, about: parts },
  pronoun: { title: pronounTitle, about: pronoun },
  "many-heads": { title: headsTitle, about: heads },
  positions: { title: positionsTitle, about: positions },
  masks: { title: masksTitle, about: masks },
  cost: { title: costTitle, about: cost },
  "what-weights-do-not-say": { title: limitsTitle, about: limits },
};
