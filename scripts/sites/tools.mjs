/** What the sites have in common: the package as it is published, installing, serving, and looking at a picture. */

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answering, freePort } from "../lib/ports.mjs";
import { ROOT } from "../lib/run.mjs";
import { serve } from "../lib/server.mjs";

const SITES = join(ROOT, "build/sites");

/** No installation and no build takes longer. */
const TIMEOUT_MS = 600_000;
/** Nor a first word from a registry. */
const PROBE = { timeout: 60_000 };

export function command(folder, name, args, { env = {}, timeout = TIMEOUT_MS } = {}) {
  const options = { cwd: folder, encoding: "utf8", env: { ...process.env, ...env }, maxBuffer: 1e8, timeout };
  return execFileSync(name, args, options);
}

const PROBES = {
  npm: () => command(SITES, "npm", ["view", "react", "version"], PROBE),
  pip: () => command(SITES, python()("pip"), ["download", "--quiet", "--no-deps", "--dest=probe", "anywidget"], PROBE),
};
const reached = {};

/** Whether a registry gives packages; for Python's, whether there is a Python that can set up an environment besides. */
export function reachable(registry) {
  try {
    if (reached[registry] === undefined) PROBES[registry]();
    reached[registry] ??= true;
  } catch (error) {
    console.error(error.message);
    reached[registry] = false;
  }
  return reached[registry];
}

/** The package as npm would publish it. */
export function pack() {
  mkdirSync(SITES, { recursive: true });
  return join(SITES, command(SITES, "npm", ["pack", join(ROOT, "dist/package"), "--silent"]).trim());
}

export function install(folder, dependencies) {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  command(folder, "npm", ["install", "--no-audit", "--no-fund", "--silent"]);
}

/** Programs of Python, in an environment that the sites share. */
export function python(...packages) {
  const home = join(SITES, "python");
  if (!existsSync(join(home, "bin/pip"))) command(SITES, "python3", ["-m", "venv", home]);
  if (packages.length > 0) command(SITES, join(home, "bin/pip"), ["install", "--quiet", ...packages]);
  return (name) => join(home, "bin", name);
}

export async function serving(folder) {
  const { address, close } = await serve({ "/": folder }, [0]);
  return { address, close };
}

/** Opens what a server that stays on shows, with `options` for a port, until `look` is through. */
export async function whileRunning(program, options, folder, name, look) {
  const port = await freePort();
  const env = { ...process.env, HOME: folder };
  const server = spawn(program, options(port), { cwd: folder, stdio: "ignore", env });
  const address = `http://127.0.0.1:${port}`;
  try {
    await answering(address, name);
    await look(address);
  } finally {
    server.kill();
  }
}

/** Every element on the page: its picture stands, `goto` holds a cell, and the number in that cell is the engine's. */
export async function allTrue(page, count) {
  const all = page.locator("attention-playground");
  await all.first().waitFor({ state: "attached", timeout: 60_000 });
  if ((await all.count()) !== count) throw new Error(`expected ${count} elements, found ${await all.count()}`);
  for (const one of await all.all()) {
    await one.scrollIntoViewIfNeeded();
    const found = await one.evaluate(async (play) => {
      await customElements.whenDefined("attention-playground");
      await play.ready;
      play.goto("weights", [0, 1, 0]);
      const { value, exact } = await play.explain("weights", [0, 1, 0]);
      await play.updateComplete;
      return { pin: play.state.pin, value, error: Math.abs(value - exact) };
    });
    if (found.pin !== "weights,0,1,0") throw new Error(`goto: expected weights,0,1,0, found ${found.pin}`);
    if (!(found.value > 0 && found.error < 1e-6))
      throw new Error(`expected a true weight, found ${JSON.stringify(found)}`);
    const cell = one.locator('.equation [data-stage="weights"][data-index="0,1,0"]').first();
    await cell.waitFor({ state: "attached" });
    // In the equation a number stands with three digits at least.
    const shown = Number((await cell.textContent()).replace("−", "-"));
    if (!(Math.abs(shown - found.value) <= 0.01 * found.value))
      throw new Error(`expected ${found.value}, found ${shown}`);
  }
}
