/** An error of the engine: a stable `code`, and what was expected and found. */
export class EngineError extends Error {
  readonly code: string;
  readonly operation: string;
  readonly expected: string;
  readonly found: string;

  constructor(fields: { code: string; operation: string; expected: string; found: string; message?: string }) {
    super(fields.message ?? `${fields.operation}: expected ${fields.expected}, found ${fields.found}`);
    this.name = "EngineError";
    this.code = fields.code;
    this.operation = fields.operation;
    this.expected = fields.expected;
    this.found = fields.found;
  }
}

export function disposed(operation: string): EngineError {
  return new EngineError({
    code: "disposed",
    operation,
    expected: "an engine in use",
    found: "one that was disposed of",
  });
}

/** Refuses what holds no fields, in the words of the engine. */
export function checkObject(value: unknown, operation: string): void {
  if (typeof value === "object" && value !== null) return;
  const found = value == null || typeof value === "number" ? String(value) : typeof value;
  throw new EngineError({ code: "type", operation, expected: "one object", found });
}

/** What of an error survives the way out of a worker. */
export interface PlainError {
  message: string;
  code: string;
  operation: string;
  expected: string;
  found: string;
  /** The wasm instance is not to be used again. */
  trapped: boolean;
}

/** Flattens whatever a wasm call threw; a trap is told from a refusal by its class. */
export function toPlainError(thrown: unknown, operation: string): PlainError {
  const error = thrown as Partial<PlainError> & { message?: string };
  const trapped = thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError;
  return {
    message: error?.message ?? String(thrown),
    code: trapped ? "trap" : (error?.code ?? "internal"),
    operation: error?.operation ?? operation,
    expected: error?.expected ?? "a result",
    found: error?.found ?? (trapped ? "the engine stopped" : "an error"),
    trapped,
  };
}
