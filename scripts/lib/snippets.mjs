/** What the document of the ways in tells people to copy, as it stands there. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./run.mjs";

/** `kind`: "snippet", or "header" for what a server sends. */
export function snippetOf(name, kind = "snippet") {
  const text = readFileSync(join(ROOT, "www/embed/README.md"), "utf8");
  const pattern = new RegExp(`<!-- ${kind}: ${name.replace(".", "\\.")} -->\n\`\`\`\\w*\n([^]*?)\`\`\``);
  const found = pattern.exec(text)?.[1];
  if (!found) throw new Error(`www/embed/README.md has no ${kind} ${name}`);
  return found;
}
