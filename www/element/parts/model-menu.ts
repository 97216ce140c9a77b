/** The menu of models, and what is on its way. */

import { html, nothing, type TemplateResult } from "lit";
import { SHIPPED } from "../../model/shipped.ts";
import { fill, say } from "../../text/say.ts";
import { formatPercent } from "../../view/format.ts";
import type { Context } from "./context.ts";

export function modelMenu(context: Context): TemplateResult {
  const { model, loading, actions } = context;
  // The others are a switch of one of these.
  const listed = SHIPPED.filter((one) => say.models.names[one]);
  const name = model === "" ? "none" : (listed.find((one) => model.startsWith(one)) ?? model);
  const onChange = (event: Event) => {
    const select = event.target as HTMLSelectElement;
    const chosen = select.value;
    // The menu shows what is in use, whether or not the choice comes to be.
    select.value = name;
    actions.useModel(chosen);
  };
  return html`<label class="model"><span>${say.models.label}</span>
    <select data-field="model" .value=${name} @change=${onChange}>
      ${[...listed, "own", "none"].map((one) => html`<option value=${one} ?selected=${one === name}>${say.models.names[one]}</option>`)}
    </select></label>
    ${
      loading
        ? html`<span class="hint loading-model" role="status">${fill(say.models.loading, { name: loading.name, part: loading.total > 0 ? formatPercent(loading.loaded / loading.total) : "…" })}
      <button type="button" class="quiet" @click=${actions.cancelModel}>${say.models.cancel}</button></span>`
        : nothing
    }`;
}
