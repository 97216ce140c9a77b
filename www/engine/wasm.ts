/** The only file that touches the generated glue: one instance of the wasm module, and the jobs it can run. */

import * as glue from "../../build/wasm/engine.js";

const JOBS = {
  computeAttention: glue.compute_attention,
  traceAttention: glue.trace_attention,
  linearAttention: glue.linear_attention,
  rotaryEmbedding: glue.rotary_embedding,
  traceLinearAttention: glue.trace_linear_attention,
  explain: (request: { trace: unknown; stage: string; index: readonly number[] }) =>
    glue.explain(request.trace, request.stage, Uint32Array.from(request.index)),
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
