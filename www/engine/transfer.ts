/** Every buffer in a result, so that it moves out of the worker instead of being copied. */
export function transferables(value: unknown, found = new Set<Transferable>()): Transferable[] {
  if (ArrayBuffer.isView(value)) found.add(value.buffer as ArrayBuffer);
  else if (value && typeof value === "object") for (const part of Object.values(value)) transferables(part, found);
  return [...found];
}
