/** The reader's own files, picked or dropped, as what `engine.loadModel` takes. Nothing leaves the machine. */

import type { ModelOptions } from "../engine/model/types.ts";
import { expectSize, parseObject, refusal, shardsOf } from "./json.ts";

/** What a model is loaded from. */
export type ModelFiles = Pick<ModelOptions, "config" | "weights" | "tokenizer"> & {
  /** Of the folder or of the file of weights. */
  name: string;
};

/** Files of a folder at most: beyond that it is not the folder of a model. */
const MOST_FILES = 10_000;
const INDEX = "model.safetensors.index.json";
const SHARD = /^(.+)-(\d{5})-of-(\d{5})\.safetensors$/;

/** A file and where it lay. */
interface Placed {
  path: string[];
  file: File;
}

/**
 * Finds the model among the files: the `config.json` that lies least deep, and beside it `tokenizer.json` and the
 * weights: `model.safetensors`, the files of `model.safetensors.index.json`, or all that there are.
 *
 * Rejects with an EngineError: `not_found` for what is missing, `format` for what is not JSON, `too_large`.
 */
export async function modelFromFiles(files: Iterable<File>): Promise<ModelFiles> {
  const placed = [...files].map((file): Placed => ({ path: (pathOf(file) || file.name).split("/"), file }));
  if (placed.length > MOST_FILES) throw refusal("too_large", `at most ${MOST_FILES} files`, String(placed.length));
  const config = placed
    .filter(({ path }) => path.at(-1) === "config.json")
    .reduce<Placed | undefined>((best, one) => (best && best.path.length <= one.path.length ? best : one), undefined);
  if (!config) throw refusal("not_found", "config.json", list(placed));
  const folder = config.path.slice(0, -1).join("/");
  const beside = placed.filter(({ path }) => path.slice(0, -1).join("/") === folder);
  const named = (name: string) => beside.find(({ path }) => path.at(-1) === name)?.file;
  const weights = await weightsAmong(beside, named);
  const tokenizer = named("tokenizer.json");
  return {
    name: config.path.at(-2) ?? (weights[0] as File).name,
    config: await readObject("config.json", config.file),
    weights,
    ...(tokenizer && { tokenizer: await readObject("tokenizer.json", tokenizer) }),
  };
}

/** Of a `DataTransfer` what is needed. */
export interface Dropped {
  items: Iterable<Pick<DataTransferItem, "webkitGetAsEntry" | "getAsFile">>;
}

/** Files that were dropped, those in folders too, with their paths. */
export async function filesFromDrop(dropped: Dropped): Promise<File[]> {
  // Before the first wait: the list is emptied when the event is over.
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found: File[] = [];
  for (const entry of entries) {
    if (entry instanceof File) found.push(entry);
    else if (entry) await walk(entry, found);
  }
  return found;
}

async function walk(entry: FileSystemEntry, found: File[]): Promise<void> {
  if (found.length > MOST_FILES) throw refusal("too_large", `at most ${MOST_FILES} files`, "more");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    paths.set(file, entry.fullPath.replace(/^\//, ""));
    found.push(file);
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // It tells of a hundred at a time.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const one of some) await walk(one, found);
  }
}

/** Dropped files do not know their folder. */
const paths = new WeakMap<File, string>();

function pathOf(file: File): string {
  return paths.get(file) ?? file.webkitRelativePath;
}

async function weightsAmong(beside: Placed[], named: (name: string) => File | undefined): Promise<File[]> {
  const whole = named("model.safetensors");
  if (whole) return [whole];
  const index = named(INDEX);
  if (index) return shardsOf(await readObject(INDEX, index)).map((name) => named(name) ?? missing(name, beside));
  const all = beside.filter(({ file }) => file.name.endsWith(".safetensors")).map(({ file }) => file);
  const [first] = all;
  if (!first) return [missing("model.safetensors", beside)];
  const [, stem, , count] = SHARD.exec(first.name) ?? [];
  if (!stem) return all;
  return Array.from({ length: Number(count) }, (_, n) => {
    const name = `${stem}-${String(n + 1).padStart(5, "0")}-of-${count}.safetensors`;
    return named(name) ?? missing(name, beside);
  });
}

function missing(name: string, among: Placed[]): never {
  throw refusal("not_found", name, list(among));
}

/** Some names, for the reader of an error. */
function list(placed: Placed[]): string {
  const names = placed.slice(0, 5).map(({ file }) => file.name);
  if (placed.length > names.length) names.push(`${placed.length - names.length} more`);
  return names.join(", ") || "no file";
}

async function readObject(name: string, file: File): Promise<Record<string, unknown>> {
  expectSize(name, file.size);
  return parseObject(name, await file.text());
}
