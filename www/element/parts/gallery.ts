/** Where ready states can be had, at the end of the panel of a page that keeps its state in its address. */

import { html, nothing, type TemplateResult } from "lit";
import { say } from "../../text/say.ts";
import type * as Gallery from "../gallery/index.ts";
import type { Context } from "./context.ts";
import { closeOnEscape } from "./fold.ts";

let loaded: typeof Gallery | undefined;

export function gallery(context: Context): TemplateResult {
  const onToggle = async () => {
    loaded ??= await import("../gallery/index.ts");
    context.actions.refresh();
  };
  return html`<details class="ready" @toggle=${onToggle} @keydown=${closeOnEscape}>
    <summary>${say.gallery}</summary>${loaded?.gallery(context) ?? nothing}</details>`;
}
