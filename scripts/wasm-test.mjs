/**
 * Cargo's runner for wasm tests (.cargo/config.toml): serves the test program's page with wasm-bindgen's own runner,
 * opens it in the browser that the other tests use, and copies what it prints. So no WebDriver is needed.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { chromium } from "@playwright/test";
import { ensureBrowser, FLAGS } from "./lib/browser.mjs";
import { main, ROOT } from "./lib/run.mjs";

const DEADLINE = 300_000; // milliseconds, for all the tests of one file
const POLL = 100;

await main(async () => {
  const executablePath = await ensureBrowser();
  const folder = mkdtempSync(join(tmpdir(), "wasm-test-"));
  const env = { NO_HEADLESS: "1", WASM_BINDGEN_TEST_ADDRESS: "127.0.0.1:0", TMPDIR: folder };
  const args = ["run", "--quiet", "--package", "xtask", "--", "wasm-test", ...process.argv.slice(2)];
  const server = spawn("cargo", args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((done) => server.once("close", done));
  try {
    const address = await addressOf(server);
    if (address) await runPage(executablePath, address);
    else if ((await ended) !== 0) throw new Error("wasm-test: the tests could not be served");
  } finally {
    server.stdin.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The address that the server prints; none where it ended by itself, having nothing to serve. */
async function addressOf(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const address = line.match(/available at (http:\S+)/)?.[1];
    if (address) return address;
    console.log(line);
  }
  return undefined;
}

async function runPage(executablePath, address) {
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    const page = await browser.newPage();
    const messages = [];
    page.on("console", (message) => messages.push(message.text()));
    page.on("pageerror", (error) => messages.push(String(error)));
    await page.goto(address);
    const end = Date.now() + DEADLINE;
    let shown = "";
    while (!shown.includes("test result: ")) {
      if (Date.now() > end) throw new Error(`wasm-test: no result within ${DEADLINE / 1000} s\n${messages.join("\n")}`);
      await wait(POLL);
      const output = (await page.locator("#output").textContent()) ?? "";
      process.stdout.write(output.slice(shown.length));
      shown = output;
    }
    if (!shown.includes("test result: ok")) throw new Error(`wasm-test: tests failed\n${messages.join("\n")}`);
  } finally {
    await browser.close();
  }
}
