/**
 * Reads matrices as people have them: CSV, TSV, JSON, or as NumPy and PyTorch print them; one without a name, or several as
 * `name = ...`. A generator, so that a paste of many megabytes is read in slices and the page stays alive.
 */

import { matrices } from "../text/matrices.ts";
import { fill, type Said } from "../text/say.ts";
import { MATRIX_NAMES, type Matrix, type MatrixName, type MatrixSet, matrixName } from "./matrices.ts";

/** The most characters that are read. */
export const MAX_TEXT = 64 * 1024 * 1024;
/** The most numbers in one matrix: 512 tokens by 8,192. */
const MAX_CELLS = 512 * 8192;

/** Its words are found when it is shown, in the language of the page then. */
export class MatrixError extends Error {
  readonly said: Said;
  constructor(said: Said) {
    super(said());
    this.said = said;
  }
}

type Words = (t: typeof matrices) => string;

export const refusal = (what: Words, expected: Words, found: Words): MatrixError =>
  new MatrixError(() =>
    fill(matrices.refused, { what: what(matrices), expected: expected(matrices), found: found(matrices) }),
  );

const fail = (...words: Parameters<typeof refusal>): never => {
  throw refusal(...words);
};

const quote = (text: string) => `“${text.length > 24 ? `${text.slice(0, 24)}…` : text}”`;

/** Cells between two looks at the clock. */
const SLICE = 20_000;
/** `q = `, `"q": `, `W_Q:` at the start of a line, or of an object's entry. */
const HEADING = /(?:^|\n|[{,])[ \t]*["']?([A-Za-z_]+)["']?[ \t]*[=:](?!=)/g;
const NUMBER = /[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|inf(?:inity)?)/iy;

export function* parseMatrices(text: string, unnamed: MatrixName = "x"): Generator<undefined, MatrixSet> {
  if (text.length > MAX_TEXT)
    fail(
      whole,
      (t) => fill(t.expected.characters, { n: MAX_TEXT }),
      () => String(text.length),
    );
  if (text.trim() === "")
    fail(
      whole,
      (t) => t.expected.some,
      (t) => t.found.noText,
    );
  const set: MatrixSet = {};
  for (const { name, body } of sections(text, unnamed)) {
    if (set[name])
      fail(
        () => label(name),
        (t) => t.expected.once,
        (t) => t.found.second,
      );
    set[name] = yield* parseMatrix(body, label(name));
  }
  return set;
}

const whole: Words = (t) => t.whole;
const label = (name: MatrixName) => name.toUpperCase();

function sections(text: string, unnamed: MatrixName): { name: MatrixName; body: string }[] {
  const headings = [...text.matchAll(HEADING)].filter(
    ([, word]) => !/^(dtype|device|grad_fn|requires_grad)$/i.test(word ?? ""),
  );
  if (headings.length === 0) return [{ name: unnamed, body: text }];
  const before = text.slice(0, headings[0]?.index).replace(/[{\s]/g, "");
  if (before !== "")
    fail(
      whole,
      (t) => t.expected.named,
      () => quote(before),
    );
  return headings.map((heading, n) => {
    const written = heading[1] ?? "";
    const name =
      matrixName(written) ??
      fail(
        whole,
        (t) => fill(t.expected.names, { names: MATRIX_NAMES.join(", ") }),
        () => quote(written),
      );
    const end = heading.index + heading[0].length;
    // What parts the name from the first number is not an empty cell.
    const from = end + (/[ \t]/.test(text[end] ?? "") ? 1 : 0);
    return { name, body: text.slice(from, headings[n + 1]?.index ?? text.length) };
  });
}

function* parseMatrix(body: string, name: string): Generator<undefined, Matrix> {
  return body.includes("[") ? yield* parseNested(body, name) : yield* parseRows(body, name);
}

/**
 * Beside semicolons or tabs a comma is a decimal comma, as spreadsheets write in much of the world. A last comma or semicolon
 * only ends the row where the cells are parted by something else; what parts cells has an empty one beside it at an end.
 */
function splitRow(line: string): string[] {
  const row = line.trim().replace(/[,;]$/, "").trimEnd();
  const separator = [";", "\t", ","].find((sign) => row.includes(sign));
  if (!separator) return row.split(/\s+/);
  // A tab at an end is no blank: it parts an empty cell.
  const open = separator === "\t" ? line.replace(/[,;]\s*$/, "") : line;
  const words = (separator === "\t" || line.trimEnd().endsWith(separator) ? open : row)
    .split(separator)
    .map((word) => word.trim());
  return separator === "," ? words : words.map((word) => (/^[-+]?\d*,\d+$/.test(word) ? word.replace(",", ".") : word));
}

type Cell = Matrix["data"][number];

function toCell(word: string): Cell {
  const lower = word.toLowerCase();
  if (lower.endsWith("nan")) return "NaN";
  if (lower.includes("inf")) return lower.startsWith("-") ? "-Infinity" : "Infinity";
  const value = Math.fround(Number(word));
  return Number.isFinite(value) ? value : value > 0 ? "Infinity" : "-Infinity";
}

function* parseRows(body: string, name: string): Generator<undefined, Matrix> {
  const data: Cell[] = [];
  let columns = 0;
  let rows = 0;
  /** Whether all rows so far end with a separator: it is then a custom of the file, and not an empty cell. */
  let ended = false;
  const noNumber = (row: number, column: number, word: string) =>
    fail(
      (t) => fill(t.cell, { name, row, column }),
      (t) => t.expected.number,
      (t) => (word ? quote(word) : t.found.nothing),
    );
  let line = 0;
  for (let from = 0; from <= body.length; ) {
    const end = body.indexOf("\n", from);
    const to = end < 0 ? body.length : end;
    const row = body.slice(from, to);
    from = to + 1;
    line++;
    if (/^[,;}]?$/.test(row.trim())) continue;
    const words = splitRow(row);
    rows++;
    const open = words.at(-1) !== "";
    if (rows === 1) ended = !open;
    if (ended && open) noNumber(1, columns + 1, "");
    if (ended) words.pop();
    for (const [c, word] of words.entries()) {
      NUMBER.lastIndex = 0;
      const match = NUMBER.exec(word);
      if (match?.[0].length !== word.length) noNumber(rows, c + 1, word);
      data.push(toCell(word));
    }
    if (rows === 1) columns = words.length;
    if (words.length !== columns)
      fail(
        (t) => fill(t.row, { name, row: rows }),
        (t) => fill(t.expected.likeFirst, { n: columns }),
        () => String(words.length),
      );
    if (data.length > MAX_CELLS)
      fail(
        () => name,
        (t) => fill(t.expected.numbers, { n: MAX_CELLS }),
        (t) => t.found.more,
      );
    if (line % Math.max(1, Math.floor(SLICE / columns)) === 0) yield;
  }
  if (rows === 0)
    fail(
      () => name,
      (t) => t.expected.row,
      (t) => t.found.none,
    );
  return { shape: [rows, columns], data };
}

const MAX_DEPTH = 4;

/** `[[1, 2], [3, 4]]`, with or without commas, inside `array(..)` or `tensor(..)` or bare. */
function* parseNested(body: string, name: string): Generator<undefined, Matrix> {
  const data: Cell[] = [];
  const shape: (number | undefined)[] = [];
  const counts: number[] = [];
  let at = body.indexOf("[");
  const prefix = body.slice(0, at).trim();
  if (prefix !== "" && !/^[\w.]*\($/.test(prefix))
    fail(
      () => name,
      (t) => t.expected.matrix,
      () => quote(prefix),
    );
  const where = (): Words => {
    const place = counts.slice(0, -1).join(", ");
    return (t) => fill(t.place, { name, place });
  };
  const count = () => {
    if (counts.length > 0) counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1;
  };
  do {
    const sign = body[at] ?? "";
    if (sign === "[") {
      count();
      counts.push(0);
      if (counts.length > MAX_DEPTH)
        fail(
          () => name,
          (t) => fill(t.expected.lists, { n: MAX_DEPTH }),
          (t) => t.found.more,
        );
      at++;
    } else if (sign === "]") {
      const depth = counts.length - 1;
      const length = counts.at(-1) ?? 0;
      const known = shape[depth];
      if (length === 0)
        fail(
          where(),
          (t) => t.expected.numbersOnly,
          (t) => t.found.emptyList,
        );
      if (known !== undefined && known !== length)
        fail(
          where(),
          (t) => fill(t.expected.entries, { n: known }),
          () => String(length),
        );
      shape[depth] = length;
      counts.pop();
      at++;
    } else if (/[\s,]/.test(sign)) at++;
    else if (body.startsWith("...", at) || sign === "…") {
      fail(
        () => name,
        (t) => t.expected.every,
        (t) => t.found.short,
      );
    } else {
      NUMBER.lastIndex = at;
      const match = NUMBER.exec(body);
      const next = match ? body[at + match[0].length] : undefined;
      if (!match || (next !== undefined && !/[\s,\]]/.test(next))) {
        const n = data.length + 1;
        const written = quote(/[^\s,\]]+/.exec(body.slice(at, at + 40))?.[0] ?? sign);
        fail(
          (t) => fill(t.number, { name, n }),
          (t) => t.expected.number,
          () => written,
        );
      }
      data.push(toCell(match?.[0] ?? ""));
      if (data.length > MAX_CELLS)
        fail(
          () => name,
          (t) => fill(t.expected.numbers, { n: MAX_CELLS }),
          (t) => t.found.more,
        );
      count();
      at += match?.[0].length ?? 1;
      if (data.length % SLICE === 0) yield;
    }
  } while (counts.length > 0 && at < body.length);
  if (counts.length > 0)
    fail(
      () => name,
      (t) => fill(t.expected.brackets, { n: counts.length }),
      (t) => t.found.textEnd,
    );
  const rest = body.slice(at).trim();
  if (!/^(,\s*(dtype|device|grad_fn|requires_grad)=[^)]*)*\)?[\s,;}]*$/.test(rest))
    fail(
      () => name,
      (t) => t.expected.end,
      () => quote(rest),
    );
  const size = shape.reduce<number>((a, b) => a * (b ?? 1), 1);
  if (size !== data.length)
    fail(
      () => name,
      (t) => t.expected.depth,
      (t) => t.found.mixed,
    );
  return { shape: shape.map((n) => n ?? 1), data };
}

/** Runs the parser to its end at once: for short texts and tests. */
export function parseNow(text: string, unnamed?: MatrixName): MatrixSet {
  const parser = parseMatrices(text, unnamed);
  for (;;) {
    const step = parser.next();
    if (step.done) return step.value;
  }
}

const SLICE_MS = 8;

/** Runs the parser in slices of a few milliseconds, with room for frames between them. */
export async function parseInSlices(text: string, unnamed?: MatrixName): Promise<MatrixSet> {
  const parser = parseMatrices(text, unnamed);
  let started = performance.now();
  for (;;) {
    const step = parser.next();
    if (step.done) return step.value;
    if (performance.now() - started > SLICE_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      started = performance.now();
    }
  }
}
