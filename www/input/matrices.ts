/** The reader's own matrices, as plain data: what the state holds and the link repeats. */

export const MATRIX_NAMES = ["x", "memory", "wq", "wk", "wv", "wo", "bq", "bk", "bv", "bo", "q", "k", "v"] as const;
export type MatrixName = (typeof MATRIX_NAMES)[number];

export interface Matrix {
  shape: number[];
  /** Row-major. NaN and infinities stand as the strings that JSON can hold. */
  data: (number | "NaN" | "Infinity" | "-Infinity")[];
}

export type MatrixSet = Partial<Record<MatrixName, Matrix>> & { tokens?: string[] };

/** Of q, k and v all three are needed; weights need an x. Names, as readers write them, where something is missing. */
export function lackOf(set: MatrixSet): { have: string; missing: string } | undefined {
  const have = MATRIX_NAMES.filter((name) => set[name]);
  const wanted: MatrixName[] = set.q || set.k || set.v ? ["q", "k", "v"] : ["x"];
  const missing = wanted.filter((name) => !set[name]);
  const [there = "", needed = ""] = [have, missing].map((names) => names.join(", ").toUpperCase());
  return needed ? { have: there, missing: needed } : undefined;
}

/** Names that readers write, and the one we use. */
const ALIASES = new Map<string, MatrixName>(
  Object.entries({
    w_q: "wq",
    w_k: "wk",
    w_v: "wv",
    w_o: "wo",
    w_query: "wq",
    w_key: "wk",
    w_value: "wv",
    w_output: "wo",
    b_q: "bq",
    b_k: "bk",
    b_v: "bv",
    b_o: "bo",
    query: "q",
    key: "k",
    value: "v",
    input: "x",
    embeddings: "x",
  } as const),
);

export function matrixName(written: string): MatrixName | undefined {
  const name = written.toLowerCase().trim();
  return ALIASES.get(name) ?? MATRIX_NAMES.find((known) => known === name);
}

const isCell = (cell: unknown) => typeof cell === "number" || ["NaN", "Infinity", "-Infinity"].includes(cell as string);

/** A sentence that says what is wrong with a value that should be a MatrixSet, or undefined. */
export function checkMatrixSet(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "expected an object of matrices";
  for (const [name, matrix] of Object.entries(value)) {
    if (name === "tokens") {
      const fine = Array.isArray(matrix) && matrix.every((token) => typeof token === "string");
      if (!fine) return "tokens: expected a list of texts";
      continue;
    }
    if (matrixName(name) !== name) return `${name}: expected one of ${MATRIX_NAMES.join(", ")}`;
    const { shape, data } = (matrix ?? {}) as Partial<Matrix>;
    if (!Array.isArray(shape) || !shape.every((n) => Number.isInteger(n) && n > 0)) {
      return `${name}: expected a shape of positive whole numbers`;
    }
    const size = shape.reduce((a, b) => a * b, 1);
    if (!Array.isArray(data) || data.length !== size) {
      return `${name}: expected ${size} numbers, found ${Array.isArray(data) ? data.length : "none"}`;
    }
    // A list with holes has them as undefined.
    const wrong = Array.from(data, isCell).indexOf(false);
    if (wrong >= 0) return `${name}: expected numbers, found ${String(JSON.stringify(data[wrong])).slice(0, 40)}`;
  }
  return undefined;
}

/** Matrices as the state holds them, from whatever arrays they came in. What is no matrix is left as it is, to be refused. */
export function plainMatrices(given: Record<string, unknown>): MatrixSet {
  const entries = Object.entries(given).map(([name, value]) => {
    const { shape, data } = (value ?? {}) as { shape?: ArrayLike<number>; data?: ArrayLike<number | string> };
    if (!shape || !data || typeof data === "string") return [name, value];
    return [name, { shape: Array.from(shape), data: Array.from(data, plainNumber) }];
  });
  return Object.fromEntries(entries) as MatrixSet;
}

const plainNumber = (value: number | string) =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
