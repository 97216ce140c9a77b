/** The box for the reader's own matrices. */

import { html, type TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import { settings } from "../../text/settings.ts";
import type { Context } from "../parts/context.ts";
import { focused, focusOn, onEscape } from "../parts/fold.ts";
import { problem } from "../parts/problem.ts";

/** A paste longer than this is read at once instead of being put into the box, which could not show it. */
const LARGE_PASTE = 200_000;

export function matrices(context: Context): TemplateResult {
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
  const onKey = onEscape((panel) => {
    focusOn(panel, "[data-open-matrices]");
    actions.toggleMatrices();
  });
  return html`<div class="matrices" @keydown=${onKey}>
    <label><span>${settings.matrices.help}</span>
      <textarea rows="6" spellcheck="false" data-field="matrices" ${ref(focused)} placeholder="Q = [[1, 0], [0, 1]]" @paste=${onPaste}></textarea></label>
    ${problem("matrices", context)}
    <div class="buttons">
      <button type="button" class="primary" data-use @click=${(event: Event) => actions.matrices(box(event)?.value ?? "")}>${settings.matrices.use}</button>
      <button type="button" class="quiet" @click=${onFill}>${settings.matrices.fill}</button>
    </div>
  </div>`;
}
