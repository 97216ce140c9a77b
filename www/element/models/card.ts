/** The card of a model: loaded with the first that is opened. */

import { html, render, type TemplateResult } from "lit";
import type { Card } from "../../model/data.ts";
import type { Played } from "../../model/play.ts";
import { fileOf } from "../../model/shelf.ts";
import { card as t } from "../../text/card.ts";
import { fill } from "../../text/say.ts";

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

export async function show(place: HTMLElement | null, played: Played): Promise<void> {
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
  return html`<p class="summary">${name}</p><p>${t.own}</p>
    <p>${fill(t.family, { family, width, parameters })}</p>`;
}
