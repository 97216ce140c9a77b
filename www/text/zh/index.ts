/** Chinese, simplified: the twins of all catalogues, loaded as one where it is spoken. */

import type { Language } from "../say.ts";
import { backend } from "./backend.ts";
import { glossary } from "./glossary.ts";
import { matrices } from "./matrices.ts";
import { models, recall } from "./models.ts";
import { settings } from "./settings.ts";
import { say } from "./zh.ts";

export const zh: Language = { say, parts: { backend, glossary, matrices, models, recall, settings } };
