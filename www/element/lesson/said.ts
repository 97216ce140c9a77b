/** Text of a lesson with its terms, and with numbers of the trace in its slots: each says which cell it is. */

import { html, type TemplateResult } from "lit";
import type { Trace } from "../../engine/types.ts";
import { inLanguage, type Text } from "../../lesson/format.ts";
import { readSlot, SLOT } from "../../lesson/slots.ts";
import { evaluate, type Value } from "../../lesson/value.ts";
import { lesson as t } from "../../text/lesson.ts";
import { say } from "../../text/say.ts";
import { formatCell, formatPercent } from "../../view/format.ts";
import type { Actions } from "../parts/context.ts";
import { numberLink } from "../parts/number.ts";
import { joined, prose } from "../parts/prose.ts";

type Piece = string | TemplateResult;

export function said(text: Text, trace: Trace | undefined, actions: Actions): Piece[] {
  return joined(
    inLanguage(text, say.lang)
      .split(SLOT)
      .flatMap((piece) => (SLOT.test(piece) ? [filled(piece.slice(1, -1), trace, actions)] : prose(piece))),
  );
}

function filled(slot: string, trace: Trace | undefined, actions: Actions): Piece {
  const { expression, percent } = readSlot(slot);
  try {
    return shown(evaluate(expression, trace as Trace), percent, expression, actions);
  } catch {
    return t.absent;
  }
}

/** A value as the page writes it. */
export function shown(value: Value, percent: boolean, expression: string, actions: Actions): Piece {
  const format = percent ? formatPercent : formatCell;
  switch (value.kind) {
    case "token":
      return `“${value.text}”`;
    case "cell":
      return numberLink(value, format(value.value), actions);
    default:
      return html`<span class="tally" data-lesson=${expression}>${Number.isInteger(value.value) ? value.value : format(value.value)}</span>`;
  }
}
