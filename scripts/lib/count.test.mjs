import { expect, test } from "vitest";
import { countTests } from "./count.mjs";

test.each([
  [
    "cargo",
    "test result: ok. 12 passed; 0 failed; 1 ignored\ntest result: FAILED. 3 passed; 2 failed; 0 ignored\n",
    15,
    2,
  ],
  ["Vitest", " Test Files  1 passed (1)\n      Tests  30 passed (30)\n", 30, 0],
  ["Vitest, failing", " Test Files  1 failed (1)\n      Tests  1 failed | 29 passed (30)\n", 29, 1],
  ["Vitest, all failing", "      Tests  2 failed (2)\n", 0, 2],
  ["Vitest, skipping", "      Tests  1 failed | 2 passed | 3 skipped (6)\n", 2, 1],
  ["Playwright", "Running 3 tests\n\n  1 failed\n    [x] › a.spec.ts\n  2 passed (3.1s)\n", 2, 1],
  ["colours", "\u001b[2m      Tests \u001b[22m \u001b[1m\u001b[32m4 passed\u001b[39m\u001b[22m (4)\n", 4, 0],
  ["no test", "    Finished in 3 s\n", 0, 0],
])("%s", (_, output, passed, failed) => {
  expect(countTests(output)).toEqual({ passed, failed });
});
