/** What a model that reads images reads: a drawing, as pixels. */

import { EngineError } from "../engine/engine.ts";
import type { State } from "../state/fields.ts";
import { drawingsOf } from "./data.ts";
import { pixelsOf, rasterise, SIDE } from "./drawing.ts";
import type { Read } from "./input.ts";
import type { Loaded } from "./shelf.ts";

/** `image`: the shape that the model reads. */
export function readImage(state: State, { data }: Loaded, image: readonly number[]): Read {
  if (image.join() !== `1,${SIDE},${SIDE}`) {
    const [expected, found] = [`a model that reads images of 1 x ${SIDE} x ${SIDE}`, image.join(" x ")];
    const error = new EngineError({ code: "option", operation: "model", expected, found });
    // No other input would mend it.
    throw Object.assign(error, { loading: true });
  }
  const drawing = state.drawing || rasterise(drawingsOf(data)[0]?.[1] ?? []);
  return { input: { pixels: pixelsOf(drawing) }, drawing };
}
