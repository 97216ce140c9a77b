/** `npm run train -- NAME`: makes one of the models under models/ again and prints its score. */

import { main, run } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";

await main(async () => {
  await setUp();
  // The products of a small model are too short to share out; and one thread adds in one order.
  const env = { RAYON_NUM_THREADS: "1", ...process.env };
  const args = ["run", "--quiet", "--profile", "training", "--package", "training", "--", ...process.argv.slice(2)];
  await run("cargo", args, { env });
});
