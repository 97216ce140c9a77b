/**
 * The handwritten digits that `digits` learns from: a file that comes with scikit-learn. It is fetched, not committed, since
 * it names no licence for the data.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ROOT, run } from "./run.mjs";

const FOLDER = join(ROOT, "target/digits");
const MEMBER = "sklearn/datasets/data/digits.csv.gz";
/** Of the unpacked table: 1,797 rows of 64 pixels, 0 to 16, and the digit. */
const SHA256 = "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8";

/** The path of the table; fetches it through pip the first time. */
export async function digitsFile() {
  const path = join(FOLDER, "digits.csv");
  if (!existsSync(path)) {
    mkdirSync(FOLDER, { recursive: true });
    const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", FOLDER];
    await run("python3", [...pip, "scikit-learn"]);
    const wheel = readdirSync(FOLDER).find((name) => name.endsWith(".whl"));
    if (wheel === undefined) throw new Error("digits: expected a wheel of scikit-learn from pip, found none");
    const script = `import sys, zipfile; open(sys.argv[3], "wb").write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))`;
    const packed = join(FOLDER, "digits.csv.gz");
    await run("python3", ["-c", script, join(FOLDER, wheel), MEMBER, packed]);
    writeFileSync(path, gunzipSync(readFileSync(packed)));
  }
  const found = createHash("sha256").update(readFileSync(path)).digest("hex");
  if (found !== SHA256) throw new Error(`${path}: expected the SHA-256 ${SHA256}, found ${found}`);
  return path;
}

/** Rows of 64 pixels from -1 (paper) to 1 (ink), and their digits, from a table of comma-separated numbers. */
export function readDigits(path) {
  const rows = readFileSync(path, "utf8").trim().split("\n");
  return rows.map((row) => {
    const cells = row.split(",").map(Number);
    return { pixels: Float32Array.from(cells.slice(0, 64), (ink) => ink / 8 - 1), digit: cells[64] };
  });
}
