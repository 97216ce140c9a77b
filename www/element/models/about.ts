/** What a model is and where it comes from, and the texts that it comes with. */

import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { textsOf } from "../../model/data.ts";
import { models } from "../../text/models.ts";
import { fill, say } from "../../text/say.ts";
import type { Context } from "../parts/context.ts";
import { closeOnEscape, Hanging } from "../parts/fold.ts";

const hanging = new Hanging(() => import("./card.ts"));

export function examples({ played, state, actions }: Context): TemplateResult | typeof nothing {
  const texts = played ? textsOf(played.data) : [];
  if (texts.length === 0) return nothing;
  const onChange = (event: Event) => {
    const select = event.target as HTMLSelectElement;
    actions.set({ text: select.value, target: "", token: -1, pin: "" }, "push");
  };
  return html`<label class="example"><span>${models.example}</span>
    <select data-examples .value=${state.text} @change=${onChange}>
      ${texts.includes(state.text) ? nothing : keyed(state.text, html`<option value=${state.text} selected>${state.text}</option>`)}
      ${texts.map((text) => html`<option value=${text} ?selected=${text === state.text}>${text}</option>`)}
    </select></label>`;
}

/** pronoun, layer 2 of 2, head 2 of 4. */
export function where({
  played,
  state,
  trace,
}: Pick<Context, "played" | "state" | "trace">): TemplateResult | typeof nothing {
  if (!played || !trace) return nothing;
  const { info } = played.model;
  const { layers = 1 } = (played.block === "encoder" ? info.encoder : info.decoder) ?? {};
  const block = info.blocks.length > 1 ? `${models.blocks[played.block]}, ` : "";
  const slots = {
    model: played.name,
    block,
    layer: played.layer + 1,
    layers,
    head: state.head + 1,
    heads: trace.config.heads,
  };
  return html`<p class="where">${fill(models.where, slots)}</p>`;
}

export function about({ played, actions }: Context): TemplateResult | typeof nothing {
  if (!played) return nothing;
  const onToggle = hanging.onToggle(actions, (card, details) => card.show(details.querySelector(".card"), played));
  // Another model begins with a card that is closed.
  return html`${keyed(
    `${played.key}/${played.name}/${say.lang}`,
    html`<details class="about-model" @toggle=${onToggle} @keydown=${closeOnEscape}><summary title=${models.about}><span>${models.about}</span></summary><div class="card"></div></details>`,
  )}`;
}
