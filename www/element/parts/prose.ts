/** A message on the page: its terms can be asked for what they mean. What they mean is loaded later. */

import { html, type TemplateResult } from "lit";
import { marked, type Term } from "../../text/marks.ts";

export const term = ({ term: key, text }: Term): TemplateResult =>
  html`<button type="button" class="term" data-term=${key}>${text}</button>`;

export const prose = (message: string): (string | TemplateResult)[] =>
  marked(message).map((piece) => (typeof piece === "string" ? piece : term(piece)));
