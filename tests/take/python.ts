/** Python for tests: the one that `npm test` has set up, or that stands on the path, if it has what a script needs. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const RUN = fileURLToPath(new URL("./run.py", import.meta.url));
const OWN = fileURLToPath(new URL("../../build/python/bin/python", import.meta.url));

function has(python: string, module: string): boolean {
  try {
    execFileSync(python, ["-c", `import ${module}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** A Python with the module; undefined, and a line that says so, where there is none. */
export function pythonWith(module: string): string | undefined {
  const places = [process.env.PYTHON_PATH ?? "", existsSync(OWN) ? OWN : "", "python3"].filter(Boolean);
  const found = places.find((python) => has(python, module));
  if (!found) console.log(`skipped: no Python with ${module} (looked at ${places.join(", ")})`);
  return found;
}

export interface Outcome {
  ok: boolean;
  said: string;
}

/** Runs scripts in one process. */
export function runAll(python: string, scripts: readonly string[]): Outcome[] {
  const folder = mkdtempSync(join(tmpdir(), "take-"));
  try {
    const paths = scripts.map((script, n) => {
      const path = join(folder, `${n}.py`);
      writeFileSync(path, script);
      return path;
    });
    const said = execFileSync(python, [RUN, ...paths], { encoding: "utf8", cwd: folder, maxBuffer: 2 ** 28 });
    return said
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
