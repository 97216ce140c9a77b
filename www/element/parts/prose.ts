/** A message on the page: its terms can be asked for what they mean. What they mean is loaded later. */

import { html, type TemplateResult } from "lit";
import { marked, type Term } from "../../text/marks.ts";

export const term = ({ term: key, text }: Term): TemplateResult =>
  html`<button type="button" class="term" data-term=${key}>${text}</button>`;

type Piece = string | TemplateResult;

const PUNCTUATION = /^[.,:;!?)…，。：；！？）]+/;

/** What stands in a sentence is not parted from the sign behind it by the end of a line. */
export const joined = (pieces: Piece[]): Piece[] =>
  pieces.map((piece, n) => {
    const [before, after] = [pieces[n - 1], pieces[n + 1]];
    if (typeof piece === "string") return typeof before === "object" ? piece.replace(PUNCTUATION, "") : piece;
    const sign = typeof after === "string" ? PUNCTUATION.exec(after)?.[0] : undefined;
    return sign ? html`<span class="tight">${piece}${sign}</span>` : piece;
  });

export const prose = (message: string): Piece[] =>
  joined(marked(message).map((piece) => (typeof piece === "string" ? piece : term(piece))));
