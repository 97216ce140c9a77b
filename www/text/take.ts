/** The words for sharing a state and taking things away: links, snippets, files, pictures, films, scripts. */

import { part } from "./say.ts";

const takeInEnglish = {
  link: "Link to what is on show",
  copy: "Copy",
  copied: "Copied.",
  notCopied: "The browser did not let it be copied: select it and copy it by hand.",
  linkTooLong:
    "This state needs {n} characters, and a link holds {max}. Take it away as a file: drop that on the page to open it.",
  away: "Take it away",
  download: "Download",
  groups: {
    picture: "The picture",
    numbers: "All numbers",
    matrix: "{stage}",
    words: "In words and code",
    state: "The state",
  } as Record<string, string>,
  /** Each format: its name, and in a line what it is. */
  formats: {
    svg: ["SVG", "vectors and text, for papers and slides"],
    png: ["PNG", "an image, at twice its size"],
    trace: ["JSON", "every stage with its table, in one file"],
    npz: ["NumPy .npz", "every stage, for np.load"],
    safetensors: ["safetensors", "every stage, for PyTorch and others"],
    csv: ["CSV", "head {head} with its tokens, for spreadsheets"],
    npy: ["NumPy .npy", "all heads, for np.load"],
    latex: ["LaTeX", "the row of “{token}” worked out, from scores to weights"],
    numpy: ["NumPy script", "rebuilds every number, and asserts that it agrees"],
    torch: ["PyTorch script", "the same with PyTorch, and with its own attention"],
    state: ["JSON", "all settings and input: drop it on the page to open it"],
  } as Record<string, [name: string, what: string]>,
  film: {
    title: "A film",
    reach: "Of",
    reaches: { stage: "this stage", all: "all stages" },
    kind: "As",
    kinds: { gif: "GIF", video: "Video" },
    facts: "{frames} pictures of {width} × {height} pixels, {seconds} s",
    faster: "{speed} times as fast",
    make: "Make it",
    making: "{done} of {all} pictures",
    stop: "Stop",
    made: "Made: {kb} KB.",
    noVideo: "This browser encodes no video; a GIF works everywhere.",
  },
  tooLarge: "{n} million numbers are too many for this format; the limit is {most} million.",
  failed: "That did not work: {reason}",
  embed: "Put it on a page",
  ways: { element: "HTML", frame: "iframe", react: "React", notebook: "Notebook" } as Record<string, string>,
  without: "Without",
  /** The parts that can be left out. */
  parts: {
    header: "header",
    lesson: "lesson",
    sentence: "sentence",
    input: "input",
    strip: "stages",
    heads: "heads",
    answer: "answer",
    caption: "caption",
    equation: "equation",
    controls: "controls",
    transport: "transport",
  } as Record<string, string>,
  weighs: "Loads {kb} KB before its first picture.",
  ownModel: "Your own model is no part of this code: where it stands, its files have to be chosen again.",
  preview: "Show it here as it will be",
  previewTitle: "Preview",
  tooLongFor: "This state is too long for an address of {max} characters. The other ways hold it.",
  python: {
    about:
      "Rebuilds every number of this attention, step by step, and asserts that they are those of the playground.\nEach stage is a variable of its own name.",
    tolerance: {
      cpu: "Of the largest number of a stage, or of what is seen in a row of a masked one.\nBoth sides work in f64 and round to f32 once a step, so they agree to the bit,\nexcept where the last bit of an f64 tips a rounding: this leaves room for a few of those in a row.",
      webgpu:
        "Of the largest number of a stage, or of what is seen in a row of a masked one.\nThese numbers were computed on a GPU, which sums in f32.",
    },
    given: "What was given or drawn by the seed",
    steps: "Every step: worked out in f64, rounded to f32 once",
    wanted: "The numbers of the playground: f32, little-endian, in base64",
  },
};

export type TakeWords = typeof takeInEnglish;

export let take = takeInEnglish;
part("take", takeInEnglish, (words) => {
  take = words;
});
