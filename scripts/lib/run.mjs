/** Starts other programs and keeps time. Needs nothing but Node: it runs before anything is installed. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Runs a program in the root folder with its output on ours; fails if it does. With `keep`, the output is returned
 * too (on the error if it fails).
 */
export function run(command, args, { env = {}, keep = false } = {}) {
  const colour = keep && process.stdout.isTTY ? { FORCE_COLOR: "1", CARGO_TERM_COLOR: "always" } : {};
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...colour, ...env },
    stdio: ["ignore", ...(keep ? ["pipe", "pipe"] : ["inherit", "inherit"])],
    // npm is a shell script on Windows.
    shell: process.platform === "win32" && command === "npm",
  });
  let output = "";
  const copyTo = (stream) => (chunk) => {
    output += chunk;
    stream.write(chunk);
  };
  child.stdout?.on("data", copyTo(process.stdout));
  child.stderr?.on("data", copyTo(process.stderr));
  return new Promise((resolve, reject) => {
    child.on("error", () => reject(new Error(`${command}: cannot be started; is it installed?`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(output);
      const error = new Error(`${[command, ...args].join(" ")}: ${signal ?? `exit code ${code}`}`);
      reject(Object.assign(error, { output }));
    });
  });
}

/** Runs a command that an installed npm package brings. */
export function runTool(name, command, args, options) {
  const home = join(ROOT, "node_modules", name);
  const { bin } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  const script = typeof bin === "string" ? bin : bin[command];
  return run(process.execPath, [join(home, script), ...args], options);
}

/** Names a step, runs it, and returns the seconds that it took. */
export async function step(name, task) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  await task();
  const seconds = (performance.now() - start) / 1000;
  console.log(`== ${name}: ${seconds.toFixed(1)} s`);
  return seconds;
}

/** Runs a whole script: a failure prints its message, not its stack. */
export async function main(task) {
  try {
    await task();
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
