export { AttentionPlayground } from "./element/attention-playground.ts";
export type { PlaygroundEvents } from "./element/events.ts";
export { createEngine, EngineError } from "./engine/engine.ts";
export type * from "./engine/model/types.ts";
export type * from "./engine/types.ts";
export type { State } from "./state/fields.ts";
