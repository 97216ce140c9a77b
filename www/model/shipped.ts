/** The trained models that ship with the page, by the names of their folders. */

export const SHIPPED = ["pronoun", "order", "order-no-positions", "decoder", "dates", "digits", "recall"] as const;
export type Shipped = (typeof SHIPPED)[number];

export const DEFAULT_MODEL: Shipped = "pronoun";

/** What takes no text comes without a tokenizer. */
export const WITHOUT_TOKENIZER: ReadonlySet<string> = new Set<Shipped>(["digits", "recall"]);

/** A drawing without ink: 8 x 8 pixels, a digit of base 17 each. */
export const BLANK_DRAWING = "0".repeat(64);
