/** The ratios of the WebGPU section. */

import { ratioOfCells } from "./ratios.mjs";
import { fastest, pairedRatio } from "./statistics.mjs";

const PEERS = ["ort-graph", "ort-mha", "ort-attention", "litert", "jax-attention", "jax-graph", "tfjs"];

const over = (peers, own) => (runs, cell) => {
  const peer = fastest(runs, cell, peers);
  return peer && { value: pairedRatio(runs, cell, peer, own), of: `${peer} / ${own}` };
};

const ROWS = [
  {
    key: "webgpu",
    name: "WebGPU: fastest right peer / ours, N >= 256",
    cells: ({ tokens }) => tokens >= 256,
    floor: 1,
    aim: 2,
    of: over(PEERS, "ours-webgpu"),
  },
  {
    key: "worker",
    name: "the same, without the worker between (for information)",
    cells: ({ tokens }) => tokens >= 256,
    of: over(PEERS, "ours-module"),
  },
  {
    key: "adapter",
    name: "ours on 1 thread of the CPU / on WebGPU (for information)",
    cells: () => true,
    of: over(["ours"], "ours-webgpu"),
  },
];

export const webgpuRatios = ({ plan, runs }) =>
  runs.length > 0 ? ROWS.map((row) => ratioOfCells(row, plan, runs)) : [];
