/** The languages of the page: which one an element speaks, and its words, loaded beside the engine. */

import type { State } from "../state/fields.ts";
import type { Language } from "../text/say.ts";
import { onDemand } from "./on-demand.ts";

export type LanguageName = Exclude<State["lang"], "auto">;

const LOAD: Record<LanguageName, () => Promise<Language>> = {
  en: onDemand(async () => ({ say: (await import("../text/en.ts")).en })),
  zh: onDemand(async () => (await import("../text/zh/index.ts")).zh),
};

export const loadLanguage = (name: LanguageName): Promise<Language> => LOAD[name]();

/** The language that is asked for; else that of the text around the element, else the browser's, else English. */
export function languageOf(wanted: State["lang"], element: Element): LanguageName {
  if (wanted !== "auto") return wanted;
  const known = [langAround(element), ...navigator.languages].map((tag) => tag.split("-")[0]?.toLowerCase() ?? "");
  return (known.find((name) => name in LOAD) as LanguageName | undefined) ?? "en";
}

/** The nearest `lang` of what the element stands in, over the borders of shadow roots; an empty one says that it is not known. */
function langAround(element: Element): string {
  for (let at: Node | null = element.parentNode; at; at = at.parentNode ?? (at as Partial<ShadowRoot>).host ?? null) {
    const lang = at instanceof Element ? at.getAttribute("lang") : null;
    if (lang !== null) return lang;
  }
  return "";
}
