/** The way to the lessons, in the header: under it hang the chapters, which are loaded when it is opened. */

import { html, nothing, type TemplateResult } from "lit";
import { say } from "../../text/say.ts";
import type { Context } from "./context.ts";
import { closeOnEscape } from "./fold.ts";

export function lessonMenu(context: Context): TemplateResult {
  const { lessons, actions } = context;
  return html`<details class="lessons" @toggle=${actions.loadLessons} @keydown=${closeOnEscape}>
    <summary class="quiet">${say.lessons}</summary>${lessons?.chapters(context) ?? nothing}</details>`;
}
