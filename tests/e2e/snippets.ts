/** The snippets of the document, with the package where a test has it. */

import { snippetOf } from "../../scripts/lib/snippets.mjs";

const CDN = /https:\/\/cdn\.example(\/attention-playground)?/g;

export const snippet = (name: string, from: string): string => snippetOf(name).replaceAll(CDN, from);

export function header(name: string, from: string): Record<string, string> {
  const [key = "", value = ""] = snippetOf(name, "header")
    .trim()
    .split(/: (.*)/s);
  return { [key]: value.replaceAll(CDN, from) };
}
