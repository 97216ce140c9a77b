/** A formula of the engine on the page: MathML, with the colours of the roles, and one label that reads it out. */

import { html, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { glossary } from "../../text/glossary.ts";
import { say } from "../../text/say.ts";
import { roleOf } from "../../view/scene.ts";
import { type Node, parseFormula } from "./parse-formula.ts";

const MATHML = "http://www.w3.org/1998/Math/MathML";

/** By language and text. */
const parsed = new Map<string, Node[]>();
/** There are a few dozen in all; own shapes may give more. */
const MOST = 500;

function parsedOf(key: string, text: string): Node[] {
  const known = parsed.get(key) ?? parseFormula(text, glossary);
  if (parsed.size > MOST) parsed.clear();
  parsed.set(key, known);
  return known;
}

export function formula(text: string): TemplateResult {
  const key = `${say.lang}/${text}`;
  const chunks = parsedOf(key, text);
  const words = chunks.map((chunk) => chunk.words).join(" ");
  // What stands on the page stays as it is while the page is drawn again.
  const drawn = guard([key], () => chunks.map((chunk) => html`<math aria-hidden="true">${element(chunk)}</math> `));
  return html`<span role="math" aria-label=${words} data-formula=${text}>${drawn}</span>`;
}

function element({ tag, text, children }: Node): Element {
  const made = document.createElementNS(MATHML, tag);
  if (text !== undefined) made.textContent = text;
  const role = tag === "mi" ? roleOf(text ?? "") : "plain";
  if (role !== "plain") made.setAttribute("class", `role role-${role}`);
  made.append(...children.map(element));
  return made;
}
