/** What computed the picture, in the header. Under it hangs the panel with the choice, which is loaded when it is opened. */

import { html, nothing, type TemplateResult } from "lit";
import { say } from "../../text/say.ts";
import type * as Panel from "../backend/index.ts";
import type { Context } from "./context.ts";
import { closeOnEscape } from "./fold.ts";

let panel: typeof Panel | undefined;

export function backend(context: Context): TemplateResult {
  const { trace, backends, actions } = context;
  const names = say.backend;
  const gpu = backends?.adapter?.isFallback ? names.software : names.webgpu;
  const name = trace?.backend === "webgpu" ? gpu : names.cpu;
  // On a phone the name alone is seen.
  const [before, after] = names.computedOn.split("{name}");
  const onToggle = async (event: Event) => {
    const details = event.target as HTMLDetailsElement;
    if (!details.open) return;
    panel ??= await import("../backend/index.ts");
    panel.open(details, actions);
  };
  return html`<details class="backend" data-backend @toggle=${onToggle} @keydown=${closeOnEscape}>
    <summary><span>${before}</span>${name}${after}</summary>${panel?.panel(context) ?? nothing}</details>`;
}
