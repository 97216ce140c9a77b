/**
 * Sites of other people's making, with the package in them: each is installed, built and opened in Chromium, has to show a true picture,
 * and to answer `goto`. Slow, and not part of `npm test`: `node scripts/embed.mjs [NAME...]`, after a build.
 */

import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { ensureBrowser, FLAGS } from "./lib/browser.mjs";
import { main, ROOT, step } from "./lib/run.mjs";
import * as astro from "./sites/astro.mjs";
import * as jupyter from "./sites/jupyter.mjs";
import * as mkdocs from "./sites/mkdocs.mjs";
import * as react from "./sites/react.mjs";
import { pack } from "./sites/tools.mjs";

const SITES = {
  "react-18": (around) => react.open({ ...around, version: 18 }),
  "react-19": (around) => react.open({ ...around, version: 19 }),
  astro: astro.open,
  mkdocs: mkdocs.open,
  jupyter: jupyter.open,
};

await main(async () => {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SITES);
  const unknown = names.filter((name) => !Object.hasOwn(SITES, name));
  if (unknown.length > 0)
    throw new Error(`unknown site: ${unknown.join(", ")}; there are ${Object.keys(SITES).join(", ")}`);
  const executablePath = await ensureBrowser();
  const browser = await chromium.launch({ args: FLAGS, executablePath });
  const tarball = pack();
  const failed = [];
  for (const name of names) {
    const kind = name.split("-")[0];
    const folder = join(ROOT, "build/sites", name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    cpSync(join(ROOT, "tests/sites", kind), folder, { recursive: true });
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await step(name, async () => {
      const close = await SITES[name]({ page, folder, tarball });
      await close?.();
      if (errors.length > 0) throw new Error(errors.join("; "));
    }).catch((error) => {
      console.error(`${name}: ${error.message}`);
      failed.push(name);
    });
    await page.close();
  }
  await browser.close();
  console.log(`\n${names.length - failed.length} passed, ${failed.length} failed`);
  if (failed.length > 0) throw new Error(`failed: ${failed.join(", ")}`);
});
