/** What is pasted or dropped on the page, on its way to where it belongs: a model, a lesson, a saved state, matrices. Loaded with the first. */

import type { Store } from "../state/store.ts";
import { fill, type Said, say } from "../text/say.ts";
import { type Gathered, Gatherer } from "./gather.ts";
import type { Lessons } from "./lesson/index.ts";
import type { Actions } from "./parts/context.ts";
import type { Runner } from "./runner.ts";
import type { Taken } from "./taken.ts";

/** Names that only files of a model have. */
const OF_MODEL = /\.safetensors(\.index\.json)?$|^(config|tokenizer)\.json$/;

export interface DropHost {
  store: Store;
  actions: Actions;
  runner: Runner;
  lessons(): Promise<Lessons>;
  /** Something is to be said about the picture as a whole. */
  notice(said: Said): void;
  /** What is wrong with the matrices; nothing, where they are good or yet to come. */
  matrices(problem: Said | undefined): void;
  /** Whether what was asked for last came to be shown. */
  shown(): Promise<boolean>;
  openMatrices(open: boolean): Promise<void>;
  openOwn(open: boolean): void;
}

export class Drops {
  readonly #host: DropHost;
  readonly #gatherer = new Gatherer();

  constructor(host: DropHost) {
    this.#host = host;
  }

  /** A model, if there is one among the files or in a folder; else a lesson, a saved state or matrices. */
  async drop({ files, items }: Taken): Promise<void> {
    const folder = items.some(({ entry }) => entry?.isDirectory);
    // What was dropped before, and was no good, is forgotten with this.
    this.#host.matrices(undefined);
    if (!folder && !files.some(({ name }) => OF_MODEL.test(name))) {
      this.#host.openOwn(false);
      await this.#gather(await this.#gatherer.files(files).catch((error: Error) => error));
      return;
    }
    try {
      await this.#host.openMatrices(false);
      const own = await (await this.#host.runner.loadModels()).loadExtra("own");
      await own.bringFiles(this.#host.actions, own.filesFromDrop({ items }));
    } catch (thrown) {
      const text = thrown instanceof Error ? thrown.message : String(thrown);
      this.#host.notice(() => text);
    }
  }

  /** What is pasted and lacks something stays where it can be mended. */
  async text(text: string): Promise<void> {
    const found = await this.#gatherer.text(text).catch((error: Error) => error);
    if (found instanceof Error || found.kind !== "incomplete") await this.#gather(found);
    else await this.#refuse(saidOf(found));
  }

  async #refuse(problem: Said): Promise<void> {
    this.#host.matrices(problem);
    await this.#host.openMatrices(true);
  }

  async #gather(found: Gathered | Error): Promise<void> {
    const { store } = this.#host;
    if (found instanceof Error) {
      // What is wrong with matrices is said in the page's language; what else can go wrong, in its own.
      const { said = () => found.message } = found as Error & { said?: Said };
      await this.#refuse(said);
      return;
    }
    switch (found.kind) {
      case "state":
        store.load(found.json, "user");
        return;
      case "lesson":
        (await this.#host.lessons()).bring(found.text);
        return;
      case "incomplete":
        this.#host.notice(saidOf(found));
        return;
      default:
        this.#host.matrices(undefined);
        store.set(found.changes, "user", "push");
        // What the engine refuses stays where it can be mended.
        if (await this.#host.shown()) await this.#host.openMatrices(false);
    }
  }
}

/** What there is and what is still needed. */
function saidOf({ have, missing }: Gathered & { kind: "incomplete" }): Said {
  return () => fill(say.matricesMissing, { have: have || say.nothing, missing });
}
