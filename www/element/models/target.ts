/** What the decoder of an encoder-decoder has written so far: given by the reader, or left to the model. */

import { html, nothing, type TemplateResult } from "lit";
import type { Answer } from "../../model/answer.ts";
import type { Played } from "../../model/play.ts";
import { models } from "../../text/models.ts";
import type { Context } from "../parts/context.ts";
import { problem } from "../parts/problem.ts";

/** The ids as the field has them: as text, or as the numbers of a model that has no tokenizer. */
async function asTarget({ model }: Played, ids: readonly number[]): Promise<string> {
  return model.hasTokenizer ? await model.decode(ids) : ids.join(" ");
}

/** The field, and the ways between what the model writes and what the reader gives. */
export function targetControl(context: Context, played: Played, { choices }: Answer): TemplateResult {
  const { state, actions, problems } = context;
  const t = models.target;
  const [, ...written] = played.output?.targetIds ?? [];
  const give = async (ids: readonly number[]) =>
    actions.set({ target: await asTarget(played, ids), token: -1, pin: "" }, "push");
  const [first] = choices;
  const ends = first !== undefined && played.model.info.ends.includes(first.id);
  const onInput = (event: Event) => actions.set({ target: (event.target as HTMLInputElement).value }, "replace");
  return html`<div class="target">
    <label><span>${t.label}</span>
      <input type="text" data-field="target" .value=${state.target} placeholder=${t.free} autocomplete="off" spellcheck="false" dir="auto"
        aria-invalid=${problems.has("target") ? "true" : nothing} aria-describedby=${problems.has("target") ? "problem-target" : nothing} @input=${onInput}/></label>
    ${problem("target", context)}
    <div class="buttons">${
      state.target === ""
        ? html`<button type="button" class="quiet" data-target="take" ?disabled=${written.length === 0} @click=${() => give(written)}>${t.take}</button>`
        : html`<button type="button" class="primary" data-target="add" ?disabled=${!first || ends} @click=${() => give([...written, first?.id ?? 0])}>${models.likeliest}</button>
        <button type="button" class="quiet" data-target="clear" @click=${() => actions.set({ target: "", token: -1, pin: "" }, "push")}>${t.clear}</button>
        ${ends ? html`<span class="hint">${models.ended}</span>` : nothing}`
    }</div>
  </div>`;
}
