/** What a browser asks for until the first picture stands: the page with its default model. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { withImports } from "./closure.mjs";

const PAGE = ["index.html", "site.css", "favicon.svg"];
const WASM = ["engine_bg.wasm", "models.wasm"];
/** Scripts that are loaded on demand, by the beginnings of their names; the ends are made from what is in them. */
const ON_DEMAND = ["models-", "load-", "instance-", "wasm-", "tokenizer-"];
const MODEL = ["config.json", "data.json", "tokenizer.json", "model.safetensors"].map(
  (file) => `models/pronoun/${file}`,
);

/** Paths of the files of a built page. Of a name that is there twice both count. */
export function firstPicture(site) {
  const at = (name) => join(site, name);
  const scripts = readdirSync(site).filter(
    (name) => ON_DEMAND.some((start) => name.startsWith(start)) && name.endsWith(".js"),
  );
  const missing = ON_DEMAND.filter((start) => !scripts.some((name) => name.startsWith(start)));
  if (missing.length > 0) throw new Error(`first picture: expected scripts ${missing.join(", ")}, found none`);
  const found = new Set([...PAGE, ...WASM, ...MODEL].map(at));
  for (const script of ["element.js", "model-worker.js", ...scripts]) withImports(at(script), found);
  return [...found];
}
