/** What the model answers, beside the picture: a word in the sentence's line; the next word, a class or a text as bars. */

import { html, nothing, type TemplateResult } from "lit";
import type { Answer, Choice } from "../../model/answer.ts";
import { ROUNDING } from "../../model/compare.ts";
import type { Played } from "../../model/play.ts";
import { FIELDS } from "../../state/fields.ts";
import { models } from "../../text/models.ts";
import { formatCell, formatPercent } from "../../view/format.ts";
import type { Context } from "../parts/context.ts";
import { problem } from "../parts/problem.ts";
import { extras } from "./extras.ts";

/** A probability, and where it stands: row and id of the logits that it was made of. */
function share({ id, probability }: Choice, row: number, of = "probabilities"): TemplateResult {
  return html`<span data-model=${of} data-index=${row < 0 ? id : `${row},${id}`}>${formatPercent(probability)}</span>`;
}

const nameAt = ({ trace, text, output }: Played, { row }: Answer) =>
  (text ? trace.tokens.key[row] : undefined) ?? output?.tokens[row] ?? "";

/** “it” stands for street 99 %, then animal 0.3 %. */
export function answerLine({ played, state }: Context): TemplateResult | typeof nothing {
  if (!played?.output) return nothing;
  const { answer, data } = played;
  if (!answer) {
    const missing = models.noWord[data.answer?.at ?? "[MASK]"];
    return played.model.info.family === "bert" && missing ? html`<span class="says hint">${missing}</span>` : nothing;
  }
  if (answer.kind !== "word") return nothing;
  return html`<span class="says" data-answer=${answer.choices[0]?.label ?? ""}>${state.edits || state.mask ? models.unchanged : ""}${wordAnswer(played, answer)}</span>`;
}

/** The token of what a model does not know is no word to a reader. */
const named = ({ vocabulary }: Played, { label }: Choice) =>
  label === vocabulary.unknown ? models.unknownWord : label;

/** Less is shown as less than this, which tells nothing of the second. */
const TELLING = 0.001;

function wordAnswer(
  played: Played,
  answer: Answer,
  of = "probabilities",
  name = nameAt(played, answer),
): TemplateResult {
  const [first, second] = answer.choices;
  const verb = played.data.answer?.means === "referent" ? models.stands : models.readAs;
  return html`“${name}” ${verb} <strong>${first && named(played, first)}</strong> ${first ? share(first, answer.row, of) : nothing}${
    second && second.probability >= TELLING
      ? html`, ${models.second} ${named(played, second)} ${share(second, answer.row, of)}`
      : nothing
  }`;
}

/** The same as a sentence to be spoken. */
export function answerSaid(played: Played): string | undefined {
  const { answer } = played;
  const [first] = answer?.choices ?? [];
  if (!answer || !first) return undefined;
  const likely = `${named(played, first)}, ${formatPercent(first.probability)}`;
  if (answer.kind === "word") {
    const verb = played.data.answer?.means === "referent" ? models.stands : models.readAs;
    return `“${nameAt(played, answer)}” ${verb} ${likely}.`;
  }
  if (answer.kind === "text") return `${models.writes}: ${answer.written.map(({ label }) => label).join("")}.`;
  return `${answer.kind === "label" ? models.reads : models.nextAfter}: ${likely}.`;
}

export function answer(context: Context): TemplateResult | typeof nothing {
  const { played, state } = context;
  if (played?.data.other) return order(context, played);
  const said = played?.answer;
  if (!played || !said || said.kind === "word") return nothing;
  const given = said.kind === "text" && state.target !== "";
  const title = { label: models.reads, next: models.nextAfter, text: given ? models.target.given : models.writes }[
    said.kind
  ];
  return html`<section class="answer" aria-label=${title}>
    ${played.drawing === undefined ? nothing : extras.digits?.digitPicture(context)}
    <h2>${title}${said.kind === "label" ? html` <strong class="class">${said.choices[0]?.label}</strong>` : nothing}</h2>
    ${said.kind === "text" ? text(said) : said.kind === "label" ? classes(said) : bars(said)}
    ${said.kind === "next" ? adding(context, played, said) : nothing}
    ${given ? html`<h2>${models.nextAfter}</h2>${bars(said)}` : nothing}
    ${said.kind === "text" && played ? extras.target?.targetControl(context, played, said) : nothing}
    ${said.kind === "text" && !given ? nothing : temperature(context)}
  </section>`;
}

/** The likeliest, one below the other. */
function bars(answer: Answer): TemplateResult {
  return html`<ol class="bars">${answer.choices.map(
    (choice) =>
      html`<li .style="--part: ${choice.probability}"><span class="bar-name">${choice.label}</span>${share(choice, answer.row)}</li>`,
  )}</ol>`;
}

/** All classes in their order, side by side. */
function classes(answer: Answer): TemplateResult {
  const ordered = [...answer.choices].sort((a, b) => a.id - b.id);
  const [first] = answer.choices;
  return html`<ol class="classes">${ordered.map(
    (choice) =>
      html`<li .style="--part: ${choice.probability}" ?data-first=${choice === first}><span class="class-share">${share(choice, answer.row)}</span><i></i><span class="class-name">${choice.label}</span></li>`,
  )}</ol>`;
}

/** What was written, character by character, each as likely as it was then. */
function text(answer: Answer): TemplateResult {
  return html`<ol class="written">${answer.written.map(
    (one) =>
      html`<li .style="--part: ${one.probability}"><span class="written-token">${one.label}</span>${share(one, one.row, "likelihoods")}</li>`,
  )}</ol>`;
}

/** Each draw has a seed of its own, counted from the opening of the page. */
let draws = 0;

function adding({ actions, state }: Context, played: Played, { choices }: Answer): TemplateResult {
  const { model, text = "" } = played;
  const add = async (temperature: number, seed: number) => {
    const input = model.hasTokenizer ? { text } : { ids: played.output?.ids ?? [] };
    for await (const { token, end } of model.generate({ ...input, maxTokens: 1, temperature, seed })) {
      if (end === "end_token") return;
      const next = model.hasTokenizer ? await extended(played, token) : `${text} ${token}`;
      actions.set({ text: next }, "push");
    }
  };
  const ends = model.info.ends.includes(choices[0]?.id ?? -1);
  return html`<div class="buttons">
    <button type="button" class="primary" data-add="sample" @click=${() => add(state.temperature, ++draws)}>${models.sample}</button>
    <button type="button" class="quiet" data-add="likeliest" ?disabled=${ends} @click=${() => add(0, 1)}>${models.likeliest}</button>
    ${ends ? html`<span class="hint">${models.ended}</span>` : nothing}
  </div>`;
}

/** The text with one more token, written as the reader would write it. */
async function extended({ model, output, text = "" }: Played, token: string): Promise<string> {
  const ids = output?.ids ?? [];
  const { ids: more } = await model.encode(token);
  if (/^[.,?!:;]$/.test(token)) return text + token;
  const [before, after] = [await model.decode(ids), await model.decode([...ids, ...more])];
  return after.startsWith(before) ? text + after.slice(before.length) : `${text} ${token}`;
}

function temperature(context: Context): TemplateResult {
  const { min = 0 } = FIELDS.temperature;
  const { state, actions } = context;
  return html`<label class="temperature"><span>${models.temperature}</span>
    <input type="range" data-field="temperature" min=${min} max="3" step="0.1" .value=${String(state.temperature)}
      @input=${(event: Event) => actions.set({ temperature: Number((event.target as HTMLInputElement).value) }, "replace")}/>
    <output data-constant="temperature">${formatCell(state.temperature)}</output></label>
    ${problem("temperature", context)}`;
}

/** With and without positions; and the same words the other way round. */
function order({ actions, model }: Context, played: Played): TemplateResult {
  const t = models.order;
  const { comparison, data } = played;
  const names = data.positions ? [model, data.other ?? ""] : [data.other ?? "", model];
  const choose = (name: string) => actions.set({ model: name, block: "auto", layer: -1, head: -1, pin: "" }, "push");
  const same = comparison && comparison.apart <= ROUNDING;
  return html`<section class="answer order" aria-label=${t.title}>
    <div class="switch" role="radiogroup" aria-label=${t.switch}>${names.map(
      (name, n) =>
        html`<label><input type="radio" name="positions" .checked=${name === model} @change=${() => choose(name)}/> ${n === 0 ? t.with : t.without}</label>`,
    )}</div>
    ${
      comparison
        ? html`<h2>${t.title}</h2>
      <p class="other-text"><button type="button" class="quiet" @click=${() => actions.set({ text: comparison.text }, "push")}>${comparison.text}</button></p>
      ${comparison.answer ? html`<p class="says" data-other-answer=${comparison.answer.choices[0]?.label ?? ""}>${wordAnswer(played, comparison.answer, "other", "[MASK]")}</p>` : nothing}
      <p class="same" data-same=${String(same)}>${same ? t.same : t.differ} <span data-model="apart">${formatCell(comparison.apart)}</span>.</p>`
        : nothing
    }
  </section>`;
}
