/** One run: all candidates in this page, interleaved round by round, each warm and checked. */

import * as jax from "/peers/jax.js";
import * as litert from "/peers/litert.js";
import * as onnxruntime from "/peers/onnxruntime.js";
import * as ours from "/peers/ours.js";
import * as oursWebgpu from "/peers/ours-webgpu.js";
import * as peak from "/peers/peak.js";
import * as tfjs from "/peers/tfjs.js";
import { largestError, problemOf, reference, unpack } from "./problem.js";

/** The peak stands beside ours, which is held against it. */
const SOURCES = {
  wasm: { peak, ours, onnxruntime, litert, tfjs },
  webgpu: { ours: oursWebgpu, onnxruntime, litert, jax, tfjs },
};
const WARM_CELL = { heads: 1, tokens: 256, dim: 64 };

/**
 * `plan.cells` by `plan.backend`, with `plan.threads` for the peers (above 1 only in an isolated page). Returns the samples as
 * `{ candidates, missing, cells: [{ heads, tokens, dim, candidates: { id: { status, error, ms: [round] } } }] }`.
 */
export async function measure(plan) {
  const { candidates, missing } = await load(plan);
  await warmUp(candidates, plan);
  const cells = [];
  for (const cell of plan.cells) cells.push(await measureCell(cell, candidates, plan));
  const described = [];
  for (const { id, name, kind, detail } of candidates) described.push({ id, name, kind, detail: await detail?.() });
  return { isolated: globalThis.crossOriginIsolated, candidates: described, missing, cells };
}

async function load(plan) {
  const candidates = [];
  const missing = [];
  for (const [name, source] of Object.entries(SOURCES[plan.backend ?? "wasm"])) {
    try {
      const loaded = await source.load(plan);
      candidates.push(...loaded.candidates);
      missing.push(...(loaded.missing ?? []));
    } catch (error) {
      missing.push({ id: name, reason: String(error?.message ?? error) });
    }
  }
  return { candidates, missing };
}

/** Long enough for the optimising compilers to have replaced what the quick ones made. */
async function warmUp(candidates, plan) {
  const problem = problemOf(WARM_CELL);
  for (const candidate of candidates) {
    try {
      const subject = await candidate.prepare(problem);
      const until = performance.now() + plan.firstWarmMs;
      while (performance.now() < until) await subject.run();
      await subject.dispose();
    } catch {
      // It fails again, and is reported, in the first cell.
    }
  }
}

async function measureCell(cell, candidates, plan) {
  const problem = problemOf(cell);
  const truth = reference(problem);
  const fits = ({ from = 0, heads = cell.heads }) => cell.tokens >= from && cell.heads === heads;
  const subjects = [];
  const report = {};
  for (const candidate of candidates.filter(fits)) {
    const entry = { status: "right", ms: [] };
    report[candidate.id] = entry;
    try {
      const subject = await candidate.prepare(problem);
      subjects.push({ candidate, subject, entry, timer: await warmTimer(subject, plan.warmMs, cell.sampleMs) });
      entry.flops = subject.flops;
      check(subject, candidate, entry, truth, problem, plan);
    } catch (error) {
      Object.assign(entry, { status: "failed", reason: String(error?.message ?? error) });
    }
  }
  for (let round = 0; round < cell.rounds; round++) {
    for (const { entry, timer } of subjects) {
      if (entry.status !== "right") continue;
      try {
        entry.ms.push(entry.ms[0] > plan.slowMs ? null : await timer());
      } catch (error) {
        Object.assign(entry, { status: "failed", reason: String(error?.message ?? error) });
      }
    }
    // Lets the page breathe, outside of what is timed.
    await new Promise((done) => setTimeout(done));
  }
  for (const { candidate, subject, entry } of subjects) {
    if (entry.status === "right") check(subject, candidate, entry, truth, problem, plan);
    await subject.dispose();
  }
  console.log(`h = ${cell.heads}, N = ${cell.tokens}`);
  return { heads: cell.heads, tokens: cell.tokens, dim: cell.dim, candidates: report };
}

/**
 * Warms a subject up, and returns what takes a sample: the milliseconds of one call, from as many in a row as last
 * longer than `sampleMs`.
 */
async function warmTimer(subject, warmMs, sampleMs) {
  let repeats = 1;
  const atLeast = async (least) => {
    for (;;) {
      const ms = await timed(subject, repeats);
      if (ms >= least) return ms / repeats;
      repeats = Math.ceil(repeats * Math.min(16, Math.max(1.25, (1.2 * least) / Math.max(ms, 0.1))));
    }
  };
  const warm = await atLeast(warmMs);
  repeats = Math.max(1, Math.ceil((1.1 * sampleMs) / warm));
  return () => atLeast(sampleMs);
}

async function timed(subject, repeats) {
  const start = performance.now();
  // Nobody who calls a plain function waits for a promise.
  if (subject.synchronous) for (let i = 0; i < repeats; i++) subject.run();
  else for (let i = 0; i < repeats; i++) await subject.run();
  return performance.now() - start;
}

function check(subject, candidate, entry, truth, problem, plan) {
  if (!subject.output) return;
  const output = candidate.packed ? unpack(subject.output(), problem) : subject.output();
  entry.error = Math.max(entry.error ?? 0, largestError(output, truth));
  if (entry.error > plan.tolerance[candidate.kind]) entry.status = "wrong";
}
