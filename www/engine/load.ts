/** Compiles wasm from where it lies, once per address on this thread. */

import { EngineError } from "./errors.ts";
import type { EngineOptions } from "./types.ts";

export const DEFAULT_WASM = new URL("../../build/wasm/engine_bg.wasm", import.meta.url);

type Source = NonNullable<EngineOptions["wasm"]>;

const compiled = new Map<string, Promise<WebAssembly.Module>>();

export function loadModule(source: Source): Promise<WebAssembly.Module> {
  if (!(source instanceof URL || typeof source === "string")) return compile(source);
  const { href } = new URL(source, import.meta.url);
  let module = compiled.get(href);
  if (!module) {
    module = compile(new URL(href)).catch((error: unknown) => {
      // The next one may have the network back.
      compiled.delete(href);
      throw error;
    });
    compiled.set(href, module);
  }
  return module;
}

async function compile(source: Exclude<Source, string>): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  try {
    return await (source instanceof URL ? compileFrom(source) : WebAssembly.compile(source));
  } catch (thrown) {
    const found = thrown instanceof Error ? thrown.message : String(thrown);
    throw new EngineError({ code: "load", operation: "createEngine", expected: "the engine's wasm", found });
  }
}

async function compileFrom(url: URL): Promise<WebAssembly.Module> {
  if (url.protocol === "file:" && typeof process !== "undefined") {
    const name = "node:fs/promises";
    const { readFile } = (await import(/* @vite-ignore */ name)) as typeof import("node:fs/promises");
    return WebAssembly.compile(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText} for ${url.pathname}`);
  if (response.headers.get("content-type")?.startsWith("application/wasm")) {
    return WebAssembly.compileStreaming(response);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}
