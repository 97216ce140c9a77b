/** Chinese, simplified: the twins of all catalogues, loaded as one where it is spoken. */

import type { Language } from "../say.ts";
import { backend } from "./backend.ts";
import { card } from "./card.ts";
import { change } from "./change.ts";
import { digits } from "./digits.ts";
import { glossary } from "./glossary.ts";
import { lesson } from "./lesson.ts";
import { matrices } from "./matrices.ts";
import { models } from "./models.ts";
import { own } from "./own.ts";
import { recall } from "./recall.ts";
import { settings } from "./settings.ts";
import { take } from "./take.ts";
import { tools } from "./tools.ts";
import { untrained } from "./untrained.ts";
import { say } from "./zh.ts";

export const zh: Language = {
  say,
  parts: {
    backend,
    card,
    change,
    digits,
    glossary,
    lesson,
    matrices,
    models,
    own,
    recall,
    settings,
    take,
    tools,
    untrained,
  },
};
