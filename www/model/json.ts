/** The small files of a model, each with a size that is believable. */

import { EngineError } from "../engine/engine.ts";

/** Bytes at most. A tokenizer may have a quarter of a million words and as many merges. */
export const MOST_BYTES: Record<string, number> = {
  "config.json": 1 << 20,
  "tokenizer.json": 64 << 20,
  "model.safetensors.index.json": 16 << 20,
};

export function refusal(code: string, expected: string, found: string): EngineError {
  return new EngineError({ code, operation: "model files", expected, found });
}

export function expectSize(name: string, bytes: number): void {
  const most = MOST_BYTES[name] ?? 0;
  if (bytes > most) throw refusal("too_large", `${name} of at most ${most} bytes`, `${bytes} bytes`);
}

/** The object that `text` is. */
export function parseObject(name: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw refusal("format", `${name} in JSON`, thrown instanceof Error ? thrown.message : String(thrown));
  }
  if (value && typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>;
  throw refusal("format", `${name}: an object`, Array.isArray(value) ? "an array" : JSON.stringify(value));
}

/** The files that an index of shards names, each once. They lie beside it: a name with a path is refused. */
export function shardsOf(index: Record<string, unknown>): string[] {
  const map = index.weight_map;
  const names = map && typeof map === "object" && !Array.isArray(map) ? Object.values(map) : [];
  const bad = names.find((name) => typeof name !== "string" || !/^[\w-][\w.-]*\.safetensors$/.test(name));
  if (bad !== undefined) throw refusal("format", "weight_map: names of files", JSON.stringify(bad));
  if (names.length === 0) throw refusal("format", "weight_map: a file for each tensor", "none");
  return [...new Set(names as string[])].sort();
}
