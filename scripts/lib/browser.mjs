/** Finds a Chrome or Chromium, or installs one: the browser tests drive it. */

import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run, runTool, step } from "./run.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const PLACES = {
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
  ],
  win32: ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"]
    .filter((name) => process.env[name])
    .map((name) => join(process.env[name], "Google/Chrome/Application/chrome.exe")),
};

/** What a browser is started with: no sandbox because the tests may run as root, and nothing that changes a picture. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--font-render-hinting=none",
];

/**
 * The same for WebGPU: a real GPU where there is one, else the browser's own in software. The environment
 * variable WEBGPU_FLAGS adds what a machine's driver wants. An NVIDIA H200 without a display: `--use-angle=vulkan
 * --enable-features=Vulkan --disable-vulkan-surface --ignore-gpu-blocklist --disable-gpu-compositing
 * --disable-software-rasterizer`.
 */
export const WEBGPU_FLAGS = [
  ...FLAGS.filter((flag) => flag !== "--disable-gpu"),
  "--enable-unsafe-webgpu",
  ...(process.env.WEBGPU_FLAGS ?? "").split(" ").filter(Boolean),
];

/** The browser's path: the one named in CHROME_PATH, one that is installed, or one installed now. */
export async function ensureBrowser() {
  const found = await findBrowser();
  if (found) return found;
  for (const install of [installDebian, installPlaywright]) {
    await install().catch((error) => console.error(error.message));
    const installed = await findBrowser();
    if (installed) return installed;
  }
  throw new Error(
    "No Chrome or Chromium was found, and none could be installed. Install one " +
      "(Debian: apt-get install chromium; else https://www.google.com/chrome), or name its program in CHROME_PATH.",
  );
}

export async function findBrowser() {
  const named = process.env.CHROME_PATH;
  if (named && !existsSync(named)) throw new Error(`CHROME_PATH is ${named}, which does not exist`);
  if (named) return named;
  const onPath = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const { chromium } = await import("@playwright/test");
  return [...onPath, ...(PLACES[process.platform] ?? []), chromium.executablePath()].find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function installDebian() {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await step("setting up: chromium, from Debian", async () => {
    await run("apt-get", ["update"], { env });
    // The fonts are those of the screenshots.
    await run("apt-get", ["install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu"], { env });
  });
}

async function installPlaywright() {
  await step("setting up: chromium, from Playwright", () =>
    runTool("playwright", "playwright", ["install", "chromium"]),
  );
}
