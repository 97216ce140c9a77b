/** The settings of an untrained run, what it asks of the engine, and the reader's own matrices: loaded with the first. */

import "../../text/untrained.ts";

export { buildRequest } from "../../input/request.ts";
export { controlFields, controls } from "./controls.ts";
export { matrices } from "./matrices.ts";
export { adoptStyles } from "./styles.ts";
