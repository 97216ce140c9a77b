/** Which files the browser loads because a script imports them. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

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
