/** What the notebook's side repeats of the table of fields. */

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { FIELD_NAMES, FIELDS } from "../../www/state/fields.ts";

it("the keywords of Python, and the most heads, are those of the table", () => {
  const source = readFileSync(new URL("../../python/attention_playground/_fields.py", import.meta.url), "utf8");
  const names = /frozenset\(\s+"""([^"]+)"""/.exec(source)?.[1]?.trim().split(/\s+/);
  expect(names).toEqual(FIELD_NAMES);
  expect(Number(/MAX_HEADS = (\d+)/.exec(source)?.[1])).toBe(FIELDS.heads.max);
  expect(FIELDS.kvHeads.max).toBe(FIELDS.heads.max);
});
