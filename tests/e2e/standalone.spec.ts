/** standalone.js: everything in one script, for pages that come from a disk and for hosts that make modules into data: addresses. */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, type Page, test } from "@playwright/test";
import { allReady, DIST, hostPage, LARGE, tag, twoOrigins, UNTRAINED } from "./host.ts";
import type { Play } from "./page.ts";

const hosts = twoOrigins();
const SCRIPT = join(DIST, "package/standalone.js");
const ELEMENTS = tag(UNTRAINED) + tag() + tag(LARGE);

/** All stand, each with the numbers that the engine explains. */
async function allTrue(page: Page): Promise<void> {
  await page.evaluate(() => customElements.whenDefined("attention-playground"));
  for (const one of await page.locator("attention-playground").all()) {
    await one.scrollIntoViewIfNeeded();
    const found = await one.evaluate(async (element) => {
      const play = element as Play;
      await play.ready;
      play.goto("weights", [0, 1, 0]);
      const { value, exact } = await play.explain("weights", [0, 1, 0]);
      return { pin: play.state.pin, value, error: Math.abs(value - exact) };
    });
    expect(found.pin).toBe("weights,0,1,0");
    expect(found.value).toBeGreaterThan(0);
    expect(found.error).toBeLessThan(1e-6);
    await expect(one.locator('[data-stage="weights"][data-index="0,1,0"]').first()).toBeAttached();
  }
}

test("a page from a disk: a model, workers, and not one request to a network", async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), "standalone-"));
  cpSync(SCRIPT, join(folder, "standalone.js"));
  writeFileSync(
    join(folder, "page.html"),
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>disk</title><script src="standalone.js"></script>${ELEMENTS}`,
  );
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  const asked = new Set<string>();
  page.on("request", (request) => asked.add(new URL(request.url()).protocol));
  await page.goto(pathToFileURL(join(folder, "page.html")).href);
  await allTrue(page);
  expect([...asked].filter((protocol) => !["file:", "data:", "blob:"].includes(protocol))).toEqual([]);
  // Two for the pool and one for the model, at least.
  expect(page.workers().length).toBeGreaterThan(1);
  expect(errors).toEqual([]);
  rmSync(folder, { recursive: true });
});

test("as a module from a data: address", async ({ page }) => {
  const address = `data:text/javascript;base64,${readFileSync(SCRIPT).toString("base64")}`;
  const errors = await hostPage(page, hosts, `<script type="module" src="${address}"></script>${tag()}`);
  await allReady(page);
  await allTrue(page);
  expect(errors).toEqual([]);
});

test("as a script of a page that is served", async ({ page }) => {
  const errors = await hostPage(page, hosts, `<script src="${hosts.package}/standalone.js"></script>${ELEMENTS}`);
  await allTrue(page);
  expect(errors).toEqual([]);
});
