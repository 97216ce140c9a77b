/** What can be taken away as a file: each format, what it is made of, and what it is called. What makes it is loaded with the first. */

import type { Stage, Trace } from "../../engine/types.ts";
import { toJson } from "../../state/codec.ts";
import type { State } from "../../state/fields.ts";
import { numbersOf } from "../../take/bytes.ts";
import { stageOf } from "../../trace/cells.ts";
import { sliceForHead } from "../../view/matrix-view.ts";
import type { SceneView } from "../../view/scene-view.ts";

/** What is on show. */
export interface Shown {
  trace: Trace;
  stage: Stage;
  head: number;
  token: number;
  scene: SceneView;
  /** As a link or a file has it: what is left to a model's choice is not written down. */
  state: State;
}

export interface Format {
  id: string;
  group: "picture" | "numbers" | "matrix" | "words" | "state";
  /** After the name of what it holds. */
  ending: string;
  /** What its name begins with after "attention": nothing, or the stage. */
  named: "" | "stage";
  make(shown: Shown): Promise<Blob>;
  /** It holds all numbers of the trace as text. */
  wordy?: boolean;
  offered?(shown: Shown): boolean;
}

/** So many numbers, and no more, are written out as text. */
export const MOST_NUMBERS = 16_000_000;

const text = (made: string, type = "text/plain") => new Blob([made], { type });
const bytes = (made: Uint8Array<ArrayBuffer>) => new Blob([made], { type: "application/octet-stream" });

export const FORMATS: Format[] = [
  { id: "svg", group: "picture", ending: ".svg", named: "stage", make: ({ scene }) => picture(scene, "image/svg+xml") },
  { id: "png", group: "picture", ending: ".png", named: "stage", make: ({ scene }) => picture(scene, "image/png") },
  {
    id: "trace",
    group: "numbers",
    ending: "-trace.json",
    named: "",
    wordy: true,
    make: async ({ trace }) => text((await import("../../take/json.ts")).traceToJson(trace), "application/json"),
  },
  {
    id: "npz",
    group: "numbers",
    ending: ".npz",
    named: "",
    make: async ({ trace }) => bytes((await import("../../take/npy.ts")).npz(trace)),
  },
  {
    id: "safetensors",
    group: "numbers",
    ending: ".safetensors",
    named: "",
    make: async ({ trace }) => bytes((await import("../../take/safetensors.ts")).safetensors(trace)),
  },
  {
    id: "csv",
    group: "matrix",
    ending: ".csv",
    named: "stage",
    make: async ({ trace, stage, head }) =>
      text((await import("../../take/csv.ts")).csv(trace, sliceForHead(trace, stage, head)), "text/csv"),
  },
  {
    id: "npy",
    group: "matrix",
    ending: ".npy",
    named: "stage",
    make: async ({ trace, stage }) =>
      bytes((await import("../../take/npy.ts")).npy(stage.shape, numbersOf(trace, stage))),
  },
  {
    id: "latex",
    group: "words",
    ending: "-row.tex",
    named: "",
    offered: ({ trace }) => stageOf(trace, "weights") !== undefined,
    make: async ({ trace, head, token }) => text((await import("../../take/latex.ts")).workedRow(trace, head, token)),
  },
  {
    id: "numpy",
    group: "words",
    ending: "-numpy.py",
    named: "",
    wordy: true,
    make: async ({ trace }) => text((await import("../../take/python/script.ts")).numpyScript(trace)),
  },
  {
    id: "torch",
    group: "words",
    ending: "-torch.py",
    named: "",
    wordy: true,
    make: async ({ trace }) => text((await import("../../take/python/script.ts")).torchScript(trace)),
  },
  {
    id: "state",
    group: "state",
    ending: "-playground.json",
    named: "",
    make: async ({ state }) => text(toJson(state), "application/json"),
  },
];

async function picture(scene: SceneView, type: string): Promise<Blob> {
  return (await import("../../take/picture/blob.ts")).toBlob(scene, type);
}

export const fileName = ({ named, ending }: Format, { stage }: Shown): string =>
  `attention${named === "stage" ? `-${stage.id}` : ""}${ending}`;
