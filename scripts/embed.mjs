/**
 * Sites of other people's making, with the package in them: each is installed, built and opened in Chromium, has to show a true picture,
 * and to answer `goto`. Not part of `npm test`, which needs no registry once it is set up: `node scripts/embed.mjs [NAME...]`, after a
 * build. Where a registry cannot be reached its sites are ignored, and that is said.
 */

import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { ensureBrowser, FLAGS } from "./lib/browser.mjs";
import { main, ROOT, step } from "./lib/run.mjs";
import * as astro from "./sites/astro.mjs";
import * as jupyter from "./sites/jupyter.mjs";
import * as marimo from "./sites/marimo.mjs";
import * as mkdocs from "./sites/mkdocs.mjs";
import * as myst from "./sites/myst.mjs";
import * as react from "./sites/react.mjs";
import { pack, reachable } from "./sites/tools.mjs";

/** Each with the registry that it is installed from. */
const SITES = {
  "react-18": { from: "npm", open: (around) => react.open({ ...around, version: 18 }) },
  "react-19": { from: "npm", open: (around) => react.open({ ...around, version: 19 }) },
  astro: { from: "npm", open: astro.open },
  mkdocs: { from: "pip", open: mkdocs.open },
  myst: { from: "npm", open: myst.open },
  jupyter: { from: "pip", open: jupyter.open },
  marimo: { from: "pip", open: marimo.open },
};

await main(async () => {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SITES);
  const unknown = names.filter((name) => !Object.hasOwn(SITES, name));
  if (unknown.length > 0)
    throw new Error(`unknown site: ${unknown.join(", ")}; there are ${Object.keys(SITES).join(", ")}`);
  const executablePath = await ensureBrowser();
  const browser = await chromium.launch({ args: FLAGS, executablePath });
  const tarball = pack();
  const [failed, ignored] = [[], []];
  for (const name of names) {
    const { from, open } = SITES[name];
    if (!reachable(from)) {
      console.log(`\nignored ${name}: ${from} gives no packages here`);
      ignored.push(name);
      continue;
    }
    const kind = name.split("-")[0];
    const folder = join(ROOT, "build/sites", name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const given = join(ROOT, "tests/sites", kind);
    if (existsSync(given)) cpSync(given, folder, { recursive: true });
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await step(name, async () => {
      const close = await open({ page, folder, tarball });
      await close?.();
      if (errors.length > 0) throw new Error(errors.join("; "));
    }).catch((error) => {
      console.error(`${name}: ${error.message}`);
      failed.push(name);
    });
    await page.close();
  }
  await browser.close();
  const passed = names.length - failed.length - ignored.length;
  console.log(`\n${passed} passed, ${failed.length} failed, ${ignored.length} ignored`);
  if (failed.length > 0) throw new Error(`failed: ${failed.join(", ")}`);
});
