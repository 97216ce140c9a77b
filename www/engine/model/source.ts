/** Files of weights, read from front to back in parts: what was dropped, what is in memory, what is fetched. */

import { EngineError } from "../errors.ts";
import type { WeightsFile } from "./types.ts";

export interface Source {
  /** What errors call it. */
  readonly name: string;
  /** Its bytes, where they are known before the end. */
  size(): Promise<number | undefined>;
  /** The bytes from `start` on, fewer at its end. Parts come in order; between them bytes may be left out. */
  read(start: number, count: number): Promise<Uint8Array>;
  /** Lets go of a connection, until the next part is read. */
  pause(): void;
}

export async function openSource(file: WeightsFile, signal: AbortSignal | undefined): Promise<Source> {
  if (file instanceof Blob) return new BlobSource(file, file instanceof File ? file.name : "weights");
  if (file instanceof ArrayBuffer) return new BlobSource(file, "weights");
  if (!(file instanceof URL)) {
    const found = file === null ? "null" : typeof file;
    throw refusal("type", "weights: a Blob, an ArrayBuffer or a URL", found);
  }
  if (file.protocol === "file:" && typeof process !== "undefined") return fromDisk(file);
  return new UrlSource(file, signal);
}

export function refusal(code: string, expected: string, found: string): EngineError {
  return new EngineError({ code, operation: "loadModel", expected, found });
}

function nameOf(url: URL): string {
  return url.pathname.slice(url.pathname.lastIndexOf("/") + 1) || url.href;
}

async function fromDisk(url: URL): Promise<Source> {
  const name = "node:fs";
  const { openAsBlob } = (await import(/* @vite-ignore */ name)) as typeof import("node:fs");
  try {
    return new BlobSource((await openAsBlob(url)) as unknown as Blob, nameOf(url));
  } catch (thrown) {
    throw refusal("load", `the file ${nameOf(url)}`, String(thrown));
  }
}

/** Anything that can be cut. */
class BlobSource implements Source {
  readonly name: string;
  readonly #file: Blob | ArrayBuffer;

  constructor(file: Blob | ArrayBuffer, name: string) {
    this.#file = file;
    this.name = name;
  }

  async size(): Promise<number> {
    return this.#file instanceof ArrayBuffer ? this.#file.byteLength : this.#file.size;
  }

  async read(start: number, count: number): Promise<Uint8Array> {
    const part = this.#file.slice(start, start + count);
    if (part instanceof ArrayBuffer) return new Uint8Array(part);
    try {
      return new Uint8Array(await part.arrayBuffer());
    } catch (thrown) {
      // It was changed or removed since it was dropped.
      throw refusal("load", `the file ${this.name}, as it was`, String(thrown));
    }
  }

  pause(): void {}
}

class UrlSource implements Source {
  readonly name: string;
  readonly #url: URL;
  readonly #signal: AbortSignal | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #size: number | undefined;
  /** Where the stream stands, and what of it was read beyond. */
  #at = 0;
  #left: Uint8Array = new Uint8Array();

  constructor(url: URL, signal: AbortSignal | undefined) {
    this.#url = url;
    this.#signal = signal;
    this.name = nameOf(url);
  }

  async size(): Promise<number | undefined> {
    if (!this.#reader) await this.#open(0);
    return this.#size;
  }

  async read(start: number, count: number): Promise<Uint8Array> {
    if (!this.#reader) await this.#open(start);
    while (this.#at < start) {
      const step = Math.min(start - this.#at, this.#left.length);
      this.#at += step;
      this.#left = this.#left.subarray(step);
      if (this.#at < start && !(await this.#more())) return new Uint8Array();
    }
    const bytes = new Uint8Array(count);
    let filled = 0;
    while (filled < count && (this.#left.length > 0 || (await this.#more()))) {
      const part = this.#left.subarray(0, count - filled);
      bytes.set(part, filled);
      filled += part.length;
      this.#left = this.#left.subarray(part.length);
    }
    this.#at += filled;
    return filled === count ? bytes : bytes.slice(0, filled);
  }

  pause(): void {
    this.#reader?.cancel().catch(() => {});
    this.#reader = undefined;
    this.#left = new Uint8Array();
  }

  async #open(start: number): Promise<void> {
    // A server that knows no ranges sends the whole file: then the beginning is read once more and left out.
    const headers: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
    const response = await this.#attempt(() => fetch(this.#url, { headers, signal: this.#signal ?? null }));
    if (!response.ok || !response.body) {
      throw refusal("load", `the file ${this.name}`, `${response.status} ${response.statusText}`.trim());
    }
    // The length of what is sent compressed is another.
    const length = response.headers.get("content-encoding") ? null : response.headers.get("content-length");
    if (start === 0) this.#size = length === null ? undefined : Number(length);
    this.#at = response.status === 206 ? start : 0;
    this.#reader = response.body.getReader();
  }

  async #more(): Promise<boolean> {
    const reader = this.#reader;
    if (!reader) return false;
    const { done, value } = await this.#attempt(() => reader.read());
    if (value) this.#left = value;
    return !done;
  }

  async #attempt<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (thrown) {
      this.#signal?.throwIfAborted();
      throw refusal("load", `the file ${this.name}`, thrown instanceof Error ? thrown.message : String(thrown));
    }
  }
}
