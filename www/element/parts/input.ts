/** Where the input comes from: a sentence, or the reader's own matrices. */

import { html, nothing, type TemplateResult } from "lit";
import { FIELDS } from "../../state/fields.ts";
import { fill, say } from "../../text/say.ts";
import type { Context } from "./context.ts";
import { problem } from "./problem.ts";

export function input(context: Context): TemplateResult {
  const { state, actions, mode, openMatrices } = context;
  return html`<section class="input">
    <div class="text-row">
      ${
        mode === "text"
          ? html`<label class="grow"><span class="visually-hidden">${say.sentence}</span>
            <input type="text" data-field="text" .value=${state.text} autocomplete="off" spellcheck="false" dir="auto"
              @input=${(event: Event) => onText("text", event, context)} @paste=${(event: ClipboardEvent) => tooLong(event, context)}/></label>`
          : html`<span class="grow own">${say.showInputs}: ${Object.keys(state.matrices ?? {})
              .filter((name) => name !== "tokens")
              .join(", ")
              .toUpperCase()}
              <button type="button" class="quiet" @click=${() => actions.set({ matrices: null }, "push")}>${say.matricesDrop}</button></span>`
      }
      <button type="button" class="quiet" data-open-matrices aria-expanded=${openMatrices} @click=${actions.toggleMatrices}>${say.matrices}</button>
    </div>
    ${
      mode === "text" && state.attention === "cross"
        ? html`<label class="text-row"><span>${say.keySentence}</span>
          <input type="text" class="grow" data-field="keyText" .value=${state.keyText} autocomplete="off" dir="auto"
            @input=${(event: Event) => onText("keyText", event, context)}/></label>`
        : nothing
    }
  </section>`;
}

/** What hangs under it: what is wrong with it, and the box for matrices. */
export function underInput(context: Context): TemplateResult {
  const { state, actions, openMatrices } = context;
  return html`${problem("text", context)}${
    context.model && context.problems.has("text")
      ? html`<p><button type="button" class="quiet" data-no-model @click=${() => actions.useModel("none", { text: state.text })}>${say.models.untrainedInstead}</button></p>`
      : nothing
  }${problem("keyText", context)}${openMatrices ? context.settings?.matrices(context) : problem("matrices", context)}`;
}

function onText(field: "text" | "keyText", event: Event, { actions }: Context): void {
  actions.set({ [field]: (event.target as HTMLInputElement).value }, "replace");
}

/** A text box that was given megabytes would freeze: the paste is refused with its size. */
function tooLong(event: ClipboardEvent, { actions }: Context): void {
  const length = event.clipboardData?.getData("text").length ?? 0;
  if (length <= (FIELDS.text.max ?? 0)) return;
  event.preventDefault();
  actions.refuse("text", fill(say.foundCharacters, { n: length }));
}
