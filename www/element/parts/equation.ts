/** Where a number comes from: what is said of it is loaded when the first picture stands. */

import { html, nothing, type TemplateResult } from "lit";
import { say } from "../../text/say.ts";
import type { Context } from "./context.ts";

export function equation(context: Context): TemplateResult {
  const { told, path, actions } = context;
  return html`<section class="equation" aria-label=${say.equation}>
    <h2>${say.equation}</h2>
    ${told?.explanation ? (context.written?.body(told.explanation, context) ?? nothing) : html`${path.length > 0 ? context.written?.trail(context) : nothing}<p class="hint">${say.equationEmpty}</p>`}
    ${path.length > 0 ? html`<button class="quiet" type="button" @click=${() => actions.hold(undefined)}>${say.letGo} <kbd>Esc</kbd></button>` : nothing}
  </section>`;
}
