/** Where a number comes from: the way to it, and its equation, which is loaded when the first picture stands. */

import { html, nothing, type TemplateResult } from "lit";
import { say } from "../../text/say.ts";
import { type Context, cellName } from "./context.ts";

export function equation(context: Context): TemplateResult {
  const { explanation, path, actions } = context;
  return html`<section class="equation" aria-label=${say.equation}>
    <h2>${say.equation}</h2>
    ${path.length > 0 ? trail(context) : nothing}
    ${explanation ? (context.written?.body(explanation, context) ?? nothing) : html`<p class="hint">${say.equationEmpty}</p>`}
    ${path.length > 0 ? html`<button class="quiet" type="button" @click=${() => actions.hold(undefined)}>${say.letGo} <kbd>Esc</kbd></button>` : nothing}
  </section>`;
}

function trail({ path, actions, trace }: Context): TemplateResult {
  return html`<nav aria-label=${say.heldPath}><ol class="trail">
    ${path.map(
      (cell, n) => html`<li><button type="button" class="quiet" aria-current=${n === path.length - 1 ? "true" : nothing}
        @click=${() => actions.hold(cell)}>${cellName(cell, trace)}</button></li>`,
    )}
  </ol></nav>`;
}
