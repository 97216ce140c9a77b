/** Where the input comes from: a sentence, or the reader's own matrices. */

import { html, nothing, type TemplateResult } from "lit";
import { FIELDS } from "../../state/fields.ts";
import { en, fill } from "../../text/en.ts";
import type { Context } from "./context.ts";
import { problem } from "./controls.ts";

/** A paste longer than this is read at once instead of being put into the box, which could not show it. */
const LARGE_PASTE = 200_000;

export function input(context: Context): TemplateResult {
  const { state, actions, mode, openMatrices } = context;
  return html`<section class="input">
    <div class="text-row">
      ${
        mode === "text"
          ? html`<label class="grow"><span class="visually-hidden">${en.sentence}</span>
            <input type="text" data-field="text" .value=${state.text} autocomplete="off" spellcheck="false" dir="auto"
              @input=${(event: Event) => onText("text", event, context)} @paste=${(event: ClipboardEvent) => tooLong(event, context)}/></label>`
          : html`<span class="grow own">${en.showInputs}: ${Object.keys(state.matrices ?? {})
              .join(", ")
              .toUpperCase()}
              <button type="button" class="quiet" @click=${() => actions.set({ matrices: null }, "push")}>${en.matricesDrop}</button></span>`
      }
      <button type="button" class="quiet" aria-expanded=${openMatrices} @click=${actions.toggleMatrices}>${en.matrices}</button>
    </div>
    ${problem("text", context)}
    ${
      context.model && context.problems.has("text")
        ? html`<p><button type="button" class="quiet" data-no-model @click=${() => actions.useModel("none", { text: state.text })}>${en.models.untrainedInstead}</button></p>`
        : nothing
    }
    ${
      mode === "text" && state.attention === "cross"
        ? html`<label class="text-row"><span>${en.keySentence}</span>
          <input type="text" class="grow" data-field="keyText" .value=${state.keyText} autocomplete="off" dir="auto"
            @input=${(event: Event) => onText("keyText", event, context)}/></label>${problem("keyText", context)}`
        : nothing
    }
    ${openMatrices ? matrices(context) : nothing}
    ${openMatrices ? nothing : problem("matrices", context)}
  </section>`;
}

function onText(field: "text" | "keyText", event: Event, { actions }: Context): void {
  actions.set({ [field]: (event.target as HTMLInputElement).value }, "replace");
}

/** A text box that was given megabytes would freeze: the paste is refused with its size. */
function tooLong(event: ClipboardEvent, { actions }: Context): void {
  const length = event.clipboardData?.getData("text").length ?? 0;
  if (length <= (FIELDS.text.max ?? 0)) return;
  event.preventDefault();
  actions.refuse("text", fill(en.foundCharacters, { n: length }));
}

function matrices(context: Context): TemplateResult {
  const { actions } = context;
  const box = (event: Event) => (event.target as HTMLElement).closest(".matrices")?.querySelector("textarea");
  const onPaste = (event: ClipboardEvent) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (text.length <= LARGE_PASTE) return;
    event.preventDefault();
    actions.matrices(text);
  };
  const onFill = async (event: Event) => {
    const area = box(event);
    const text = await actions.fillMatrices();
    if (area) area.value = text;
  };
  return html`<div class="matrices">
    <label><span>${en.matricesHelp}</span>
      <textarea rows="6" spellcheck="false" data-field="matrices" placeholder="Q = [[1, 0], [0, 1]]" @paste=${onPaste}></textarea></label>
    ${problem("matrices", context)}
    <div class="buttons">
      <button type="button" class="primary" data-use @click=${(event: Event) => actions.matrices(box(event)?.value ?? "")}>${en.matricesUse}</button>
      <button type="button" class="quiet" @click=${onFill}>${en.matricesFill}</button>
    </div>
  </div>`;
}
