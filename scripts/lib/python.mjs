/** Finds a Python with NumPy, or sets one up: it runs the scripts that the page writes. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run, step } from "./run.mjs";
import { ask } from "./setup.mjs";

const OWN = join(ROOT, "build/python");
const IN_OWN = process.platform === "win32" ? "Scripts/python.exe" : "bin/python";

const hasNumpy = (python) => ask(python, ["-c", "import numpy"]) !== undefined;

/** The program's path; nothing, and a line that says why, where there is none and none can be had: those tests are then skipped. */
export async function ensureNumpy() {
  const own = join(OWN, IN_OWN);
  const find = () => [process.env.PYTHON_PATH, own, "python3"].find((python) => python && hasNumpy(python));
  const found = find();
  if (found) return found;
  for (const install of [installOwn, installDebian]) {
    await step("setting up: NumPy", install).catch((error) => console.error(error.message));
    const installed = find();
    if (installed) return installed;
  }
  console.error(
    "no Python with NumPy was found, and none could be set up: the scripts that the page writes are not run",
  );
  return undefined;
}

async function installOwn() {
  if (!existsSync(join(OWN, IN_OWN))) await run("python3", ["-m", "venv", OWN]);
  await run(join(OWN, IN_OWN), ["-m", "pip", "install", "--quiet", "numpy"]);
}

async function installDebian() {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env });
  await run("apt-get", ["install", "--yes", "--no-install-recommends", "python3-numpy"], { env });
}
