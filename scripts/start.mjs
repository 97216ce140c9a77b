/** `npm start`: sets up, builds, serves the page on this machine, and rebuilds when a source changes. */

import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { buildSite, buildWasm } from "./lib/build.mjs";
import { main, ROOT, step } from "./lib/run.mjs";
import { serve } from "./lib/server.mjs";
import { setUp } from "./lib/setup.mjs";

const FIRST_PORT = 5173;
const PORTS = 100;
const POLL = 300; // milliseconds

const ENGINE = ["src", "Cargo.toml", "Cargo.lock"];
const PAGE = ["www", "vite.config.ts"];

await main(async () => {
  await setUp();
  const built = { engine: stateOf(ENGINE), page: stateOf(PAGE) };
  await step("engine (Rust to wasm)", buildWasm);
  await step("page", buildSite);
  const { PORT } = process.env;
  const ports = PORT ? [Number(PORT)] : Array.from({ length: PORTS }, (_, i) => FIRST_PORT + i);
  const { address } = await serve({ "/": join(ROOT, "dist/site") }, ports);
  console.log(`\nThe playground is at ${address}/ (Ctrl+C stops it; a change in src/ or www/ rebuilds it)`);
  if (process.stdout.isTTY && !process.env.CI) openBrowser(`${address}/`);
  await rebuildOnChange(built);
});

/** Looks at the dates again and again: what the system reports of changes differs too much between platforms. */
async function rebuildOnChange(built) {
  for (;;) {
    await wait(POLL);
    const now = { engine: stateOf(ENGINE), page: stateOf(PAGE) };
    if (now.engine === built.engine && now.page === built.page) continue;
    try {
      if (now.engine !== built.engine) await step("engine changed", buildWasm);
      await step("page rebuilt", buildSite);
    } catch (error) {
      console.error(`\n${error.message}\nThe last good build is still served.`);
    }
    built = now;
  }
}

/** One value that is another once any file was written, added or removed. */
function stateOf(names) {
  let date = 0;
  let count = 0;
  const visit = (path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) return;
    date = Math.max(date, found.mtimeMs);
    count += 1;
    if (found.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  for (const name of names) visit(join(ROOT, name));
  return `${date} ${count}`;
}

function openBrowser(url) {
  const [command, ...args] = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }[process.platform] ?? ["xdg-open"];
  const child = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  // The address stands on the screen, so nothing is lost where no browser opens.
  child.on("error", () => {});
  child.unref();
}
