/** What a browser asks for until the first picture stands: the page with its default model. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withImports } from "./closure.mjs";

const PAGE = ["index.html", "site.css", "favicon.svg"];
const WASM = ["engine_bg.wasm", "models.wasm"];
/** Scripts that are loaded on demand, by the beginnings of their names (the ends are made from what is in them), and who asks for them. */
const ON_DEMAND = [
  ["element.js", ["models-"]],
  ["engine.js", ["load-", "instance-", "wasm-"]],
  // Engines without workers have a tokenizer of their own.
  ["model-worker.js", ["tokenizer-"]],
];
const MODEL = ["config.json", "data.json", "tokenizer.json", "model.safetensors"].map(
  (file) => `models/pronoun/${file}`,
);

/** Paths of the files of a built page. */
export function firstPicture(site) {
  const at = (name) => join(site, name);
  const scripts = ON_DEMAND.flatMap(([asker, starts]) => {
    const texts = [...withImports(at(asker))].map((file) => readFileSync(file, "utf8"));
    return starts.map((start) => {
      const name = texts.map((text) => text.match(new RegExp(`\\./(${start}[\\w-]+\\.js)`))?.[1]).find(Boolean);
      if (!name) throw new Error(`first picture: expected ${asker} to load ${start}*.js, found that it does not`);
      return name;
    });
  });
  const found = new Set([...PAGE, ...WASM, ...MODEL].map(at));
  for (const script of ["element.js", "model-worker.js", ...scripts]) withImports(at(script), found);
  return [...found];
}
