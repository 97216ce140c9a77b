/** The networks that remember, on the page: loaded when they are asked for. */

export type { Measured } from "./measured.ts";
export { type Results, recallAll } from "./run.ts";
export { readSequence, type Sequence } from "./sequence.ts";
export { recallStyles } from "./styles.ts";
export { recallView } from "./view.ts";
