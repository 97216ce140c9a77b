/** Serves what was built, as the browser tests want it: the page at two base paths, and the package. */

import { join } from "node:path";
import { main, ROOT } from "./lib/run.mjs";
import { serve } from "./lib/server.mjs";

await main(async () => {
  const site = join(ROOT, "dist/site");
  const folders = { "/": site, "/some/base/path/": site, "/package/": join(ROOT, "dist/package") };
  const { address } = await serve(folders, [Number(process.env.PORT ?? 0)]);
  console.log(`serving dist/site on ${address}/`);
});
