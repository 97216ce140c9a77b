/** Values to colours. Signed numbers: red through paper to blue, neutral at zero. Weights: paper to ink. */

import type { Stage, Trace } from "../engine/types.ts";

export type Rgb = readonly [number, number, number];

export interface Palette {
  paper: Rgb;
  ink: Rgb;
  negative: Rgb;
  positive: Rgb;
  masked: Rgb;
  /** One accent for each role, the same in matrices, formulas and text. */
  accents: Record<string, string>;
  lit: string;
}

/** ColorBrewer's RdBu ends (safe for colour-blind readers), lightened on a dark page. */
export const LIGHT: Palette = {
  paper: [250, 249, 246],
  ink: [34, 38, 46],
  negative: [178, 24, 43],
  positive: [33, 102, 172],
  masked: [226, 224, 218],
  accents: {
    query: "#1f6fb2",
    key: "#b04f00",
    value: "#1a7340",
    output: "#7a3fb0",
    weights: "#3b414d",
    plain: "#5a606b",
  },
  lit: "#111418",
};

export const DARK: Palette = {
  paper: [30, 33, 39],
  ink: [240, 238, 232],
  negative: [235, 104, 96],
  positive: [96, 165, 230],
  masked: [50, 54, 62],
  accents: {
    query: "#6fb1ee",
    key: "#f0a050",
    value: "#63c98b",
    output: "#c79af0",
    weights: "#d5d8de",
    plain: "#a4abb7",
  },
  lit: "#ffffff",
};

/** Stages whose cells are never negative: from paper to ink. */
const POSITIVE = new Set(["exp", "row_sum", "weights"]);

export interface Scale {
  kind: "signed" | "positive";
  /** The end of the scale: the largest absolute finite value of the stage. */
  end: number;
  /** Some cells are no finite number. */
  holes: boolean;
}

const scales = new WeakMap<Trace, Map<string, Scale>>();

/** A scale that was worked out elsewhere, and will not be again. */
export function keepScale(trace: Trace, stage: Stage, end: number, holes: boolean, kind = kindOf(stage)): void {
  const known = scales.get(trace) ?? new Map<string, Scale>();
  scales.set(trace, known);
  known.set(stage.id, { kind, end, holes });
}

const kindOf = (stage: Stage): Scale["kind"] => (POSITIVE.has(stage.id) ? "positive" : "signed");

/** One scale for a stage, whichever slice is on show, so that colours mean the same from frame to frame. */
export function scaleOf(trace: Trace, stage: Stage): Scale {
  let known = scales.get(trace);
  if (!known) {
    known = new Map();
    scales.set(trace, known);
  }
  let scale = known.get(stage.id);
  if (!scale) {
    scale = makeScale(trace, stage);
    known.set(stage.id, scale);
  }
  return scale;
}

function makeScale(trace: Trace, stage: Stage): Scale {
  const size = stage.shape.reduce((a, b) => a * b, 1);
  let end = 0;
  let holes = false;
  const { data } = trace;
  for (let n = stage.offset; n < stage.offset + size; n++) {
    const value = data[n] as number;
    const distance = value < 0 ? -value : value;
    if (!(distance < Number.POSITIVE_INFINITY)) holes = true;
    else if (distance > end) end = distance;
  }
  return { kind: kindOf(stage), end, holes };
}

const mix = (a: Rgb, b: Rgb, t: number): Rgb => [
  a[0] + (b[0] - a[0]) * t,
  a[1] + (b[1] - a[1]) * t,
  a[2] + (b[2] - a[2]) * t,
];

/** Small values stay visible: the eye gets a gentle power of the share, the same on either side of zero. */
const GAMMA = 0.75;

export function colorOf(value: number, scale: Scale, palette: Palette): Rgb {
  if (!Number.isFinite(value)) return palette.masked;
  const share = scale.end === 0 ? 0 : Math.min(1, Math.abs(value) / scale.end) ** GAMMA;
  if (scale.kind === "positive") return mix(palette.paper, palette.ink, share * 0.92);
  return mix(palette.paper, value < 0 ? palette.negative : palette.positive, share * 0.9);
}

/** So many colours for either sign: neighbours differ by less than can be told apart. */
const STEPS = 2048;

/** The colours of a kind of scale as pixels: of positive numbers from zero on, of negative ones, and of no finite number. */
const tables = new Map<string, Uint32Array>();

function colorTable(kind: Scale["kind"], palette: Palette): Uint32Array {
  const key = `${kind}/${palette.lit}`;
  const found = tables.get(key);
  if (found) return found;
  const pixels = new Uint32Array(2 * (STEPS + 1) + 1);
  const scale: Scale = { kind, end: STEPS, holes: false };
  for (let step = 0; step <= STEPS; step++) {
    pixels[step] = pixelOf(colorOf(step, scale, palette));
    pixels[STEPS + 1 + step] = pixelOf(colorOf(-step, scale, palette));
  }
  pixels[pixels.length - 1] = pixelOf(palette.masked);
  tables.set(key, pixels);
  return pixels;
}

/** Red, green, blue and opaque, as the four bytes of a pixel in the order of this machine. */
function pixelOf(color: Rgb): number {
  const bytes = new Uint8ClampedArray(4).fill(255);
  bytes.set(color.map(Math.round));
  return new Uint32Array(bytes.buffer)[0] as number;
}

/** Numbers to pixels. */
export function paintNumbers(numbers: Float32Array, { kind, end }: Scale, palette: Palette, out: Uint32Array): void {
  const pixels = colorTable(kind, palette);
  const scale = end === 0 ? 0 : STEPS / end;
  const none = pixels[pixels.length - 1] as number;
  for (let n = 0; n < numbers.length; n++) {
    const value = numbers[n] as number;
    const distance = value < 0 ? -value : value;
    if (!(distance < Number.POSITIVE_INFINITY)) out[n] = none;
    else {
      const step = Math.min(STEPS, Math.round(distance * scale));
      out[n] = pixels[value < 0 ? step + STEPS + 1 : step] as number;
    }
  }
}

export const css = (color: Rgb): string => `rgb(${color.map((channel) => Math.round(channel)).join(" ")})`;

/** Black or white, whichever stands out from the fill (relative luminance of WCAG 2). */
export function textOn(fill: Rgb): "#000" | "#fff" {
  const [r, g, b] = fill.map((channel) => {
    const c = channel / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}
