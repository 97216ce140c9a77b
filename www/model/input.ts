/** From the page's state to what a model reads. */

import { EngineError, type ModelInput } from "../engine/engine.ts";
import { defaultState, type State } from "../state/fields.ts";
import { textsOf } from "./data.ts";
import type { Loaded } from "./shelf.ts";

const DEFAULT_TEXT = defaultState().text;
/** The most that is written at once. */
const MOST_WRITTEN = 64;

export interface Read {
  input: ModelInput;
  /** Absent where it is not text that is read. */
  text?: string;
  drawing?: string;
}

/** The reader's text; as long as it is the page's own, the model's first example. */
export function textFor(state: Pick<State, "text">, { data, name }: Pick<Loaded, "data" | "name">): string {
  if (state.text !== DEFAULT_TEXT || name === "pronoun") return state.text;
  return textsOf(data)[0] ?? state.text;
}

export async function read(state: State, loaded: Loaded): Promise<Read> {
  const { model } = loaded;
  const { image, start } = model.info;
  // Few models do: how is loaded with the first.
  if (image) return (await import("./image.ts")).readImage(state, loaded, image);
  const text = textFor(state, loaded);
  if (text.trim() === "") {
    throw new EngineError({ code: "text", operation: "model", expected: "at least one word", found: "none" });
  }
  const input: ModelInput = model.hasTokenizer ? { text } : { ids: idsOf(text) };
  if (start === undefined || !model.info.encoder) return { input, text };
  // What it has written, begun with the token that it begins with, and without the one that would end it.
  const written = state.target ? await given(loaded, state.target) : await write(loaded, input);
  return { input: { ...input, targetIds: [start, ...written] }, text };
}

/** What the reader wrote in its place. Some tokenizers put the token that ends a text after every text. */
async function given({ model }: Loaded, target: string): Promise<number[]> {
  const ids = model.hasTokenizer ? [...(await model.encode(target)).ids] : idsOf(target);
  while (model.info.ends.includes(ids.at(-1) ?? -1)) ids.pop();
  return ids;
}

async function write({ model }: Loaded, input: ModelInput): Promise<number[]> {
  const ids: number[] = [];
  // All of it has to be read again, behind the token that it begins with.
  const { positions } = model.info;
  const maxTokens = positions > 0 ? Math.min(MOST_WRITTEN, positions - 1) : MOST_WRITTEN;
  if (maxTokens < 1) return ids;
  for await (const { id, end } of model.generate({ ...input, maxTokens })) {
    if (end === "end_token") break;
    ids.push(id);
  }
  return ids;
}

/** Without a tokenizer the text is the numbers of the tokens. */
function idsOf(text: string): number[] {
  const words = text.split(/[\s,]+/).filter(Boolean);
  const wrong = words.find((word) => !/^\d{1,9}$/.test(word));
  if (wrong !== undefined || words.length === 0) {
    const found = wrong === undefined ? "nothing" : `“${wrong}”`;
    throw new EngineError({
      code: "text",
      operation: "model",
      expected: "the numbers of tokens (this model has no tokenizer)",
      found,
    });
  }
  return words.map(Number);
}
