/** What the document of the ways in tells people to copy, as it stands there. */

import { readFileSync } from "node:fs";

const text = readFileSync(new URL("../../www/embed/README.md", import.meta.url), "utf8");
const CDN = /https:\/\/cdn\.example(\/attention-playground)?/g;

/** `from`: where the package lies in a test. */
export const snippet = (name: string, from: string): string => block("snippet", name).replaceAll(CDN, from);

export function header(name: string, from: string): Record<string, string> {
  const [key = "", value = ""] = block("header", name)
    .trim()
    .split(/: (.*)/s);
  return { [key]: value.replaceAll(CDN, from) };
}

function block(kind: string, name: string): string {
  const found = new RegExp(`<!-- ${kind}: ${name.replace(".", "\\.")} -->\n\`\`\`\\w*\n([^]*?)\`\`\``).exec(text)?.[1];
  if (!found) throw new Error(`www/embed/README.md has no ${kind} ${name}`);
  return found;
}
