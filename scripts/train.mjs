/** `npm run train -- NAME`: makes one of the models under models/ again and prints its score. */

import { digitsFile } from "./lib/digits.mjs";
import { main, run } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";

await main(async () => {
  await setUp();
  const asked = process.argv.slice(2);
  const data = asked[0] === "digits" ? ["--data", await digitsFile()] : [];
  // The products of a small model are too short to share out; and one thread adds in one order.
  const env = { RAYON_NUM_THREADS: "1", ...process.env };
  await run("cargo", ["run", "--quiet", "--profile", "training", "--package", "training", "--", ...asked, ...data], {
    env,
  });
});
