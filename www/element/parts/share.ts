/** "Share" in the header. Under it hangs the panel with all that can be taken away, which is loaded when it is opened. */

import { html, nothing, type TemplateResult } from "lit";
import { say } from "../../text/say.ts";
import type * as Panel from "../share/index.ts";
import type { Context } from "./context.ts";
import { closeOnEscape } from "./fold.ts";

let panel: typeof Panel | undefined;

export function share(context: Context): TemplateResult {
  const onToggle = async (event: Event) => {
    const details = event.target as HTMLDetailsElement;
    if (!details.open) return;
    panel ??= await import("../share/index.ts");
    // Closed, or opened once more, while it was on its way.
    if (details.open) panel.open(details, context.actions);
  };
  return html`<details class="sharing" @toggle=${onToggle} @keydown=${closeOnEscape}>
    <summary class="quiet">${say.share}</summary>${panel?.panel(context) ?? nothing}</details>`;
}
