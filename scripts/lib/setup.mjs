/** Sets up what is missing for a build: Rust's wasm target, lint tools, npm packages. Does nothing the second time. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run, step } from "./run.mjs";

const TARGET = "wasm32-unknown-unknown";
const NODE = 20;

export async function setUp() {
  if (Number.parseInt(process.versions.node, 10) < NODE) {
    throw new Error(`Node ${NODE} or later is needed; this is ${process.version}. See https://nodejs.org`);
  }
  await addRust();
  await addPackages();
}

async function addRust() {
  const sysroot = ask("rustc", ["--print", "sysroot"]);
  if (sysroot === undefined || ask("cargo", ["--version"]) === undefined) {
    throw new Error("Rust is needed: cargo and rustc were not found. Install it from https://rustup.rs");
  }
  if (!existsSync(join(sysroot, "lib/rustlib", TARGET))) await rustup("target", TARGET);
  for (const tool of ["rustfmt", "clippy"]) {
    if (ask("cargo", [tool === "rustfmt" ? "fmt" : tool, "--version"]) === undefined) await rustup("component", tool);
  }
}

async function rustup(kind, name) {
  if (ask("rustup", ["--version"]) === undefined) {
    throw new Error(`Rust's ${kind} ${name} is missing, and there is no rustup (https://rustup.rs) to add it`);
  }
  await step(`setting up: ${name}`, () => run("rustup", [kind, "add", name]));
}

/** Installs the packages of the lock file, unless the last installation was of this very file. */
async function addPackages() {
  const lock = readFileSync(join(ROOT, "package-lock.json"));
  const wanted = `${createHash("sha256").update(lock).digest("hex")} ${process.platform}-${process.arch}\n`;
  const stamp = join(ROOT, "node_modules/.lock-hash");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  await step("setting up: npm packages", () => run("npm", ["ci", "--no-audit", "--no-fund"]));
  writeFileSync(stamp, wanted);
}

/** The first line of a program's output, or nothing where it is absent or fails. */
export function ask(command, args) {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}
