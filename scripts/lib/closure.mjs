/** Which files the browser loads because a script imports them. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Of sources: types leave no import behind. */
const SOURCE_IMPORT = /^(?:import|export)\s(?!type\b)[^"';(]*["'](\.[^"']+\.ts)["']/gm;
const STATIC_IMPORT = /(?:\bfrom|\bimport)\s*["'](\.[^"']+)["']/g;

/** The built script and all that it imports statically, directly or not, as paths. */
export function withImports(script, found = new Set()) {
  if (found.has(script)) return found;
  found.add(script);
  for (const [, name] of readFileSync(script, "utf8").matchAll(STATIC_IMPORT)) {
    withImports(join(dirname(script), name), found);
  }
  return found;
}

/** The source and all that it imports statically, directly or not, as paths; `apart`: what is left out, with what that imports. */
export function sourcesOf(source, apart = [], found = new Set()) {
  if (found.has(source) || apart.some((name) => source.endsWith(name))) return found;
  found.add(source);
  for (const [, name] of readFileSync(source, "utf8").matchAll(SOURCE_IMPORT)) {
    sourcesOf(join(dirname(source), name), apart, found);
  }
  return found;
}
