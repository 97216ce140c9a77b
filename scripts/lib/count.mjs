/** How many tests passed and failed, read from what the test runners print. */

import { stripVTControlCharacters } from "node:util";

/** One entry for each runner: its line of results, where `passed` and `failed` may each be absent. */
const RESULTS = [
  /^test result: .*?(?<passed>\d+) passed; (?<failed>\d+) failed/gm, // cargo test and wasm-bindgen
  /^ +Tests +(?:(?<failed>\d+) failed)?(?: \| )?(?:(?<passed>\d+) passed)?/gm, // Vitest
  /^ +(?<failed>\d+) failed$/gm, // Playwright
  /^ +(?<passed>\d+) passed \(/gm,
];

export function countTests(output) {
  const text = stripVTControlCharacters(output);
  const counts = { passed: 0, failed: 0 };
  for (const { groups } of RESULTS.flatMap((pattern) => [...text.matchAll(pattern)])) {
    counts.passed += Number(groups.passed ?? 0);
    counts.failed += Number(groups.failed ?? 0);
  }
  return counts;
}
