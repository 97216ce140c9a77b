/** The steps of a build: the engine's wasm, the npm package in dist/package, the page in dist/site. */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { elementSizes } from "./first.mjs";
import { ROOT, run, runTool } from "./run.mjs";
import { finishSite } from "./site.mjs";

const PACKAGE = join(ROOT, "dist/package");
const SITE = join(ROOT, "dist/site");
const PAGE = join(ROOT, "www");

export async function buildWasm() {
  await run("cargo", ["run", "--package", "xtask", "--", "wasm"]);
}

/** What the browser loads: the scripts and the wasm, then the page around them. */
export async function buildSite() {
  const { build } = await import("vite");
  for (const mode of ["engine", "worker", "model-worker", "gpu-worker", "page"])
    await build({ root: ROOT, mode, logLevel: "warn" });
  // The models that ship lie beside the scripts, each with its card.
  cpSync(join(ROOT, "models"), join(PACKAGE, "models"), { recursive: true });
  // What it weighs is told on the page.
  writeFileSync(join(PACKAGE, "sizes.json"), `${JSON.stringify(elementSizes(PACKAGE))}\n`);
  rmSync(SITE, { recursive: true, force: true });
  mkdirSync(SITE, { recursive: true });
  cpSync(PACKAGE, SITE, { recursive: true });
  for (const entry of readdirSync(PAGE, { withFileTypes: true })) {
    if (entry.isFile() && !entry.name.endsWith(".ts")) cpSync(join(PAGE, entry.name), join(SITE, entry.name));
  }
  const gallery = JSON.parse(readFileSync(join(PAGE, "gallery/states.json"), "utf8"));
  finishSite(SITE, gallery, process.env.SITE_URL);
}

/** What an npm package needs besides: manifest, licences, types. */
export async function finishPackage() {
  const manifest = `${JSON.stringify(packageManifest(), null, 2)}\n`;
  writeFileSync(join(PACKAGE, "package.json"), manifest);
  for (const name of ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"]) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(PACKAGE, name));
  }
  await runTool("typescript", "tsc", ["--project", "tsconfig.types.json"]);
}

function packageManifest() {
  const source = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const { name, version, description, license, keywords, engines, dependencies } = source;
  const entry = (types, script) => ({ types: `./types/${types}.d.ts`, default: `./${script}.js` });
  return {
    name,
    version,
    description,
    keywords,
    license,
    type: "module",
    exports: {
      ".": entry("index", "index"),
      "./element": entry("element", "element"),
      "./engine": entry("engine/engine", "engine"),
      "./model": entry("model/index", "model"),
      "./engine.wasm": "./engine_bg.wasm",
      "./kernels_simd128.wasm": "./kernels_simd128.wasm",
      "./kernels_relaxed.wasm": "./kernels_relaxed.wasm",
      "./models.wasm": "./models.wasm",
      "./gpu.wasm": "./gpu_bg.wasm",
      "./models/*": "./models/*",
      "./package.json": "./package.json",
    },
    types: "./types/index.d.ts",
    sideEffects: ["./element.js"],
    engines,
    // Bundled already, but the types refer to theirs.
    dependencies,
  };
}
