/** What a model is and where it comes from, and the texts that it comes with. */

import { html, nothing, render, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { type Card, textsOf } from "../../model/data.ts";
import type { Played } from "../../model/play.ts";
import { fileOf } from "../../model/shelf.ts";
import { models } from "../../text/models.ts";
import { fill, say } from "../../text/say.ts";
import type { Context } from "../parts/context.ts";
import { closeOnEscape } from "../parts/fold.ts";

export function examples({ played, state, actions }: Context): TemplateResult | typeof nothing {
  const texts = played ? textsOf(played.data) : [];
  if (texts.length === 0) return nothing;
  const onChange = (event: Event) => {
    const select = event.target as HTMLSelectElement;
    actions.set({ text: select.value, target: "", token: -1, pin: "" }, "push");
  };
  return html`<label class="example"><span>${models.example}</span>
    <select data-examples .value=${state.text} @change=${onChange}>
      ${texts.includes(state.text) ? nothing : html`<option value=${state.text} selected>${state.text}</option>`}
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

const cards = new Map<string, Promise<Card>>();

/** Read when it is wanted, not with the first picture. */
function cardOf(name: string): Promise<Card> {
  let card = cards.get(name);
  if (!card) {
    card = fetch(fileOf(name, "card.json")).then((response) => response.json() as Promise<Card>);
    card.catch(() => cards.delete(name));
    cards.set(name, card);
  }
  return card;
}

export function about({ played }: Context): TemplateResult | typeof nothing {
  if (!played) return nothing;
  const onToggle = (event: Event) => {
    const details = event.target as HTMLDetailsElement;
    if (details.open) void showCard(details.querySelector<HTMLElement>(".card"), played);
  };
  // Another model begins with a card that is closed.
  return html`${keyed(
    `${played.key}/${played.name}/${say.lang}`,
    html`<details class="about-model" @toggle=${onToggle} @keydown=${closeOnEscape}><summary title=${models.about}><span>${models.about}</span></summary><div class="card"></div></details>`,
  )}`;
}

async function showCard(place: HTMLElement | null, played: Played): Promise<void> {
  if (!place) return;
  const card =
    played.key === "own" ? ownCard(played) : cardOf(played.name).then((found) => shippedCard(played.name, found));
  try {
    render(await card, place);
  } catch (thrown) {
    render(
      html`<p class="problem" role="alert">${thrown instanceof Error ? thrown.message : String(thrown)}</p>`,
      place,
    );
  }
}

function shippedCard(name: string, card: Card): TemplateResult {
  const t = models.card;
  const test = Object.entries(card.test).map(
    ([what, value]) => html`<span class="score">${what} <span data-model="card.test.${what}">${value}</span></span>`,
  );
  return html`<p class="summary">${card.summary}</p>
    <dl>
      <dt>${t.model}</dt><dd>${card.model}. ${fill(t.parameters, { n: card.parameters, bytes: card.bytes })}</dd>
      <dt>${t.data}</dt><dd>${card.data}</dd>
      <dt>${t.test}</dt><dd>${test} ${card.test_data}</dd>
      <dt>${t.limits}</dt><dd><ul>${card.limits.map((limit) => html`<li>${limit}</li>`)}</ul></dd>
    </dl>
    <p><a href=${fileOf(name, "README.md").href} target="_blank" rel="noopener">${t.file}</a></p>`;
}

function ownCard({ name, model }: Played): TemplateResult {
  const { family, width, parameters } = model.info;
  return html`<p class="summary">${name}</p><p>${models.card.own}</p>
    <p>${fill(models.card.family, { family, width, parameters })}</p>`;
}
