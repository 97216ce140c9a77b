/** The page without a network: it works after its first visit, and nobody is left with the page of yesterday. */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { serve } from "../../scripts/lib/server.mjs";
import { ready, state, trace } from "./page.ts";

test.use({ serviceWorkers: "allow" });

const SITE = "dist/site";

/** A copy of the site on a server of its own, that can go away and come back. */
async function hosted() {
  const folder = mkdtempSync(join(tmpdir(), "site-"));
  cpSync(SITE, folder, { recursive: true });
  const at = "/some/path/";
  let server = await serve({ [at]: folder }, [0]);
  const { port } = new URL(server.address);
  return {
    folder,
    address: `${server.address}${at}`,
    stop: () => server.close(),
    start: async () => {
      server = await serve({ [at]: folder }, [Number(port)]);
    },
    remove: () => {
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Everything is kept. */
const kept = (page: Page) =>
  page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    while (active?.state !== "activated") await new Promise((done) => setTimeout(done, 50));
  });

const wide = "The animal didn't cross the street because it was too wide.";

test("after the first visit the page, a link and its panels work without a network", async ({ page }) => {
  const host = await hosted();
  try {
    await page.goto(host.address);
    await ready(page);
    await kept(page);
    host.stop();
    await expect(
      page.evaluate((address) => fetch(`${address}nothing-there`).then(() => "came"), host.address),
    ).rejects.toThrow();
    await page.reload();
    await ready(page);
    expect((await state(page)).text).toBe(wide);
    await page.goto(`${host.address}?model=none&text=dog+bites+man&stage=weights`);
    await ready(page);
    expect((await trace(page)).tokens.query).toEqual(["dog", "bites", "man"]);
    await page.locator(".sharing summary").click();
    const download = page.waitForEvent("download");
    await page.locator('[data-take="svg"]').click();
    expect((await download).suggestedFilename()).toBe("attention-weights.svg");
  } finally {
    host.remove();
  }
});

test("another version shows at once, and is then what is kept", async ({ page }) => {
  const host = await hosted();
  const change = (name: string, from: string | RegExp, to: string) => {
    const path = join(host.folder, name);
    writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
  };
  try {
    await page.goto(host.address);
    await ready(page);
    await kept(page);
    const others = ["attention-playground /other/ old", "attention-playground-models"];
    await page.evaluate((names) => Promise.all(names.map((name) => caches.open(name))), others);
    change("index.html", 'name="description"', 'data-version="new" name="description"');
    change("service-worker.js", /"version":"\w+"/, '"version":"new"');
    await page.reload();
    await ready(page);
    await expect(page.locator("meta[data-version]")).toHaveCount(1);
    await expect
      .poll(() => page.evaluate(async () => (await caches.keys()).sort()), { timeout: 20_000 })
      .toEqual([
        "attention-playground /other/ old",
        "attention-playground /some/path/ new",
        "attention-playground-models",
      ]);
    host.stop();
    await page.reload();
    await ready(page);
    await expect(page.locator("meta[data-version]")).toHaveCount(1);
  } finally {
    host.remove();
  }
});

test("the element on another page keeps nothing", async ({ page }) => {
  const host = await hosted();
  try {
    writeFileSync(
      join(host.folder, "other.html"),
      '<!doctype html><script type="module" src="./element.js"></script><attention-playground model="none"></attention-playground>',
    );
    await page.goto(`${host.address}other.html`);
    await ready(page);
    await page.waitForTimeout(500);
    expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
    expect(await page.evaluate(async () => (await caches.keys()).length)).toBe(0);
  } finally {
    host.remove();
  }
});
