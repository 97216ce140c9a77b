/** An animated GIF: of each frame only what has changed, in its own colours. */

import { applyPalette, GIFEncoder, quantize } from "gifenc";

/** One of the 256 colours stands for what stays as it was. */
const COLORS = 255;
/** What was drawn before stays under what comes. */
const KEEP = 1;

export class Gif {
  readonly #encoder = GIFEncoder();
  readonly #delay: number;
  #before: Uint32Array | undefined;

  /** `rate`: frames a second. */
  constructor(rate: number) {
    this.#delay = 1000 / rate;
  }

  add(context: CanvasRenderingContext2D): void {
    const { width, height } = context.canvas;
    const { data } = context.getImageData(0, 0, width, height);
    const pixels = new Uint32Array(data.buffer);
    const before = this.#before;
    const places: number[] = [];
    for (let n = 0; n < pixels.length; n++) if (!before || before[n] !== pixels[n]) places.push(n);
    const changed = Uint32Array.from(places, (place) => pixels[place] as number);
    const rgba = new Uint8Array(changed.buffer);
    const palette = places.length > 0 ? quantize(rgba, COLORS) : [];
    const index = new Uint8Array(pixels.length).fill(palette.length);
    const colors = places.length > 0 ? applyPalette(rgba, palette) : [];
    for (let n = 0; n < places.length; n++) index[places[n] as number] = colors[n] as number;
    // The place of what stays is a colour, too.
    palette.push([0, 0, 0]);
    this.#encoder.writeFrame(index, width, height, {
      palette,
      delay: this.#delay,
      transparent: true,
      transparentIndex: palette.length - 1,
      dispose: KEEP,
    });
    this.#before = pixels;
  }

  finish(): Blob {
    this.#encoder.finish();
    return new Blob([this.#encoder.bytes()], { type: "image/gif" });
  }
}
