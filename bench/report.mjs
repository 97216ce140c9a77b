/** The results as text. */

import { pageReport } from "./page-frames.mjs";
import { align, measuredPart, presentPart, ratio, ratioPart } from "./tables.mjs";

/** Whichever sections there are. */
export const reportOf = ({ webgpu, ...engine }) =>
  [...(engine.runs ? [engineReport(engine)] : []), ...(webgpu ? [webgpuReport(webgpu)] : [])].join("\n\n");

const machineText = ({ browser, cpu, cores }) => `${browser}; ${cpu}, ${cores} core(s)`;
const paceText = ({ sampleMs, slowMs }) =>
  `a sample is as many calls as take ${sampleMs.small} ms (${sampleMs.large} ms from N = 1024 on); what takes longer than ${slowMs} ms is timed once a run.`;

function engineReport(result) {
  const { plan, machine } = result;
  return [
    machineText(machine),
    `d = 64; ${plan.runs} run(s), each in a fresh page that is not cross-origin isolated; candidates interleaved round by round;`,
    paceText(plan),
    ...measuredPart(result),
    "",
    ...ratioPart(result),
    ...isolatedPart(result),
    "",
    pageReport(result.page),
  ].join("\n");
}

function webgpuReport(result) {
  const { plan, machine, adapter } = result;
  const title = "WebGPU: Float32Array in and out; each call uploads, computes and reads back";
  if (!adapter) return `${title}\n  not run: this browser gives no adapter`;
  return [
    title,
    machineText(machine),
    `the adapter: ${adapter.name}; right is within ${plan.tolerance.ours} of f64`,
    `d = 64; ${plan.runs} run(s), each in a fresh page; candidates interleaved round by round;`,
    paceText(plan),
    ...measuredPart(result),
    "",
    ...ratioPart(result),
  ].join("\n");
}

function isolatedPart({ isolated, isolatedRatios }) {
  if (!isolated) return [];
  const rows = isolatedRatios.map(({ heads, tokens, value, of = "" }) => [
    String(heads),
    String(tokens),
    of,
    ratio(value),
  ]);
  return [
    "",
    "For information: a page that is isolated, peers with two threads in shared memory, against ours with two workers",
    ...presentPart(isolated),
    align([["h", "N", "best peer / ours", ""], ...rows], 3),
  ];
}
