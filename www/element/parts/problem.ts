/** What is wrong with a field, beside it. */

import { html, nothing, type TemplateResult } from "lit";
import type { State } from "../../state/fields.ts";
import type { Context } from "./context.ts";

export function problem(name: keyof State, { problems }: Context): TemplateResult | typeof nothing {
  const text = problems.get(name);
  return text ? html`<p class="problem" role="alert" id="problem-${name}" data-problem=${name}>${text}</p>` : nothing;
}
