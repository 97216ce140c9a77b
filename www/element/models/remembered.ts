/** The three networks that remember, on the reader's sequence: in the place of the sentence. */

import { html, nothing, type TemplateResult } from "lit";
import { fileOf } from "../../model/shelf.ts";
import { type Measured, recallStyles, recallView } from "../../recall/index.ts";
import type { Context } from "../parts/context.ts";
import { rememberedStyles } from "./remembered-styles.ts";
import { more } from "./styles.ts";

more.push(recallStyles, rememberedStyles);

let measured: Measured | undefined;
let asked = false;

export function remembered({ played, actions }: Context): TemplateResult | typeof nothing {
  if (!played?.recalled) return nothing;
  if (!asked) {
    asked = true;
    fetch(fileOf("recall", "results.json"))
      .then((response) => response.json() as Promise<Measured>)
      .then(
        (found) => {
          measured = found;
          actions.refresh();
        },
        () => {
          asked = false;
        },
      );
  }
  const { sequence, results } = played.recalled;
  return html`<section class="sentence remembered">${recallView(sequence, results, measured)}</section>`;
}
