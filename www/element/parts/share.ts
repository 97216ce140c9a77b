/** "Share" in the header. Under it hangs the panel with all that can be taken away, which is loaded when it is opened. */

import { html, nothing, type TemplateResult } from "lit";
import { say } from "../../text/say.ts";
import type { Context } from "./context.ts";
import { closeOnEscape, Hanging } from "./fold.ts";

const hanging = new Hanging(() => import("../share/index.ts"));

export function share(context: Context): TemplateResult {
  const { actions } = context;
  const onToggle = hanging.onToggle(actions, (panel, details) => panel.open(details, actions));
  return html`<details class="sharing" @toggle=${onToggle} @keydown=${closeOnEscape}>
    <summary class="quiet">${say.share}</summary>${hanging.panel?.panel(context) ?? nothing}</details>`;
}
