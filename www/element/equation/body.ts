/** The equation of a cell with its real numbers, and the way to it, as the engine explains it: nothing here works a dependency out. Loaded when the first picture stands. */

import { html, nothing, type TemplateResult } from "lit";
import type { Explanation, Factor, Stage } from "../../engine/types.ts";
import { fill, say } from "../../text/say.ts";
import { WHOLE } from "../../timeline/course.ts";
import { stageOf } from "../../trace/cells.ts";
import { storyOf } from "../../trace/story.ts";
import { formatCell, formatExact, formatFull } from "../../view/format.ts";
import type { Lit } from "../../view/paint.ts";
import { roleOf } from "../../view/scene.ts";
import { sameCell } from "../inquiry.ts";
import { type Actions, type Context, cellName } from "../parts/context.ts";
import { numberLink } from "../parts/number.ts";
import { prose } from "../parts/prose.ts";

/** More terms than this are folded until the reader asks for them. */
const FOLDED = 16;
/** No more than this are written out at all: each term can be pointed at in its matrix, too. */
const WRITTEN = 512;

export function body(explanation: Explanation, context: Context): TemplateResult {
  const { terms, op, value, exact } = explanation;
  const cell = { stage: explanation.stage, index: explanation.index };
  const shown = terms.slice(0, context.expanded ? WRITTEN : FOLDED);
  const folded = terms.length - shown.length;
  const why = explanation.reason ?? (seesNothing(explanation) ? "nothing" : "");
  const factors = (list: Factor[]) => list.map((factor) => link(factor, context.actions));
  // The result comes first: what it is made of may be longer than there is room for.
  return html`
    <p class="result"><span class="cell-name">${cellName(cell, context.trace)}</span> <span class="tight">= ${numberLink(cell, formatFull(value), context.actions, roleOf(cell.stage))}</span></p>
    ${context.path.some((held) => !sameCell(held, cell)) ? trail(context) : nothing}
    <p class="formula">${context.glossary?.formula(explanation.formula) ?? explanation.formula}</p>
    ${renamed(explanation, context).map(([id, name]) => html`<p class="hint"><i>${id}</i>: ${name}</p>`)}
    <div class="terms op-${op}">
      ${
        terms.length === 0
          ? html`<span>${explanation.reason ? say.unseen : source(context.trace && stageOf(context.trace, cell.stage), op)}${constant(explanation)}</span>`
          : written(
              op,
              shown.map(({ factors: f }) => factors(f)),
              explanation,
            )
      }
      ${folded > 0 ? more(folded, terms.length, context) : nothing}
    </div>
    ${op === "edited" ? nothing : before(cell, context)}
    ${why ? html`<p class="hint" data-why=${why}>${say.reasons[why] ?? why}</p>` : nothing}
    ${
      terms.length === 0
        ? nothing
        : html`<p class="hint">${say.exact} <span data-exact>${formatExact(exact)}</span>${
            Number.isFinite(exact) && Number.isFinite(value)
              ? html`, ${say.rounding} <span data-rounding>${formatCell(Math.abs(value - exact))}</span>`
              : nothing
          }</p>`
    }`;
}

/** The cells held on the way here; not needed where all that is held is what is told of. */
export function trail({ path, actions, trace }: Context): TemplateResult {
  return html`<nav aria-label=${say.heldPath}><ol class="trail">
    ${path.map(
      (cell, n) => html`<li><button type="button" class="quiet" aria-current=${n === path.length - 1 ? "true" : nothing}
        @click=${() => actions.hold(cell)}>${cellName(cell, trace)}</button></li>`,
    )}
  </ol></nav>`;
}

/** Formulas call a stage as the engine does; what is called otherwise on the page is named beside it. */
const renamed = ({ formula }: Explanation, { trace }: Context): [id: string, name: string][] =>
  (trace?.stages ?? []).flatMap((stage) => {
    const name = storyOf(stage)?.name;
    return name && new RegExp(`\\b${stage.id}\\b`).test(formula) ? [[stage.id, name]] : [];
  });

/** −∞ less −∞, or 0 by 0: a row that sees nothing is left as it is. */
const seesNothing = ({ op, terms: [, by] }: Explanation) =>
  (op === "subtract" && by?.product === Number.NEGATIVE_INFINITY) || (op === "divide" && by?.product === 0);

/** What a model tells of a stage is not told of what the reader has set. */
const source = (stage: Stage | undefined, op: string) =>
  prose((op === "edited" ? undefined : storyOf(stage)?.source) ?? say.ops[op] ?? op);

/** The way on from what enters a layer: the same token and number where the attention of the layer before ends. */
function before({ stage, index }: Lit, { trace, actions }: Context): TemplateResult | typeof nothing {
  const story = storyOf(trace && stageOf(trace, stage));
  if (!story?.before) return nothing;
  const { layer, name } = story.before;
  const there = { layer, stage: "output", cell: WHOLE, pin: ["output", ...index].join() };
  return html`<p class="on"><button class="quiet" type="button" data-before @click=${() => actions.set(there, "push")}>${name}</button></p>`;
}

/** What is left of a long sum: more of it on demand, and how much there is in all. */
function more(folded: number, all: number, { expanded, actions }: Context): TemplateResult {
  if (expanded) return html`<span>… ${fill(say.termsLeft, { n: folded })}</span>`;
  return html`<span>…</span> <button class="quiet" type="button" @click=${actions.expand}>${fill(all > WRITTEN ? say.someTerms : say.moreTerms, { n: Math.min(all, WRITTEN), all })}</button>`;
}

type Written = TemplateResult | string | (TemplateResult | string)[];

/** Not MathML: what stands in that can be read, but not pressed. */
const fraction = (above: unknown, below: unknown) =>
  html`<span class="fraction"><span>${above}</span><span class="visually-hidden"> ÷ </span><span>${below}</span></span>`;

/** The terms of an operation with its signs between them. */
function written(op: string, terms: TemplateResult[][], explanation: Explanation): Written[] {
  const products = terms.map(
    (factors): Written => factors.flatMap((factor, n) => (n === 0 ? [factor] : [" × ", factor])),
  );
  const between = (sign: string) => products.flatMap((term, n): Written[] => (n === 0 ? [term] : [` ${sign} `, term]));
  switch (op) {
    case "subtract":
    case "error":
      return between("−");
    case "rotate":
      return between((explanation.constant?.value ?? 1) < 0 ? "−" : "+");
    case "divide":
      return [fraction(products[0], products[1])];
    case "max":
      return ["max(", ...between(","), ")"];
    case "exp":
      return [html`e<sup>${products[0]}</sup>`];
    case "scale":
      return [products[0] ?? "", " × ", constantValue(explanation)];
    case "softcap": {
      const cap = constantValue(explanation);
      return [cap, " × tanh(", fraction(products[0], cap), ")"];
    }
    case "softmax":
      return softmax(terms, products, explanation);
    case "mask":
      return explanation.reason ? [say.insteadOf, ...products] : products;
    default:
      return between("+");
  }
}

/** e to the power of the score less the row's largest, over the row's sum: products make the score, a mask is added to it. */
function softmax(terms: TemplateResult[][], products: Written[], { constants = [] }: Explanation): Written[] {
  const number = (name: string) => {
    const found = constants.find((constant) => constant.name === name);
    return found ? constantSpan(found) : undefined;
  };
  const dot = products.filter((_, n) => (terms[n]?.length ?? 0) > 1);
  const added = products.filter((_, n) => terms[n]?.length === 1);
  const sum = dot.flatMap((term, n): Written[] => (n === 0 ? [term] : [" + ", term]));
  const [scale, cap, near] = [number("scale"), number("softcap"), number("alibi")];
  const scaled: Written[] = ["(", ...sum, ") × ", scale ?? ""];
  const capped: Written[] = cap ? [cap, " × tanh(", ...scaled, " ÷ ", cap, ")"] : scaled;
  const biased: Written[] = [...capped, ...(near ? [" + ", near] : []), ...added.flatMap((term) => [" + ", term])];
  return ["exp(", ...biased, " − ", number("row_max") ?? "", ") ÷ ", number("row_sum") ?? ""];
}

const constantSpan = ({ name, value }: { name: string; value: number }) =>
  html`<span data-constant=${name} title=${say.constants[name] ?? name}>${formatFull(Math.fround(value))}</span>`;
const constantValue = ({ constant: c }: Explanation) => (c ? constantSpan(c) : "");
const constant = (explanation: Explanation) =>
  explanation.constant
    ? html`: ${say.constants[explanation.constant.name] ?? explanation.constant.name} ${constantValue(explanation)}`
    : nothing;

function link(factor: Factor, actions: Actions): TemplateResult {
  return numberLink(factor, formatCell(factor.value), actions, roleOf(factor.stage), formatFull(factor.value));
}
