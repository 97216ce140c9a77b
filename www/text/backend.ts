/** The words for what computes attention. */

import type { BackendChoice, BackendReason } from "../engine/types.ts";
import { fill, part } from "./say.ts";

const backendInEnglish = {
  choose: "Compute attention on",
  choices: { auto: "Automatic", cpu: "CPU", webgpu: "GPU" } as Record<BackendChoice, string>,
  /** What each means. */
  means: {
    auto: "the GPU where it was measured to be the faster one here, else the CPU",
    cpu: "the processor, by WebAssembly",
    webgpu: "the graphics chip, by WebGPU, even where it is slower",
  } as Record<BackendChoice, string>,
  onCpuOnly: {
    model: "Trained models are always computed on the CPU.",
    linear: "Linear attention is always computed on the CPU.",
  },
  adapter: "GPU",
  adapterGloss: "What the browser offers for WebGPU: a graphics chip, or a program that stands in for one.",
  unnamed: "one that the browser does not name",
  untried: "not asked for yet: no input so far was large enough to gain by it",
  unknown: "none",
  crossover: "GPU from",
  crossoverGloss:
    "Measured in this browser, on inputs of two sizes, as soon as one was large enough to ask for the GPU.",
  crossoverAt: "inputs of about {n} million multiplications",
  crossoverNever: "no size: it was slower here",
  last: { cpu: "Last run, CPU", webgpu: "Last run, GPU" },
  never: "none yet",
  ms: "{n} ms",
  compare: "Compare both on this input",
  comparing: "Computing on both …",
  times: "CPU {cpu}, GPU {webgpu}.",
  same: "All {n} numbers are the same to the last digit.",
  differs: "Of {n} numbers, the farthest apart differ by",
  differsAt: "CPU {cpu}, GPU {webgpu}, at",
  notCompared: "The GPU did not compute it. {reason}",
  instead: "Computed on the CPU. {reason}",
  /** By the engine's codes. */
  reasons: {
    no_webgpu: "This browser has no WebGPU.",
    insecure: "Browsers offer WebGPU only to pages that came over https.",
    no_adapter: "The browser has WebGPU, but found no graphics chip for it.",
    no_device: "The graphics chip was not given to this page.",
    device_lost: "The GPU was lost while it computed.",
    gpu_memory: "The GPU's memory did not suffice.",
    gpu_validation: "The browser refused a step of the computation on the GPU.",
    unsuited: "This input is not for the GPU: it has NaN or infinite numbers, or is too large for it.",
    edited: "Numbers were changed: what follows from them is computed on the CPU.",
    probe: "The GPU was tested with a known computation, and its numbers were wrong.",
    load: "The engine's part for the GPU did not load.",
    worker: "The engine's part for the GPU was ended.",
    trap: "The engine's part for the GPU stopped.",
    internal: "The GPU failed.",
    deadline: "The GPU did not answer in time.",
    software_adapter: "This is a software adapter: slower than the CPU.",
  } as Record<string, string>,
};

export type BackendWords = typeof backendInEnglish;

export let backend = backendInEnglish;
part("backend", backendInEnglish, (words) => {
  backend = words;
});

/** The engine's own words, where it has a reason that has none here. */
export const sentenceOf = ({ code, text }: BackendReason): string => backend.reasons[code] ?? text;

/** One line for a picture that the GPU was to compute; nothing where nobody asked for it and nothing is amiss. */
export function noticeOf(reason: BackendReason, choice: BackendChoice): string {
  if (choice === "auto" && reason.code === "unsuited") return "";
  return fill(backend.instead, { reason: sentenceOf(reason) });
}
