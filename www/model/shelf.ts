/** The models that are loaded: each once on a page, for all elements that show it, and no longer than one does. */

import { type Engine, EngineError, type Model } from "../engine/engine.ts";
import type { ModelData } from "./data.ts";
import type { ModelFiles } from "./files.ts";
import { WITHOUT_TOKENIZER } from "./shipped.ts";
import { Vocabulary } from "./vocabulary.ts";

export interface Loaded {
  name: string;
  model: Model;
  data: ModelData;
  vocabulary: Vocabulary;
}

export interface Progress {
  loaded: number;
  /** 0 where it is not known. */
  total: number;
}

export interface Lease {
  loaded: Promise<Loaded>;
  /** Gives it back: when nobody has it any more it ends, whether it is there or still on its way. */
  release(): void;
  /** Gives it back as one that has ended by itself: nobody is handed it any more. */
  discard(): void;
}

interface Entry {
  loaded: Promise<Loaded>;
  users: number;
  abort: AbortController;
  listeners: Set<(progress: Progress) => void>;
}

/** Beside this file, wherever it came from; written so that whoever bundles it takes the files along. */
export const fileOf = (name: string, file: string): URL =>
  new URL(/* @vite-ignore */ `./models/${name}/${file}`, import.meta.url);

/** By name; what the reader brought, by the files themselves. */
const entries = new Map<string | ModelFiles, Entry>();

export function lease(engine: Engine, what: string | ModelFiles, onProgress: (progress: Progress) => void): Lease {
  let entry = entries.get(what);
  if (!entry) {
    entry = open(engine, what);
    entries.set(what, entry);
  }
  const mine = entry;
  mine.users++;
  mine.listeners.add(onProgress);
  let held = true;
  const release = () => {
    if (!held) return;
    held = false;
    mine.listeners.delete(onProgress);
    if (--mine.users === 0) close(what, mine);
  };
  const discard = () => {
    if (entries.get(what) === mine) entries.delete(what);
    release();
  };
  return { loaded: mine.loaded, release, discard };
}

function open(engine: Engine, what: string | ModelFiles): Entry {
  const abort = new AbortController();
  const listeners: Entry["listeners"] = new Set();
  const onProgress = (progress: Progress) => {
    for (const listener of listeners) listener(progress);
  };
  const loading =
    typeof what === "string"
      ? loadShipped(engine, what, abort.signal, onProgress)
      : loadOwn(engine, what, abort.signal, onProgress);
  const entry: Entry = { loaded: loading, users: 0, abort, listeners };
  loading.catch(() => {
    // The next one may have the network back.
    if (entries.get(what) === entry) entries.delete(what);
  });
  return entry;
}

function close(what: string | ModelFiles, entry: Entry): void {
  if (entries.get(what) === entry) entries.delete(what);
  entry.abort.abort(
    new EngineError({
      code: "cancelled",
      operation: "loadModel",
      expected: "a model",
      found: "none: its loading was cancelled",
    }),
  );
  entry.loaded.then(
    ({ model }) => model.dispose(),
    () => undefined,
  );
}

type Loading = (progress: Progress) => void;

/** All of its files at once, so that none waits for another. */
async function loadShipped(engine: Engine, name: string, signal: AbortSignal, onProgress: Loading): Promise<Loaded> {
  const json = async <T>(file: string) => {
    const url = fileOf(name, file);
    const text = await (await ask(url, signal)).text();
    try {
      return JSON.parse(text) as T;
    } catch (thrown) {
      throw refused(url, thrown);
    }
  };
  const [config, data, tokenizer, weights] = await Promise.all([
    json<object>("config.json"),
    json<ModelData>("data.json"),
    WITHOUT_TOKENIZER.has(name) ? undefined : json<object>("tokenizer.json"),
    read(fileOf(name, "model.safetensors"), signal, onProgress),
  ]);
  const model = await engine.loadModel({ config, weights: [weights], signal, ...(tokenizer && { tokenizer }) });
  return { name, model, data, vocabulary: new Vocabulary(tokenizer) };
}

async function loadOwn(engine: Engine, files: ModelFiles, signal: AbortSignal, onProgress: Loading): Promise<Loaded> {
  const { name, config, weights, tokenizer } = files;
  const model = await engine.loadModel({ config, weights, signal, onProgress, ...(tokenizer && { tokenizer }) });
  return { name, model, data: { task: "own" }, vocabulary: new Vocabulary(tokenizer) };
}

function refused(url: URL, why: unknown): EngineError {
  const file = url.pathname.split("/").slice(-2).join("/");
  const found = why instanceof Error ? why.message : String(why);
  return new EngineError({ code: "load", operation: "loadModel", expected: `the file ${file}`, found });
}

async function ask(url: URL, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (thrown) {
    signal.throwIfAborted();
    throw refused(url, thrown);
  }
  if (!response.ok) throw refused(url, `${response.status} ${response.statusText}`.trim());
  return response;
}

async function read(url: URL, signal: AbortSignal, onProgress: Loading): Promise<ArrayBuffer> {
  const response = await ask(url, signal);
  const length = response.headers.get("content-encoding") ? null : response.headers.get("content-length");
  const total = Number(length ?? 0);
  let loaded = 0;
  const counted = response.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (part, controller) => {
        loaded += part.length;
        onProgress({ loaded, total });
        controller.enqueue(part);
      },
    }),
  );
  return new Response(counted ?? null).arrayBuffer();
}
