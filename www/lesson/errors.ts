/** What is wrong with a lesson: where, what was expected there, and what was found. English, as the engine's errors are. */

import { EngineError } from "../engine/errors.ts";

const MOST_SHOWN = 60;

/** `where`: the place within the file, as `steps[2].question.choices`. */
export function refusal(where: string, expected: string, found: unknown, code = "format"): EngineError {
  return new EngineError({
    code,
    operation: "lesson",
    expected: where ? `${where}: ${expected}` : expected,
    found: shown(found),
  });
}

/** A value of JSON for the reader of an error: short, and never more than its kind where it is large. */
function shown(found: unknown): string {
  if (found === undefined) return "nothing";
  if (Array.isArray(found)) return `a list of ${found.length}`;
  if (typeof found === "object" && found !== null) return "an object";
  const text = typeof found === "string" ? `“${found}”` : String(found);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}
