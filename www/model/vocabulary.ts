/** The tokens of a model by their ids, and texts in the pieces that its tokens are. */

interface TokenizerJson {
  model?: { vocab?: Record<string, number> | [token: string, score: number][]; unk_token?: string | null };
  added_tokens?: { id: number; content: string }[];
}

export class Vocabulary {
  /** What an unknown word is read as. */
  readonly unknown: string;
  readonly #tokens: string[] = [];

  constructor(tokenizer: object | undefined) {
    const { model, added_tokens = [] } = (tokenizer ?? {}) as TokenizerJson;
    const vocab = model?.vocab ?? {};
    if (Array.isArray(vocab)) for (const [id, [token]] of vocab.entries()) this.#tokens[id] = token;
    else for (const [token, id] of Object.entries(vocab)) this.#tokens[id] = token;
    for (const { id, content } of added_tokens) this.#tokens[id] = content;
    this.unknown = model?.unk_token ?? "";
  }

  /** How a token is shown; its number, where there are no words. */
  label(id: number): string {
    return labelOf(this.#tokens[id] ?? String(id));
  }

  idOf(token: string): number {
    return this.#tokens.indexOf(token);
  }
}

/** Signs by which tokenizers say that a space stands before a token. */
const SPACE = /^[Ġ▁]/;

export function labelOf(token: string): string {
  const bare = token.replace(SPACE, "");
  return bare.trim() === "" ? "␣" : bare;
}

export interface Piece {
  text: string;
  /** Where it stands in the text. */
  at: number;
}

/** Words and signs, as the tokenizers of the models that ship cut them. */
export function wordsOf(text: string): Piece[] {
  return [...text.matchAll(/[.,?!:;]|[^\s.,?!:;]+/g)].map(({ 0: word, index }) => ({ text: word, at: index }));
}

/**
 * The reader's own pieces of a text, one for each token, where its tokens are its words or its characters; else the tokens
 * as they are. So a word that is not known stands as it was written.
 */
export function piecesOf(text: string | undefined, tokens: readonly string[]): string[] {
  const words = wordsOf(text ?? "").map((word) => word.text);
  const characters = [...(text ?? "")];
  const pieces = [words, characters].find(({ length }) => length === tokens.length) ?? tokens;
  return pieces.map(labelOf);
}
