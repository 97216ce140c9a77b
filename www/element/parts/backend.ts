/** What computed the picture, in the header. Under it hangs the panel with the choice, which is loaded when it is opened. */

import { html, nothing, type TemplateResult } from "lit";
import { say } from "../../text/say.ts";
import type { Context } from "./context.ts";
import { closeOnEscape, Hanging } from "./fold.ts";

const hanging = new Hanging(() => import("../backend/index.ts"));

export function backend(context: Context): TemplateResult {
  const { trace, backends, actions } = context;
  const names = say.backend;
  const gpu = backends?.adapter?.isFallback ? names.software : names.webgpu;
  const name = trace?.backend === "webgpu" ? gpu : names.cpu;
  // On a phone the name alone is seen.
  const [before, after] = names.computedOn.split("{name}");
  const onToggle = hanging.onToggle(actions, (panel, details) => panel.open(details, actions));
  return html`<details class="backend" data-backend @toggle=${onToggle} @keydown=${closeOnEscape}>
    <summary><span>${before}</span>${name}${after}</summary>${hanging.panel?.panel(context) ?? nothing}</details>`;
}
