/** `npm run build`: dist/package (the npm package) and dist/site (the page, which works under any base path). */

import { buildSite, buildWasm, finishPackage } from "./lib/build.mjs";
import { main, step } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";

await main(async () => {
  await setUp();
  await step("engine (Rust to wasm)", buildWasm);
  await step("page and package", async () => {
    await buildSite();
    await finishPackage();
  });
});
