/** The steps of a build: the engine's wasm, the npm package in dist/package, the page in dist/site. */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { elementSizes } from "./first.mjs";
import { elementsManifest, packageManifest } from "./manifest.mjs";
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
  const make = (mode) => build({ root: ROOT, mode, logLevel: "warn" });
  for (const mode of ["engine", "worker", "model-worker", "gpu-worker", "page"]) await make(mode);
  // The models that ship lie beside the scripts, each with its card.
  cpSync(join(ROOT, "models"), join(PACKAGE, "models"), { recursive: true });
  // And the lessons, which are read as they are written.
  for (const name of readdirSync(join(PAGE, "lessons")).filter((one) => one.endsWith(".json")))
    cpSync(join(PAGE, "lessons", name), join(PACKAGE, "lessons", name));
  // What it weighs is told on the page.
  writeFileSync(join(PACKAGE, "sizes.json"), `${JSON.stringify(elementSizes(PACKAGE))}\n`);
  for (const mode of ["standalone", "anywidget"]) await make(mode);
  cpSync(join(PACKAGE, "anywidget.js"), join(ROOT, "python/attention_playground/static/anywidget.js"));
  for (const name of ["embed.html", "embed.css", "favicon.svg"]) cpSync(join(PAGE, name), join(PACKAGE, name));
  rmSync(SITE, { recursive: true, force: true });
  mkdirSync(SITE, { recursive: true });
  cpSync(PACKAGE, SITE, { recursive: true });
  for (const entry of readdirSync(PAGE, { withFileTypes: true })) {
    if (entry.isFile() && !entry.name.endsWith(".ts")) cpSync(join(PAGE, entry.name), join(SITE, entry.name));
  }
  const gallery = JSON.parse(readFileSync(join(PAGE, "gallery/states.json"), "utf8"));
  finishSite(SITE, gallery, process.env.SITE_URL);
}

const DOCUMENTS = {
  "README.md": "README.md",
  "www/embed/README.md": "EMBED.md",
  "www/lessons/README.md": "LESSONS.md",
};

/** Links to where the documents lie in the package. What is of the repository alone, such as a screenshot of its tests, is left out. */
function withLinks(text) {
  return text
    .replaceAll(/^!\[[^\]]*\]\(tests\/[^)]*\)\n+/gm, "")
    .replaceAll(/(?<=\]\()[^)#\s]+/g, (path) => DOCUMENTS[path] ?? path)
    .replaceAll(/(?<=\[`)[^`]+(?=`\]\()/g, (path) => DOCUMENTS[path] ?? path);
}

/** What an npm package needs besides: manifest, licences, types. */
export async function finishPackage() {
  const write = (name, value) => writeFileSync(join(PACKAGE, name), `${JSON.stringify(value, null, 2)}\n`);
  write("package.json", packageManifest());
  for (const name of ["CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"]) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(PACKAGE, name));
  }
  // The documents that it links to come along, each beside it.
  for (const [path, name] of Object.entries(DOCUMENTS))
    writeFileSync(join(PACKAGE, name), withLinks(readFileSync(join(ROOT, path), "utf8")));
  await runTool("typescript", "tsc", ["--project", "tsconfig.types.json"]);
  write("custom-elements.json", await elementsManifest(join(PACKAGE, "types")));
}
