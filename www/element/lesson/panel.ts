/** The panel of a lesson: its text, its question, and the way on. */

import { html, type LitElement, noChange, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import type { EngineError } from "../../engine/errors.ts";
import type { Trace } from "../../engine/types.ts";
import { inLanguage, type Question, type Step, type Text } from "../../lesson/format.ts";
import { LESSONS } from "../../lesson/load.ts";
import { type Answer, choiceAt, isRight, rightAnswer, tokensOf } from "../../lesson/question.ts";
import { evaluate } from "../../lesson/value.ts";
import { lesson as t } from "../../text/lesson.ts";
import { fill, say } from "../../text/say.ts";
import type { Actions, Context } from "../parts/context.ts";
import { gallery } from "./gallery.ts";
import type { Lessons } from "./lessons.ts";
import { said, shown } from "./said.ts";
import { TITLES } from "./titles.ts";

const plain = (text: Text) => inLanguage(text, say.lang);

/** The chapters, to choose from; on a page that keeps its state in its address, what is worth seeing besides. */
export function chapters(context: Context, lessons: Lessons): TemplateResult {
  const { state, linked } = context;
  const choose = (name: string) => (event: Event) => {
    const details = (event.target as HTMLElement).closest("details");
    if (details) details.open = false;
    void refocus(event, ".lesson", () => lessons.go(name, 0));
  };
  return html`<div class="chapters"><ol aria-label=${t.chapters}>${LESSONS.map(
    (
      name,
    ) => html`<li><button type="button" data-lesson-name=${name} aria-current=${state.lesson === name ? "true" : nothing} @click=${choose(name)}>
      <span class="chapter">${plain(TITLES[name].title)}</span><span class="hint">${plain(TITLES[name].about)}</span></button></li>`,
  )}</ol>${linked ? gallery(context) : nothing}</div>`;
}

export function panel(context: Context, lessons: Lessons): TemplateResult | typeof nothing {
  const { state, trace, actions, stale, working } = context;
  const { lesson, step } = lessons;
  if (!state.lesson) return nothing;
  const section = (inner: TemplateResult) =>
    html`<section class="lesson" tabindex="-1" aria-label=${t.label} lang=${say.lang}>${inner}</section>`;
  if (!lesson || !step) return section(html`<p class="hint" role="status">${t.loading}</p>`);
  const n = state.lessonStep;
  const last = lesson.steps.length - 1;
  const { question } = step;
  const { following } = lessons;
  const title = plain(lesson.title);
  // Numbers of another input than that of the step would be told as its own.
  const here = stale || working ? undefined : trace;
  const go = (event: Event, name: string, to: number) => {
    // It is read from its top again.
    void after(event, ".lesson-head", () => lessons.go(name, to)).then(intoView);
  };
  const leave = (event: Event) => void refocus(event, ".lessons summary", () => lessons.leave());
  // One button from the first step to the last, so that the focus can stay on it.
  const on = (event: Event) =>
    n < last ? go(event, state.lesson, n + 1) : following ? go(event, following, 0) : leave(event);
  const onward = n < last ? t.next : following ? fill(t.following, { title: plain(TITLES[following].title) }) : t.leave;
  return section(html`
    <div class="lesson-head"><h2>${title}</h2><span class="hint" data-lesson-step>${fill(t.step, { n: n + 1, all: last + 1 })}</span>
      <button type="button" class="close" data-lesson-leave aria-label=${t.leave} title=${t.leave} @click=${leave}></button></div>
    <p class="lesson-text" aria-live="polite">${said(step.text, here, actions)}</p>
    ${question ? asked({ step, question, here, actions, lessons }) : nothing}
    ${question && here && !lessons.hasMoved(step) ? fault(question, here, n) : nothing}
    ${lessons.hasMoved(step) ? html`<p class="hint">${t.moved} <button type="button" class="quiet small" data-lesson-restore @click=${(event: Event) => refocus(event, ".lesson", () => lessons.restore())}>${t.restore}</button></p>` : nothing}
    <div class="lesson-way">
      <button type="button" class="quiet" data-lesson-back ?disabled=${n === 0} @click=${(event: Event) => go(event, state.lesson, n - 1)}>${t.back}</button>
      <button type="button" class=${question && !lessons.isAnswered(step) ? "quiet" : "primary"} data-lesson-next @click=${on}>${onward}</button>
    </div>`);
}

/** What is wrong with the question on this trace is said to the one who wrote it. */
function fault(question: Question, trace: Trace, n: number): TemplateResult | typeof nothing {
  try {
    rightAnswer(question, trace);
    return nothing;
  } catch (thrown) {
    const { expected = "", found = "" } = thrown as Partial<EngineError>;
    return html`<p class="problem" role="alert">${fill(t.wrongStep, { n: n + 1, expected, found })}</p>`;
  }
}

interface Asked<Kind extends Question = Question> {
  step: Step;
  question: Kind;
  /** The trace of the step, once it is there. */
  here: Trace | undefined;
  actions: Actions;
  lessons: Lessons;
}

function asked(about: Asked): TemplateResult {
  const { step, question, here, actions, lessons } = about;
  const given = lessons.answerTo(step);
  return html`<div class="question" data-kind=${question.kind} role="group" aria-labelledby="lesson-question">
    <p class="predict hint">${t.predict}</p>
    <p id="lesson-question" aria-live="polite">${said(question.text, here, actions)}</p>
    ${question.kind === "number" ? keyed(step, guess(about as Asked<typeof question>)) : choices(about as Asked<typeof question>)}
    ${
      lessons.isAnswered(step)
        ? html`<div class="reveal" tabindex="-1" data-lesson-reveal>${here ? verdict(question, here, given, actions) : nothing} ${said(question.reveal, here, actions)}</div>`
        : html`<button type="button" class="quiet small" data-lesson-show @click=${(event: Event) => reveal(event, () => lessons.answer(step, undefined))}>${t.showMe}</button>`
    }
  </div>`;
}

function choices({
  step,
  question,
  here,
  actions,
  lessons,
}: Asked<Question & { kind: "choices" | "token" }>): TemplateResult {
  const answered = lessons.isAnswered(step);
  const given = lessons.answerTo(step);
  const all: [Answer, unknown][] =
    question.kind === "choices"
      ? question.choices.map(({ text }, n) => [n, said(text, here, actions)])
      : (question.among ?? (here ? tokensOf(question, here) : [])).map((token) => [token, token]);
  const right = answered && here ? rightOf(question, here) : undefined;
  return html`<div class="choices">${all.map(
    ([
      answer,
      text,
    ]) => html`<button type="button" class="quiet" data-choice=${answer} aria-pressed=${answered && given === answer}
      aria-disabled=${answered} @click=${(event: Event) => !answered && reveal(event, () => lessons.answer(step, answer))}>${answer === right ? "✓ " : nothing}${text}</button>`,
  )}</div>`;
}

function guess({ step, question, lessons }: Asked<Question & { kind: "number" }>): TemplateResult {
  const answered = lessons.isAnswered(step);
  const given = lessons.answerTo(step);
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const input = (event.target as HTMLFormElement).querySelector("input");
    const answer = input?.valueAsNumber ?? Number.NaN;
    if (!answered && !Number.isNaN(answer)) void reveal(event, () => lessons.answer(step, answer));
  };
  const label = question.percent ? `${t.guess} ${t.percent}` : t.guess;
  // What is being typed is the reader's.
  return html`<form class="guess" @submit=${onSubmit}>
    <label><span>${label}</span><input type="number" step="any" required data-guess ?readonly=${answered} .value=${given === undefined ? noChange : String(given)}/></label>
    <button class="quiet" aria-disabled=${answered}>${t.check}</button>
  </form>`;
}

/** Undefined where this trace has none. */
function rightOf(question: Question, trace: Trace): Answer | undefined {
  try {
    return rightAnswer(question, trace);
  } catch {
    return undefined;
  }
}

/** What is on the page once an act is done. */
async function after({ target }: Event, what: string, act: () => void): Promise<HTMLElement | null> {
  const root = (target as HTMLElement).getRootNode() as ShadowRoot;
  act();
  await (root.host as LitElement).updateComplete;
  return root.querySelector<HTMLElement>(what);
}

/** The focus goes where one reads on: what was pressed may be gone. */
async function refocus(event: Event, to: string, act: () => void): Promise<void> {
  (await after(event, to, act))?.focus();
}

/** No further than is needed: what is to be seen with it is in the margin that its style gives it. */
function intoView(what: HTMLElement | null): void {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  what?.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
}

async function reveal(event: Event, answer: () => void): Promise<void> {
  const answered = await after(event, "[data-lesson-reveal]", answer);
  answered?.focus({ preventScroll: true });
  intoView(answered);
}

/** Whether the answer was right, and what is. */
function verdict(question: Question, trace: Trace, given: Answer | undefined, actions: Actions): unknown {
  try {
    if (given !== undefined && isRight(question, trace, given)) return html`<strong>${t.right}</strong>`;
    if (question.kind === "choices") {
      const why = choiceAt(question, given)?.why;
      return given === undefined ? nothing : why ? said(why, trace, actions) : html`<strong>${t.no}</strong>`;
    }
    const right = shown(
      evaluate(question.answer, trace),
      question.kind === "number" && question.percent,
      question.answer,
      actions,
    );
    if (given === undefined) return html`${t.shown} <strong>${right}</strong>.`;
    const unit = question.kind === "number" && question.percent ? " %" : "";
    const [before, after] = t.wrong.split("{given}");
    return html`${before}<span data-given>${given}${unit}</span>${after} <strong>${right}</strong>.`;
  } catch {
    return nothing;
  }
}
