/** `npm run check`: format, lints and types of all that is written here. With `--fix` it formats instead of failing. */

import { buildWasm } from "./lib/build.mjs";
import { main, run, runTool, step } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";

const fix = process.argv.includes("--fix");
// Biome colours its output even where it goes to a file.
const PLAIN = process.stdout.isTTY ? [] : ["--colors=off"];
const DENY = ["--", "--deny", "warnings"];

const CHECKS = {
  "format of Rust": () => run("cargo", ["fmt", "--all", ...(fix ? [] : ["--check"])]),
  "format and lints of the rest": () =>
    runTool("@biomejs/biome", "biome", [...(fix ? ["check", "--write"] : ["ci", "--error-on-warnings"]), ...PLAIN]),
  "made-up numbers": () => run(process.execPath, ["scripts/truth-lint.mjs"]),
  // The types of the engine's glue come from its build.
  "types of TypeScript": async () => {
    await buildWasm();
    await runTool("typescript", "tsc", ["--project", "tsconfig.json"]);
  },
  "lints of Rust": () => run("cargo", ["clippy", "--workspace", "--exclude", "training", "--all-targets", ...DENY]),
  // On its own: with the rest, what the two have in common would be built twice.
  "lints of the training": () => run("cargo", ["clippy", "--package", "training", "--all-targets", ...DENY]),
  "lints of Rust for wasm": () => lintWasm("--no-default-features", "--features", "engine"),
  "lints of the GPU's module": () => lintWasm("--no-default-features", "--features", "gpu"),
  "lints of the kernels": () => lintWasm("--no-default-features", "--features", "kernels"),
  "lints of the models": () => lintWasm("--no-default-features", "--features", "models"),
};

function lintWasm(...features) {
  const target = ["--package", "attention-playground", "--lib", "--target", "wasm32-unknown-unknown"];
  return run("cargo", ["clippy", ...target, ...features, ...DENY]);
}

await main(async () => {
  await setUp();
  const failed = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    await step(name, check).catch((error) => {
      console.error(error.message);
      failed.push(name);
    });
  }
  if (failed.length > 0) throw new Error(`check failed: ${failed.join(", ")}`);
});
