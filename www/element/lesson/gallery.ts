/** Ready states that are worth seeing, as links of this page. */

import { html, type TemplateResult } from "lit";
import { GALLERY } from "../../gallery/index.ts";
import { toQuery } from "../../state/codec.ts";
import { defaultState } from "../../state/fields.ts";
import { lesson as t } from "../../text/lesson.ts";
import type { Context } from "../parts/context.ts";

export function gallery({ state, language }: Context): TemplateResult {
  // How the page looks and speaks stays as it is.
  const { theme, lang } = state;
  return html`<h2>${t.gallery}</h2><ul data-gallery>${GALLERY.map(
    ({ id, title, state }) =>
      html`<li><a data-ready=${id} href=${`?${toQuery({ ...defaultState(), theme, lang, ...state })}`}>${title[language]}</a></li>`,
  )}</ul>`;
}
