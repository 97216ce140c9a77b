/** Fails where a source in www/ makes up a number: every number on the screen comes from the trace. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { main, ROOT } from "./lib/run.mjs";
import { madeUpNumbers } from "./lib/truth.mjs";

await main(() => {
  const sources = readdirSync(join(ROOT, "www"), { recursive: true }).filter((name) => name.endsWith(".ts"));
  const lines = sources.flatMap((name) =>
    madeUpNumbers(readFileSync(join(ROOT, "www", name), "utf8")).map(
      ({ line, text, reason }) => `www/${name}:${line}: ${reason}: ${text}`,
    ),
  );
  if (lines.length > 0) throw new Error(`${lines.join("\n")}\ntruth: ${lines.length} made-up number(s) in www/`);
  console.log(`truth: no made-up number in ${sources.length} sources`);
});
