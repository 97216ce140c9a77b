/** What a browser asks for until the first picture stands: the page with its default model. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { withImports } from "./closure.mjs";

const FILES = [
  "index.html",
  "site.css",
  "site.js",
  "favicon.svg",
  "engine_bg.wasm",
  "models.wasm",
  ...["config.json", "data.json", "tokenizer.json", "model.safetensors"].map((file) => `models/pronoun/${file}`),
];
/** Scripts that this picture imports on demand, by the beginnings of their names; the ends are made from what is in them. */
const ON_DEMAND = ["en", "models", "load", "instance", "wasm"];
const ENTRIES = ["element.js", "model-worker.js"];
const DYNAMIC_IMPORT = /\bimport\(\s*["'`](\.\/([\w]+)-[^"'`]+)["'`]\s*\)/g;

/** Paths of the files of a built page. */
export function firstPicture(site) {
  const found = new Set(FILES.map((name) => join(site, name)));
  const seen = new Set();
  for (const entry of ENTRIES) {
    const scripts = withImports(join(site, entry));
    for (const script of scripts) {
      for (const [, file, name] of readFileSync(script, "utf8").matchAll(DYNAMIC_IMPORT)) {
        if (!ON_DEMAND.includes(name)) continue;
        seen.add(name);
        withImports(join(dirname(script), file), scripts);
      }
      found.add(script);
    }
  }
  const missing = ON_DEMAND.filter((name) => !seen.has(name));
  if (missing.length > 0) throw new Error(`first picture: expected an import of ${missing.join(", ")}, found none`);
  return [...found];
}
