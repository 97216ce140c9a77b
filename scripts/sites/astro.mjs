/** A site that Astro renders on a server: the package is imported there, and in the page. */

import { join } from "node:path";
import { allTrue, command, install, serving } from "./tools.mjs";

export async function open({ page, folder, tarball }) {
  install(folder, { astro: "^5.0.0", "attention-playground": `file:${tarball}` });
  const env = { ASTRO_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
  command(folder, process.execPath, ["node_modules/astro/astro.js", "build", "--silent"], { env });
  const { address, close } = await serving(join(folder, "dist"));
  await page.goto(address);
  const server = await page.locator("#server").textContent();
  if (server !== "dog | bites | man") throw new Error(`expected the server's tokens, found ${server}`);
  await allTrue(page, 2);
  return close;
}
