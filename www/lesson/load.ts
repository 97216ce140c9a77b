/** Lessons from where they lie: those that ship beside this file, others on the same site as the page. */

import { refusal } from "./errors.ts";
import { type Lesson, readLesson } from "./format.ts";

/** In the order of the chapters. */
export const LESSONS = [
  "why-attention",
  "query-key-value",
  "pronoun",
  "many-heads",
  "positions",
  "masks",
  "cost",
  "what-weights-do-not-say",
] as const;

/** Beside this file, wherever it came from; written so that whoever bundles it takes the files along. */
const fileOf = (name: string) => new URL(/* @vite-ignore */ `./lessons/${name}.json`, import.meta.url);

const MOST_BYTES = 262_144;
/** The first picture waits for a lesson so long, and no longer. */
const MOST_SECONDS = 15;

/** `name`: of one that ships, or the address of a file on this site. */
export async function loadLesson(name: string): Promise<Lesson> {
  const url = (LESSONS as readonly string[]).includes(name) ? fileOf(name) : onThisSite(name);
  const refused = (found: string) => refusal(name, "a lesson that can be loaded", found, "load");
  const [response, text] = await fetched(url).catch((thrown: Error) => {
    throw refused(thrown.name === "TimeoutError" ? `none within ${MOST_SECONDS} s` : thrown.message);
  });
  if (!response.ok) throw refused(`${response.status} ${response.statusText}`.trim());
  return parseLesson(text);
}

async function fetched(url: URL): Promise<[Response, string]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(MOST_SECONDS * 1000) });
  return [response, await response.text()];
}

function onThisSite(name: string): URL {
  let url: URL | undefined;
  try {
    url = new URL(name, document.baseURI);
  } catch {}
  if (url?.pathname.endsWith(".json") && url.origin === location.origin) return url;
  throw refusal("", `one of ${LESSONS.join(", ")}, or a file .json on this site`, name, "not_found");
}

/** `text`: what the file holds. */
export function parseLesson(text: string): Lesson {
  if (text.length > MOST_BYTES)
    throw refusal("", `a lesson of at most ${MOST_BYTES} characters`, `${text.length}`, "too_large");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    throw refusal("", "a lesson in JSON", thrown instanceof Error ? thrown.message : thrown);
  }
  return readLesson(json);
}
