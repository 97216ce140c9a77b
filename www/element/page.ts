/** How the parts stand together on the page. */

import { html, nothing, type TemplateResult } from "lit";
import { FIELDS, type State } from "../state/fields.ts";
import { fill, LANGUAGES, say } from "../text/say.ts";
import { stageName } from "../trace/story.ts";
import { formatCell } from "../view/format.ts";
import { css, DARK, scaleOf } from "../view/palette.ts";
import { sceneFor } from "../view/scene.ts";
import { backend } from "./parts/backend.ts";
import { aboutStage, captionFor, whatIsKept } from "./parts/caption.ts";
import { changes, comparison, pictured } from "./parts/change.ts";
import { type Context, cellName, partsOf } from "./parts/context.ts";
import { equation } from "./parts/equation.ts";
import { input, underInput } from "./parts/input.ts";
import { lessonMenu } from "./parts/lessons.ts";
import { modelMenu } from "./parts/model-menu.ts";
import { numberLink } from "./parts/number.ts";
import { problem } from "./parts/problem.ts";
import { joined, prose, term } from "./parts/prose.ts";
import { sentence } from "./parts/sentence.ts";
import { share } from "./parts/share.ts";
import { strip } from "./parts/strip.ts";
import { transport } from "./parts/transport.ts";
import { where } from "./parts/where.ts";

/** Text that is dragged into a field is the browser's own affair. */
const withFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") ?? false;

export function page(context: Context): TemplateResult {
  const { state, palette, actions, fit, parts, played } = context;
  const hidden = partsOf(state.hide);
  const locked = partsOf(state.lock);
  const show = (part: string, made: () => unknown) => {
    if (hidden.has(part)) return nothing;
    // What is disabled is still read, aloud too.
    return locked.has(part) ? html`<fieldset class="locked" role="none" disabled>${made()}</fieldset>` : made();
  };
  const panel = ["lesson", "heads", "answer", "caption", "equation", "controls"].some((part) => !hidden.has(part));
  // In one column the sheet that is drawn on comes before what is made of it.
  const sheetAbove = fit.narrow && played?.drawing !== undefined;
  // In one column it follows the sentence; the three networks with their charts, longer than a screen, follow it.
  const taught = () => show("lesson", () => context.lessons?.panel(context) ?? nothing);
  const answered = () => show("answer", () => parts?.answer(context) ?? nothing);
  const onDrop = (event: DragEvent) => {
    if (!event.dataTransfer || !withFiles(event)) return;
    event.preventDefault();
    if (locked.has("input")) return;
    actions.files(event.dataTransfer);
  };
  const onOver = (event: DragEvent) => withFiles(event) && event.preventDefault();
  return html`<div class="page" lang=${say.lang} data-theme=${palette === DARK ? "dark" : "light"} ?data-low=${fit.low} ?data-compact=${fit.compact} ?data-bounded=${fit.bounded} ?data-bare=${!panel} ?data-asking=${!hidden.has("lesson") && !locked.has("lesson") && context.lessons?.asking}
    @drop=${onDrop} @dragover=${onOver} @mousedown=${keepFocus}>
    ${show("header", () => header(context))}
    <div class="top">
      ${show("input", () => parts?.extras.digits?.digitInput(context) ?? nothing)}
      ${show("input", () => (played?.drawing === undefined ? input(context) : nothing))}
      <div class="hang"><div>
        ${show("header", () => problem("model", context))}
        ${parts?.extras.own?.ownModel(context)}
        ${show("input", () => (played?.drawing === undefined ? underInput(context) : nothing))}
        ${messages(context, hidden)}
      </div></div>
      ${sheetAbove ? answered() : nothing}
      ${played?.recalled ? nothing : show("sentence", () => sentence(context))}
      ${fit.narrow ? taught() : nothing}
      ${played?.recalled ? show("sentence", () => parts?.extras.remembered?.remembered(context)) : nothing}
    </div>
    <div class="work" ?data-editing=${context.maskEdit}>
      ${show("strip", () => strip(context))}
      ${context.stale ? html`<p class="notice stale" role="status">${say.stale}</p>` : nothing}
      ${where(context)}
      <div class="scene" data-scene=${context.frame?.segment.stage.id ?? ""} data-of=${pictured(context) === context.trace ? nothing : state.show}></div>
      <div class="below">
      ${context.tools?.bar(context) ?? legend(context)}
      <div class="zoom" role="group" aria-label=${say.zoom.group}>${context.tools?.buttons(context)}
          <button type="button" class="quiet" aria-label=${say.zoom.closer} title=${say.zoom.closer} @click=${() => actions.zoom(1.6)}>+</button>
          <button type="button" class="quiet" aria-label=${say.zoom.wider} title=${say.zoom.wider} @click=${() => actions.zoom(1 / 1.6)}>−</button>
          <button type="button" class="quiet" aria-label=${say.zoom.all} title=${say.zoom.all} @click=${() => actions.zoom(0)}>⤢</button>
        </div>
      </div>
    </div>
    ${
      panel
        ? html`<aside class="panel">
      ${fit.narrow ? nothing : taught()}
      ${show("heads", () => parts?.heads(context) ?? nothing)}
      ${sheetAbove ? nothing : answered()}
      ${show("caption", () => caption(context))}
      ${show("equation", () => [equation(context), changes(context)])}
      ${show("controls", () => (played ? nothing : (context.settings?.controls(context) ?? nothing)))}
      <p class="hint keys-hint">${say.keys}</p>
    </aside>`
        : nothing
    }
    ${show("transport", () => transport(context))}
    <p class="visually-hidden" aria-live="polite" data-spoken>${context.spoken}</p>
  </div>`;
}

/** A click with the mouse leaves the focus where it was, so that Space still plays; the keyboard moves it as ever. */
function keepFocus(event: Event): void {
  const control = (event.target as HTMLElement).closest("button, input[type=checkbox]");
  if (control) event.preventDefault();
}

function header(context: Context): TemplateResult {
  const { state, actions, linked, parts, language } = context;
  return html`<div class="header" role="group" aria-label=${say.title}>
    <span class="name">${say.title}</span>
    ${partsOf(state.hide).has("lesson") ? nothing : lessonMenu(context)}
    ${modelMenu(context)}
    ${parts?.examples(context) ?? nothing}
    ${parts?.about(context) ?? nothing}
    <span class="spacer"></span>
    ${backend(context)}
    ${linked ? share(context) : nothing}
    <label class="theme"><span>${say.controls.theme}</span>
      <select data-field="theme" .value=${state.theme} @change=${(event: Event) => actions.set({ theme: (event.target as HTMLSelectElement).value as "auto" }, "replace")}>
        ${FIELDS.theme.choices?.map((choice) => html`<option value=${choice} ?selected=${choice === state.theme}>${say.choices[choice]}</option>`)}
      </select></label>
    <label class="theme lang"><span>${say.controls.lang}</span>
      <select data-field="lang" .value=${language} @change=${(event: Event) => actions.set({ lang: (event.target as HTMLSelectElement).value as "auto" }, "replace")}>
        ${Object.entries(LANGUAGES).map(([name, own]) => html`<option value=${name} lang=${name} ?selected=${name === language}>${own}</option>`)}
      </select></label>
  </div>`;
}

/** What has to be said about the picture as a whole, and what is wrong with a field that has no control on show. */
function messages(context: Context, hidden: Set<string>): TemplateResult {
  const { notice, problems, actions } = context;
  const { first, more } = context.settings?.controlFields(context) ?? { first: [], more: [] };
  const placed = new Set<keyof State>([
    ...(hidden.has("header") ? [] : (["model"] as const)),
    ...(hidden.has("controls") || context.played ? [] : [...first, ...more]),
    ...(hidden.has("answer") || context.played?.answer?.kind !== "text" ? [] : (["target"] as const)),
    ...(hidden.has("input") ? [] : (["text", "keyText", "matrices"] as const)),
  ]);
  const elsewhere = [...problems].filter(([field]) => !placed.has(field));
  return html`
    ${notice ? html`<p class="notice" role="status">${notice}<button type="button" class="close" aria-label=${say.close} @click=${actions.dismiss}></button></p>` : nothing}
    ${elsewhere.map(([field, text]) => html`<p class="problem" role="alert" data-problem=${field}>${text}</p>`)}`;
}

function caption(context: Context): TemplateResult | typeof nothing {
  const { trace, told, state, actions, parts, played, tracedTokens } = context;
  if (!trace || !told) return nothing;
  const { frame, explanation } = told;
  const { stage } = frame.segment;
  const pieces = captionFor(trace, frame, state.head, explanation);
  const kept = whatIsKept(trace, tracedTokens);
  return html`<section class="caption" aria-label=${say.whatHappens}>
    <h2>${stageName(stage)}</h2>
    ${parts?.where({ trace, state, played }) ?? nothing}
    <p class="about">${prose(aboutStage(stage))}</p>
    ${kept ? html`<p class="hint" data-kept>${kept}</p>` : nothing}
    ${frame.active ? html`<p class="now">${joined(pieces.map((p) => (typeof p === "string" ? p : "term" in p ? term(p) : numberLink(p.cell, p.text, actions))))}</p>` : nothing}
    ${comparison(context)}
  </section>`;
}

/** The scale of every matrix on show, with its numbers. */
function legend(context: Context): TemplateResult | typeof nothing {
  const { frame, state, palette } = context;
  const trace = pictured(context);
  if (!trace || !frame) return nothing;
  const scene = sceneFor(trace, frame.segment.stage, state.head);
  const stages = new Map([...scene.parts, scene.result].map(({ view }) => [view.stage.id, view.stage]));
  const ends = {
    paper: css(palette.paper),
    ink: css(palette.ink),
    negative: css(palette.negative),
    positive: css(palette.positive),
  };
  const holes = [...stages.values()].some((stage) => scaleOf(trace, stage).holes);
  return html`<div class="legend">
    ${[...stages.values()].map((stage) => {
      const { kind, end } = scaleOf(trace, stage);
      const bar =
        kind === "signed"
          ? `linear-gradient(90deg, ${ends.negative}, ${ends.paper}, ${ends.positive})`
          : `linear-gradient(90deg, ${ends.paper}, ${ends.ink})`;
      return html`<span class="scale" data-scale=${stage.id}>${stageName(stage)}
        <span class="low">${kind === "signed" ? formatCell(-end) : "0"}</span><i .style="background: ${bar}"></i><span class="high">${formatCell(end)}</span></span>`;
    })}
    ${context.blocks > 1 ? html`<span class="scale" data-blocks=${context.blocks}>${fill(say.legendBlocks, { n: context.blocks })}</span>` : nothing}
    ${context.tools?.note(context)}
    ${holes ? html`<span class="scale">${say.legendMasked}</span>` : nothing}
    ${
      trace.nonFiniteCount
        ? html`<span class="notice">${fill(say.nonFinite, { n: trace.nonFiniteCount, at: trace.nonFinite?.[0] ? cellName(trace.nonFinite[0], trace) : "" })}</span>`
        : nothing
    }
  </div>`;
}
