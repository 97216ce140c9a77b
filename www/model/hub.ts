/**
 * Models by name from a hub. Nothing is asked of it before the reader says so: `findOnHub` asks what there is and how
 * large, which a page shows beside the host's name; `fetchFromHub` fetches it after a click on that.
 */

import type { ModelProgress } from "../engine/model/types.ts";
import type { ModelFiles } from "./files.ts";
import { expectSize, parseObject, refusal, shardsOf } from "./json.ts";

export const HUB = "https://huggingface.co";
const CACHE = "attention-playground-models";
const INDEX = "model.safetensors.index.json";

export interface HubPlace {
  /** Default: huggingface.co. */
  host?: string;
  /** A branch, a tag or a commit. Default: main. */
  revision?: string;
  signal?: AbortSignal;
}

export interface HubFile {
  name: string;
  url: string;
  /** Absent where the host does not say. */
  bytes?: number;
}

export interface HubModel {
  name: string;
  host: string;
  weights: HubFile[];
  tokenizer?: HubFile;
  config: Record<string, unknown>;
  /** All that is still to be fetched; absent where the host does not say. */
  bytes?: number;
}

export interface HubFetch {
  onProgress?(progress: ModelProgress): void;
  signal?: AbortSignal;
  /** The reader wants it kept in the browser, to be there without the network. */
  keep?: boolean;
}

/**
 * What `owner/name` has on the hub. Rejects with an EngineError: `option` for a name that is none, `not_found` for a file
 * that is not there, `load` where the host does not answer.
 */
export async function findOnHub(name: string, place: HubPlace = {}): Promise<HubModel> {
  const { host = HUB, revision = "main", signal } = place;
  if (!/^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(name) || name.includes("..")) {
    throw refusal("option", "the name of a model, owner/name", JSON.stringify(name));
  }
  const base = new URL(`${name}/resolve/${encodeURIComponent(revision)}/`, host.endsWith("/") ? host : `${host}/`);
  const urlOf = (file: string) => new URL(file, base).href;
  const look = async (file: string): Promise<HubFile | undefined> => {
    const response = await ask(urlOf(file), { method: "HEAD" }, signal);
    if (!response) return undefined;
    // The length of what is sent compressed is another.
    const length = response.headers.get("content-encoding") ? null : response.headers.get("content-length");
    return { name: file, url: urlOf(file), ...(length !== null && { bytes: Number(length) }) };
  };
  const config = parseObject("config.json", await small("config.json", urlOf("config.json"), signal));
  const whole = await look("model.safetensors");
  let weights = whole && [whole];
  if (!weights) {
    const shards = shardsOf(parseObject(INDEX, await small(INDEX, urlOf(INDEX), signal)));
    weights = await Promise.all(shards.map(async (shard) => (await look(shard)) ?? absent(shard, host)));
  }
  const tokenizer = await look("tokenizer.json");
  const kept = await Promise.all(weights.map(({ url }) => fromCache(url)));
  const sizes = [...weights.filter((_, n) => !kept[n]), ...(tokenizer ? [tokenizer] : [])].map(({ bytes }) => bytes);
  const known = sizes.every((bytes) => bytes !== undefined);
  return {
    name,
    host: new URL(host).host,
    config,
    weights,
    ...(tokenizer && { tokenizer }),
    ...(known && { bytes: sizes.reduce((sum: number, bytes) => sum + (bytes as number), 0) }),
  };
}

/** Fetches it, or takes what was kept, as what `engine.loadModel` takes. Weights that are not kept are read while they come. */
export async function fetchFromHub(model: HubModel, options: HubFetch = {}): Promise<ModelFiles> {
  const { signal } = options;
  const { name, config, tokenizer } = model;
  const json = tokenizer && parseObject("tokenizer.json", await small("tokenizer.json", tokenizer.url, signal));
  const total = model.weights.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  let loaded = 0;
  const weights: ModelFiles["weights"][number][] = [];
  for (const file of model.weights) {
    const kept = await fromCache(file.url);
    if (!kept && options.keep) {
      await keep(file, signal, (bytes) => {
        loaded += bytes;
        options.onProgress?.({ loaded, total: Math.max(total, loaded) });
      });
    } else loaded += file.bytes ?? 0;
    const blob = kept ?? (options.keep ? await fromCache(file.url) : undefined);
    weights.push(blob ?? new URL(file.url));
  }
  return { name, config, weights, ...(json && { tokenizer: json }) };
}

/** Gives back the room of all models that were kept. */
export async function forgetHub(): Promise<void> {
  await globalThis.caches?.delete(CACHE);
}

/** A Blob that lies on the disk, not in memory. */
async function fromCache(url: string): Promise<Blob | undefined> {
  if (!(await globalThis.caches?.has(CACHE))) return undefined;
  const response = await (await caches.open(CACHE)).match(url);
  return response?.blob();
}

async function keep(file: HubFile, signal: AbortSignal | undefined, onBytes: (bytes: number) => void): Promise<void> {
  if (!globalThis.caches) throw refusal("option", "a page that may keep files (https)", "one that may not");
  const response = await ask(file.url, {}, signal);
  if (!response?.body) return absent(file.name, new URL(file.url).host);
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (part, controller) => {
        onBytes(part.length);
        controller.enqueue(part);
      },
    }),
  );
  try {
    // A stream that breaks off leaves nothing behind.
    await (await caches.open(CACHE)).put(file.url, new Response(counted));
  } catch (thrown) {
    signal?.throwIfAborted();
    throw refusal("load", `${file.name}, kept in this browser`, String(thrown));
  }
}

async function small(name: string, url: string, signal: AbortSignal | undefined): Promise<string> {
  const response = await ask(url, {}, signal);
  if (!response) return absent(name, new URL(url).host);
  expectSize(name, Number(response.headers.get("content-length") ?? 0));
  const text = await response.text();
  expectSize(name, text.length);
  return text;
}

/** The answer; none where there is no such file. */
async function ask(url: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Response | undefined> {
  const refused = (found: string) => refusal("load", `an answer of ${new URL(url).host}`, found);
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: signal ?? null });
  } catch (thrown) {
    signal?.throwIfAborted();
    throw refused(thrown instanceof Error ? thrown.message : String(thrown));
  }
  if (response.status === 404) return undefined;
  // The hub says so of names that it does not know, lest it tell of what is private.
  if (response.status === 401 || response.status === 403) {
    throw refused(`${response.status}: not there, or only for some`);
  }
  if (!response.ok) throw refused(`${response.status} ${response.statusText}`.trim());
  return response;
}

function absent(name: string, host: string): never {
  throw refusal("not_found", `${name} on ${host}`, "none");
}
