/** The list of ready states, as links: loaded when it is opened. */

import { html, type TemplateResult } from "lit";
import { GALLERY } from "../../gallery/index.ts";
import { toQuery } from "../../state/codec.ts";
import { defaultState } from "../../state/fields.ts";
import type { Context } from "../parts/context.ts";

export function gallery({ state, language }: Context): TemplateResult {
  // How the page looks and speaks stays as it is.
  const { theme, lang } = state;
  return html`<ul data-gallery>${GALLERY.map(
    ({ id, title, state }) =>
      html`<li><a data-ready=${id} href=${`?${toQuery({ ...defaultState(), theme, lang, ...state })}`}>${title[language]}</a></li>`,
  )}</ul>`;
}
