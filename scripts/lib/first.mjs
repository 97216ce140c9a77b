/** What a browser asks for until the first picture stands: the page with its default model. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { withImports } from "./closure.mjs";

const PAGE = ["index.html", "site.css", "site.js", "favicon.svg"];
/** `scripts`: those that the picture imports on demand, by the beginnings of their names; the ends are made from what is in them. */
const WITH_MODEL = {
  files: [
    "engine_bg.wasm",
    "models.wasm",
    ...["config.json", "data.json", "tokenizer.json", "model.safetensors"].map((file) => `models/pronoun/${file}`),
  ],
  scripts: ["en", "models", "load", "instance", "wasm"],
  entries: ["element.js", "model-worker.js"],
};
const WITHOUT_MODEL = {
  files: ["engine_bg.wasm"],
  scripts: ["en", "wasm", "settings"],
  entries: ["element.js"],
};
const DYNAMIC_IMPORT = /\bimport\(\s*["'`](\.\/([\w]+)-[^"'`]+)["'`]\s*\)/g;

/** Paths of the files of a built page. */
export const firstPicture = (site) => [...PAGE.map((name) => join(site, name)), ...filesOf(site, WITH_MODEL)];

/** The bytes, compressed with gzip, that the element needs for its first picture on a page that has it already. */
export function elementSizes(site) {
  const bytes = (need) =>
    filesOf(site, need).reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
  return { withModel: bytes(WITH_MODEL), withoutModel: bytes(WITHOUT_MODEL) };
}

function filesOf(site, { files, scripts: onDemand, entries }) {
  const found = new Set(files.map((name) => join(site, name)));
  const seen = new Set();
  for (const entry of entries) {
    const scripts = withImports(join(site, entry));
    for (const script of scripts) {
      for (const [, file, name] of readFileSync(script, "utf8").matchAll(DYNAMIC_IMPORT)) {
        if (!onDemand.includes(name)) continue;
        seen.add(name);
        withImports(join(dirname(script), file), scripts);
      }
      found.add(script);
    }
  }
  const missing = onDemand.filter((name) => !seen.has(name));
  if (missing.length > 0) throw new Error(`first picture: expected an import of ${missing.join(", ")}, found none`);
  return [...found];
}
