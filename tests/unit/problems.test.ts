/** What is said to be wrong with a field is about what was given for it last. */

import { expect, it } from "vitest";
import { Problems } from "../../www/element/problems.ts";

const refusal = { code: "bad_shape", field: "matrices", message: () => "no such shapes" } as const;

it("what the engine refused gives way to what is wrong with a later text, and comes back in its place", () => {
  const problems = new Problems(() => undefined);
  const said = () => problems.all.get("matrices")?.();
  problems.refuse(refusal, "user");
  expect(said()).toBe("no such shapes");
  problems.set("matrices", () => "no matrix");
  expect(said()).toBe("no matrix");
  expect(problems.refused, "the picture is still that of an earlier input").toBe(true);
  problems.refuse(refusal, "user");
  expect(said()).toBe("no such shapes");
  problems.accept();
  expect(problems.all.size).toBe(0);
});
