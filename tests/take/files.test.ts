/** Files that a trace is taken away in: other programs read the same numbers in them. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, Trace } from "../../www/engine/types.ts";
import { numbersOf } from "../../www/take/bytes.ts";
import { csv } from "../../www/take/csv.ts";
import { traceFromJson, traceToJson } from "../../www/take/json.ts";
import { workedRow } from "../../www/take/latex.ts";
import { npy, npz } from "../../www/take/npy.ts";
import { pythonText } from "../../www/take/python/literals.ts";
import { numpyScript } from "../../www/take/python/script.ts";
import { safetensors } from "../../www/take/safetensors.ts";
import { stageOf } from "../../www/trace/cells.ts";
import { sliceForHead } from "../../www/view/matrix-view.ts";
import { pythonWith, runAll } from "./python.ts";
import { allTraces, plainTrace, startEngine } from "./traces.ts";

let engine: Engine;
let trace: Trace;
beforeAll(async () => {
  engine = await startEngine();
  trace = await plainTrace(engine);
});
afterAll(() => engine.dispose());

const stage = (id: string, of = trace) => stageOf(of, id) ?? expect.fail(`no ${id}`);
const HOSTILE = [
  "<script>alert(1)</script>",
  "]]>",
  '"; import os; os.system("x") #',
  "=cmd()",
  "\\input{/etc/passwd}",
  "a\0b\u001b[2J",
  "\u202eabc\u2066",
  "\ud800 lone",
  "+1+1\r\n@x,y",
  "'''\\\n$&%#_{}~^",
  "x".repeat(65_536),
];
const hostile = () => engine.traceAttention({ tokens: { query: HOSTILE }, heads: 1, headDim: 2, seed: 1, width: 4 });

describe("JSON", () => {
  it("comes back as it was, to the bit, of every kind of trace", async () => {
    for (const [name, one] of [...(await allTraces(engine)), ["hostile", await hostile()] as const]) {
      const back = traceFromJson(traceToJson(one));
      // Byte by byte: matchers take long for so many numbers.
      const bits = ({ data }: Trace) => Buffer.from(data.slice().buffer);
      expect(bits(back).equals(bits(one)), name).toBe(true);
      expect({ ...back, data: 0 }, name).toEqual({ ...one, data: 0 });
    }
  }, 60_000);

  it("can be asked by the engine like the trace itself", async () => {
    const back = traceFromJson(traceToJson(trace));
    expect(await engine.explain(back, "scores", [0, 2, 1])).toEqual(await engine.explain(trace, "scores", [0, 2, 1]));
  });

  it("refuses what is none", () => {
    const file = JSON.parse(traceToJson(trace));
    const text = (change: object) => JSON.stringify({ ...file, ...change });
    expect(() => traceFromJson(text({ version: 2 }))).toThrow("expected version 1, found 2");
    expect(() => traceFromJson(text({ data: { ...file.data, length: 3 } }))).toThrow("found 3");
    const stages = [{ ...file.stages[0], offset: 1e9 }];
    expect(() => traceFromJson(text({ stages }))).toThrow("expected embeddings within");
  });
});

it("npy has the header of format 1.0, and the numbers at a multiple of 64", () => {
  const bytes = npy(
    [2, 3],
    Float32Array.from("abcdef", (letter) => letter.charCodeAt(0)),
  );
  expect([...bytes.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const header = new TextDecoder().decode(bytes.subarray(10, 128));
  expect(header).toMatch(/^\{'descr': '<f4', 'fortran_order': False, 'shape': \(2, 3,\), \} *\n$/);
  expect(bytes.length).toBe(128 + 24);
});

it("safetensors has each stage where its header says", () => {
  const bytes = safetensors(trace);
  const view = new DataView(bytes.buffer);
  const length = Number(view.getBigUint64(0, true));
  expect(length % 8).toBe(0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  expect(JSON.parse(header.__metadata__.tokens)).toEqual(trace.tokens);
  expect(Object.keys(header).slice(1)).toEqual(trace.stages.map(({ id }) => id));
  for (const one of trace.stages) {
    const {
      dtype,
      shape,
      data_offsets: [from, to],
    } = header[one.id];
    expect([dtype, shape]).toEqual(["F32", one.shape]);
    expect(new Float32Array(bytes.slice(8 + length + from, 8 + length + to).buffer)).toEqual(numbersOf(trace, one));
  }
});

it("numbers that were set are named in every file as they are, also those that JSON does not have", async () => {
  const edits = [Number.NEGATIVE_INFINITY, -0, 0.5].map((value, n) => ({ stage: "masked", index: [0, 1, n], value }));
  const one = await engine.traceAttention({
    tokens: { query: ["a", "b", "c"] },
    heads: 1,
    headDim: 2,
    seed: 1,
    causal: true,
    edits,
  });
  const said = ["-Infinity", "-0", 0.5];
  expect(traceFromJson(traceToJson(one)).config.edits).toEqual(one.config.edits);
  const bytes = safetensors(one);
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const { config } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))).__metadata__;
  expect(JSON.parse(config).edits.map(({ value }: { value: unknown }) => value)).toEqual(said);
});

const python = pythonWith("numpy");
it.skipIf(!python)("NumPy reads npy and npz", () => {
  const folder = mkdtempSync(join(tmpdir(), "take-"));
  writeFileSync(join(folder, "all.npz"), npz(trace));
  writeFileSync(join(folder, "one.npy"), npy(stage("weights").shape, numbersOf(trace, stage("weights"))));
  const code = `import json, numpy as np
all = np.load("all.npz")
assert (np.load("one.npy") == all["weights"]).all()
print(json.dumps({name: [str(all[name].dtype), list(all[name].shape), all[name].tobytes().hex()] for name in all.files}))`;
  const said = JSON.parse(execFileSync(python as string, ["-c", code], { cwd: folder, encoding: "utf8" }));
  rmSync(folder, { recursive: true });
  for (const one of trace.stages) {
    const hex = Buffer.from(numbersOf(trace, one).slice().buffer).toString("hex");
    expect(said[one.id]).toEqual(["float32", one.shape, hex]);
  }
});

/** A reader of RFC 4180. */
function table(marked: string): string[][] {
  expect(marked[0]).toBe("\ufeff");
  const text = marked.slice(1);
  const rows: string[][] = [[]];
  const field = /("((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (!found) throw new Error(`no field at ${field.lastIndex}`);
    (rows.at(-1) as string[]).push(found[2] === undefined ? (found[3] as string) : found[2].replaceAll('""', '"'));
    if (found[4] === "\r\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

describe("CSV", () => {
  it("has the tokens at its sides and every number to its last digit", () => {
    const view = sliceForHead(trace, stage("weights"), 1);
    const [header = [], ...rows] = table(csv(trace, view));
    expect(header).toEqual(["", ...trace.tokens.key]);
    for (const [n, [name, ...cells]] of rows.entries()) {
      expect(name).toBe(trace.tokens.query[n]);
      expect(cells.map((cell) => Math.fround(Number(cell)))).toEqual(
        cells.map((_, column) => view.value(trace, n, column)),
      );
    }
  });

  it("says what is no number as programs read it", () => {
    expect(csv(trace, sliceForHead(trace, stage("masked"), 0))).toContain(",-inf");
  });

  it("names what is no token by its place", () => {
    expect(table(csv(trace, sliceForHead(trace, stage("query"), 0)))[0]?.slice(0, 3)).toEqual(["", "dim 0", "dim 1"]);
  });

  it("names the columns of a state by both of its axes", async () => {
    const one = await engine.traceLinearAttention({
      tokens: { query: ["a", "b"] },
      heads: 1,
      headDim: 2,
      seed: 1,
      rule: "linear",
    });
    const view = sliceForHead(one, stage("state", one), 0);
    const [header = [], ...rows] = table(csv(one, view));
    expect(header).toEqual(["", "key_dim 0 dim 0", "key_dim 0 dim 1", "key_dim 1 dim 0", "key_dim 1 dim 1"]);
    expect(rows.map(([name]) => name)).toEqual(["a", "b"]);
  });

  it("gives a spreadsheet nothing to work out, and stays a table", async () => {
    const one = await hostile();
    const rows = table(csv(one, sliceForHead(one, stage("weights", one), 0)));
    expect(rows.map(({ length }) => length)).toEqual(rows.map(() => HOSTILE.length + 1));
    expect(rows.length).toBe(HOSTILE.length + 1);
    for (const name of rows[0] ?? []) expect(name).not.toMatch(/^\s*[=+\-@]|\p{Cc}/u);
    expect(rows[0]?.[4]).toBe("'=cmd()");
  });
});

describe("LaTeX", () => {
  it("has a line for each key, with the numbers as the page shows them", () => {
    const text = workedRow(trace, 0, 2);
    const lines = text.match(/^\\text\{.*\\\\$/gm) ?? [];
    expect(lines).toHaveLength(1 + trace.tokens.key.length);
    const columns = text.match(/\{l(r+)\}/)?.[1]?.length;
    expect(lines.map((line) => line.split(" & ").length - 1)).toEqual(lines.map(() => columns));
    expect(text).toContain("-\\infty");
    const weights = sliceForHead(trace, stage("weights"), 0);
    expect(lines[1]?.endsWith(`& ${Number(weights.value(trace, 2, 0).toPrecision(3))} \\\\`)).toBe(true);
  });

  it("sets tokens and does not obey them", async () => {
    const one = await hostile();
    for (let query = 0; query < HOSTILE.length; query++) {
      const text = workedRow(one, 0, query);
      expect(text.replaceAll("\n", "")).not.toMatch(/\\input|\\write|\p{Cc}/u);
      // Braces are in pairs, but for those that are set.
      const bare = text.replaceAll(/\\[{}]/g, "");
      expect(bare.match(/\{/g)?.length).toBe(bare.match(/\}/g)?.length);
      expect(text.match(/\\\\$/gm)).toHaveLength(1 + HOSTILE.length);
    }
  });
});

describe("scripts", () => {
  it("a string holds its text and nothing else", () => {
    expect(pythonText('a"\\b')).toBe('"a\\"\\\\b"');
    expect(pythonText("\0\u202e\ud800中😀")).toBe('"\\u0000\\u202e\\ud800中😀"');
  });

  it.skipIf(!python)("hostile tokens run nothing, and come back", async () => {
    const one = await hostile();
    const print = `import json\nprint(json.dumps(query_tokens))\n`;
    const [outcome] = runAll(python as string, [numpyScript(one) + print]);
    expect(outcome?.ok).toBe(true);
    const [said, tokens] = outcome?.said.split("\n") ?? [];
    expect(said).toMatch(/^\d+ numbers of \d+ stages agree$/);
    expect(JSON.parse(tokens as string)).toEqual(one.tokens.query);
  });
});
