/**
 * The engine's formulas, plain text, as trees of MathML:
 *
 *   formula   what stands between "=" and ",", with words of the catalogue between
 *   sum       products with + − ∓ between; a sign may stand in front
 *   product   factors with · and / between; what stands before a / is over the bar
 *   factor    a name with its indices, a number, Σ or max with its index, a power, a root, a function, brackets
 */

import type { GlossaryWords } from "../../text/glossary.ts";
import { fill } from "../../text/say.ts";

export interface Node {
  tag: string;
  /** Of a leaf. */
  text?: string;
  children: Node[];
  /** How it is read out. */
  words: string;
}

/** A part of a formula that is not broken over lines. */
export type Chunk = Node;

const TOKEN = /\s*(Σ_[a-z]|max_[a-z]\b|[A-Za-zΑ-ω_]+′?|\d+(?:\.\d+)?|∞|[^\s])/gy;

function tokensOf(text: string): string[] {
  return [...text.matchAll(TOKEN)].map(([, token]) => token ?? "");
}

const leaf = (tag: string, text: string, words = text): Node => ({ tag, text, children: [], words });
const node = (tag: string, children: Node[], words: string): Node => ({ tag, children, words });
const said = (nodes: Node[]): string =>
  nodes
    .map(({ words }) => words)
    .filter(Boolean)
    .join(" ");
const row = (children: Node[]): Node =>
  children.length === 1 ? (children[0] as Node) : node("mrow", children, said(children));

/** The chunks of a formula, in order. */
export function parseFormula(text: string, words: GlossaryWords): Chunk[] {
  return byPhrases(text, Object.keys(words.phrases)).flatMap(({ phrase, math }) =>
    phrase ? [leaf("mtext", words.phrases[phrase] ?? phrase)] : new Parser(tokensOf(math), words).chunks(),
  );
}

/** Words between mathematics: the longest that are known come first. */
function byPhrases(text: string, phrases: string[]): { phrase?: string; math: string }[] {
  const known = [...phrases].sort((a, b) => b.length - a.length);
  const found: { phrase?: string; math: string }[] = [];
  let from = 0;
  for (let at = 0; at < text.length; ) {
    const phrase = known.find((one) => text.startsWith(one, at) && !inWord(text, at, one));
    if (!phrase) {
      at++;
      continue;
    }
    if (at > from) found.push({ math: text.slice(from, at) });
    found.push({ phrase, math: "" });
    at += phrase.length;
    from = at;
  }
  if (from < text.length) found.push({ math: text.slice(from) });
  return found.filter(({ phrase, math }) => phrase !== undefined || math.trim() !== "");
}

function inWord(text: string, at: number, phrase: string): boolean {
  const letter = (n: number) => /[\w[]/.test(text[n] ?? "");
  return (/^\w/.test(phrase) && letter(at - 1)) || (/\w$/.test(phrase) && letter(at + phrase.length));
}

const FUNCTIONS = new Set(["sin", "cos", "tanh"]);

class Parser {
  readonly #tokens: string[];
  readonly #words: GlossaryWords;
  #at = 0;

  constructor(tokens: string[], words: GlossaryWords) {
    this.#tokens = tokens;
    this.#words = words;
  }

  get #next(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(): string {
    return this.#tokens[this.#at++] ?? "";
  }

  #takes(token: string): boolean {
    if (this.#next !== token) return false;
    this.#at++;
    return true;
  }

  #say(name: string): string {
    return this.#words.formula[name] ?? name;
  }

  #operator(sign: string): Node {
    const names: Record<string, string> = { "=": "equals", "·": "times", "+": "plus", "−": "minus", "∓": "plusMinus" };
    const name = names[sign];
    return leaf("mo", sign, name ? this.#say(name) : sign);
  }

  /** A line may end before "=", and before the + and − between the terms of a sum. */
  chunks(): Chunk[] {
    const found: Chunk[] = [];
    let lead: Node[] = [];
    while (this.#next !== undefined) {
      const at = this.#at;
      if (this.#next === "=") lead.push(this.#operator(this.#take()));
      else if (this.#next === ",") {
        const comma = leaf("mo", this.#take());
        const last = found.pop();
        found.push(last ? row([last, comma]) : comma);
      } else {
        for (const term of this.#terms()) {
          found.push(row([...lead, ...term]));
          lead = [];
        }
      }
      // What has no place here stands as it is.
      if (this.#at === at) found.push(leaf("mo", this.#take()));
    }
    if (lead.length > 0) found.push(row(lead));
    return found;
  }

  /** The terms of a sum, each with its sign. */
  #terms(): Node[][] {
    const terms: Node[][] = [];
    for (;;) {
      const sign = ["+", "−", "∓", "±"].includes(this.#next ?? "") ? [this.#operator(this.#take())] : [];
      if (terms.length > 0 && sign.length === 0) return terms;
      const product = this.#product();
      if (!product) return sign.length > 0 ? [...terms, sign] : terms;
      terms.push([...sign, product]);
    }
  }

  #sum(): Node {
    return row(this.#terms().flat());
  }

  #product(): Node | undefined {
    let parts: Node[] = [];
    for (;;) {
      const factor = this.#factor();
      if (!factor) break;
      parts.push(factor);
      // 2n: side by side is a product, too; and what Σ sums stands behind it.
      if (this.#next === "·") parts.push(this.#operator(this.#take()));
      else if (this.#takes("/")) {
        const [above, below] = [row(parts), this.#factor() ?? row([])];
        parts = [
          node("mfrac", [unwrapped(above), unwrapped(below)], `${above.words} ${this.#say("over")} ${below.words}`),
        ];
        if (this.#next === "·") parts.push(this.#operator(this.#take()));
      }
    }
    return parts.length > 0 ? row(parts) : undefined;
  }

  #factor(): Node | undefined {
    const base = this.#primary();
    if (!base || !this.#takes("^")) return base;
    const exponent = unwrapped(this.#factor() ?? row([]));
    return node("msup", [base, exponent], `${base.words} ${this.#say("power")} ${exponent.words}`);
  }

  #primary(): Node | undefined {
    const token = this.#next ?? "";
    const big = /^(Σ|max)_([a-z])$/.exec(token);
    if (big) {
      this.#at++;
      const [, sign = "", index = ""] = big;
      const words = sign === "Σ" ? fill(this.#say("sum"), { index }) : `${sign} ${index}`;
      return node("munder", [leaf("mo", sign), leaf("mi", index)], words);
    }
    if (/^[\d∞]/.test(token)) return leaf("mn", this.#take());
    if (token === "√") {
      this.#at++;
      const under = unwrapped(this.#primary() ?? row([]));
      return node("msqrt", [under], `√ ${under.words}`);
    }
    if (token === "(") return this.#brackets("(", ")");
    if (token === "|") return this.#brackets("|", "|");
    if (!/^[A-Za-zΑ-ω_]/.test(token)) return undefined;
    const name = leaf("mi", this.#take());
    if (FUNCTIONS.has(name.text ?? "") && this.#next === "(") return row([name, this.#brackets("(", ")")]);
    return this.#takes("[") ? this.#indexed(name) : name;
  }

  #brackets(open: string, close: string): Node {
    this.#at++;
    const inside = this.#sum();
    this.#takes(close);
    const spoken = open === "(" ? [this.#say("open"), this.#say("close")] : [open, close];
    return node(
      "mrow",
      [leaf("mo", open, spoken[0]), inside, leaf("mo", close, spoken[1])],
      [spoken[0], inside.words, spoken[1]].join(" "),
    );
  }

  /** `name[h,i,c]`: what stands in the brackets stands below. */
  #indexed(name: Node): Node {
    const indices: Node[] = [];
    while (this.#next !== undefined && !this.#takes("]")) {
      const at = this.#at;
      if (this.#next === ",") indices.push(leaf("mo", this.#take(), ","));
      else indices.push(this.#sum());
      if (this.#at === at) this.#at++;
    }
    return node("msub", [name, row(indices)], `${name.words} ${this.#say("at")} ${said(indices).replace(/ ,/g, ",")}`);
  }
}

/** A bar, a root and a raised place hold their part together without brackets. */
function unwrapped(part: Node): Node {
  const [open, inside, close] = part.children;
  return part.tag === "mrow" && part.children.length === 3 && open?.text === "(" && close?.text === ")" && inside
    ? inside
    : part;
}
