/** Finds Firefox and WebKitGTK's driver, or installs them from Debian: the page is tried in the engines of all browsers. */

import { existsSync } from "node:fs";
import { run, step } from "./run.mjs";

const FIREFOX = ["/usr/bin/firefox-esr", "/usr/bin/firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"];
const WEBKIT = ["/usr/bin/WebKitWebDriver"];
const PACKAGES = ["firefox-esr", "webkit2gtk-driver", "xvfb", "xauth"];

/** Their paths, as variables of the environment. What cannot be had is said, and its tests are skipped. */
export async function ensureOtherBrowsers() {
  if (!found() && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await step("setting up: Firefox and WebKitGTK, from Debian", async () => {
      await run("apt-get", ["update"], { env });
      await run("apt-get", ["install", "--yes", "--no-install-recommends", ...PACKAGES], { env });
    }).catch((error) => console.error(error.message));
  }
  const { FIREFOX_PATH, WEBKIT_DRIVER } = paths();
  if (!FIREFOX_PATH) console.log("There is no Firefox: its tests are skipped (Debian: apt-get install firefox-esr).");
  if (!WEBKIT_DRIVER)
    console.log("There is no WebKitGTK: its tests are skipped (Debian: apt-get install webkit2gtk-driver xvfb).");
  return { ...(FIREFOX_PATH && { FIREFOX_PATH }), ...(WEBKIT_DRIVER && { WEBKIT_DRIVER }) };
}

const found = () => Object.values(paths()).every(Boolean);

function paths() {
  const { FIREFOX_PATH = FIREFOX.find((path) => existsSync(path)) } = process.env;
  const { WEBKIT_DRIVER = existsSync("/usr/bin/xvfb-run") ? WEBKIT.find((path) => existsSync(path)) : undefined } =
    process.env;
  return { FIREFOX_PATH, WEBKIT_DRIVER };
}
