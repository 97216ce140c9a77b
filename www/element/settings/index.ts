/** The settings of an untrained run, and the reader's own matrices: loaded with the first that are on show. */

export { controlFields, controls } from "./controls.ts";
export { matrices } from "./matrices.ts";
