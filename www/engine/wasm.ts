/** The only file that touches the generated glue: one instance of the wasm module, and the jobs it can run. */

import * as glue from "../../build/wasm/engine.js";

interface Question {
  trace: unknown;
  stage: string;
  index: readonly number[];
}

const JOBS = {
  computeAttention: glue.compute_attention,
  traceAttention: glue.trace_attention,
  linearAttention: glue.linear_attention,
  rotaryEmbedding: glue.rotary_embedding,
  traceLinearAttention: glue.trace_linear_attention,
  explain: ({ trace, stage, index }: Question) => glue.explain(trace, stage, index),
  uses: ({ trace, stage, index }: Question) => glue.uses(trace, stage, index),
  tokenize: (text: string) => glue.tokenize(text),
  limits: () => glue.limits(),
} as const;

export type JobName = keyof typeof JOBS;
export interface Job {
  name: JobName;
  request: unknown;
}

export function instantiate(module: WebAssembly.Module): void {
  glue.initSync({ module });
}

export function run(job: Job): unknown {
  const call = JOBS[job.name] as (request: unknown) => unknown;
  return call(job.request);
}
