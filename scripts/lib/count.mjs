/** How many tests passed and failed, and which did not pass, read from what the test runners print. */

import { stripVTControlCharacters } from "node:util";

/** One entry for each runner: its line of results, where each number may be absent. */
const RESULTS = [
  /^test result: .*?(?<passed>\d+) passed; (?<failed>\d+) failed/gm, // cargo test and wasm-bindgen
  /^ +Tests +(?:(?<failed>\d+) failed)?(?: \| )?(?:(?<passed>\d+) passed)?/gm, // Vitest
  /^ +(?<failed>\d+) failed$/gm, // Playwright
  /^ +(?<flaky>\d+) flaky$/gm,
  /^ +(?<passed>\d+) passed \(/gm,
];
/** How each names a test that failed; Playwright one that passed at the second try, too. */
const NAMES = [/^test (.+) \.\.\. FAILED$/gm, /^ FAIL +(.+?) *$/gm, /^ {4}(\[[\w-]+\] › .+?)[ ─]*$/gm];

export function countTests(output) {
  const text = stripVTControlCharacters(output);
  const counts = { passed: 0, failed: 0, flaky: 0 };
  for (const { groups } of RESULTS.flatMap((pattern) => [...text.matchAll(pattern)])) {
    for (const key of Object.keys(counts)) counts[key] += Number(groups[key] ?? 0);
  }
  const names = NAMES.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name]) => name));
  return { ...counts, names: [...new Set(names)] };
}
