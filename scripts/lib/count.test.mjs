import { expect, test } from "vitest";
import { countTests } from "./count.mjs";

test.each([
  [
    "cargo",
    "test result: ok. 12 passed; 0 failed; 1 ignored\ntest result: FAILED. 3 passed; 2 failed; 0 ignored\n",
    { passed: 15, failed: 2 },
  ],
  ["Vitest", " Test Files  1 passed (1)\n      Tests  30 passed (30)\n", { passed: 30 }],
  ["Vitest, failing", " Test Files  1 failed (1)\n      Tests  1 failed | 29 passed (30)\n", { passed: 29, failed: 1 }],
  ["Vitest, all failing", "      Tests  2 failed (2)\n", { failed: 2 }],
  ["Vitest, skipping", "      Tests  1 failed | 2 passed | 3 skipped (6)\n", { passed: 2, failed: 1 }],
  ["Playwright", "Running 2 tests\n\n  1 failed\n  2 passed (3.1s)\n", { passed: 2, failed: 1 }],
  ["Playwright, at the second try", "  1 flaky\n  2 passed (3.1m)\n", { passed: 2, flaky: 1 }],
  ["colours", "\u001b[2m      Tests \u001b[22m \u001b[1m\u001b[32m4 passed\u001b[39m\u001b[22m (4)\n", { passed: 4 }],
  ["no test", "    Finished in 3 s\n", {}],
])("%s", (_, output, counts) => {
  expect(countTests(output)).toEqual({ passed: 0, failed: 0, flaky: 0, names: [], ...counts });
});

test.each([
  ["cargo", "test a::b ... ok\ntest a::c ... FAILED\n\nfailures:\n    a::c\n", ["a::c"]],
  [
    "Vitest",
    " FAIL  tests/a.test.ts > adds\nAssertionError\n FAIL  tests/a.test.ts > adds\n",
    ["tests/a.test.ts > adds"],
  ],
  [
    "Playwright",
    "  ✓  1 [page] › a.spec.ts:3:1 › stands (1s)\n  1) [page] › a.spec.ts:9:1 › adds ───\n\n  1 failed\n    [page] › a.spec.ts:9:1 › adds ─────\n  1 passed (2s)\n",
    ["[page] › a.spec.ts:9:1 › adds"],
  ],
])("names what did not pass: %s", (_, output, names) => {
  expect(countTests(output).names).toEqual(names);
});
