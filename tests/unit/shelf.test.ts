/** The shelf of models: each is loaded once, for all who show it, and ends with the last of them. */

import { describe, expect, it, vi } from "vitest";
import type { Engine, Model, ModelOptions } from "../../www/engine/engine.ts";
import type { ModelFiles } from "../../www/model/files.ts";
import { lease } from "../../www/model/shelf.ts";

const files = (): ModelFiles => ({ name: "mine", config: {}, weights: [new ArrayBuffer(8)] });

/** An engine that loads when it is told to, and remembers what was asked of it. */
function engineThatWaits() {
  const log: string[] = [];
  let arrive = () => {};
  let fail = (_: Error) => {};
  const engine = {
    loadModel: (options: ModelOptions) => {
      log.push("load");
      options.onProgress?.({ loaded: 1, total: 2 });
      return new Promise<Model>((resolve, reject) => {
        arrive = () => resolve({ dispose: () => log.push("dispose") } as unknown as Model);
        fail = reject;
        options.signal?.addEventListener("abort", () => {
          log.push("abort");
          reject(options.signal?.reason);
        });
      });
    },
  } as unknown as Engine;
  return { engine, log, arrive: () => arrive(), fail: (error: Error) => fail(error) };
}

const settled = () => new Promise((done) => setTimeout(done));

describe("a lease", () => {
  it("is of one model for all who take it, until the last gives it back", async () => {
    const { engine, log, arrive } = engineThatWaits();
    const what = files();
    const steps: number[] = [];
    const first = lease(engine, what, ({ loaded }) => steps.push(loaded));
    const second = lease(engine, what, () => undefined);
    arrive();
    expect((await first.loaded).model).toBe((await second.loaded).model);
    expect(log).toEqual(["load"]);
    first.release();
    first.release();
    await settled();
    expect(log, "one still has it").toEqual(["load"]);
    second.release();
    await settled();
    expect(log).toEqual(["load", "abort", "dispose"]);
    lease(engine, what, () => undefined);
    expect(log.at(-1), "it is loaded anew").toBe("load");
  });

  it("that is given back on the way ends the loading", async () => {
    const { engine, log } = engineThatWaits();
    const mine = lease(engine, files(), () => undefined);
    mine.release();
    await expect(mine.loaded).rejects.toThrow("cancelled");
    expect(log).toEqual(["load", "abort"]);
  });

  it("of a model that could not be had is no hindrance to the next", async () => {
    const { engine, log, arrive, fail } = engineThatWaits();
    const what = files();
    const mine = lease(engine, what, () => undefined);
    fail(new Error("no network"));
    await expect(mine.loaded).rejects.toThrow("no network");
    const again = lease(engine, what, () => undefined);
    arrive();
    await again.loaded;
    expect(log).toEqual(["load", "load"]);
  });

  it("names the file that is not what it should be", async () => {
    const page = new Response("<!doctype html>", { headers: { "content-type": "text/html" } });
    vi.stubGlobal("fetch", async () => page.clone());
    await expect(lease(engineThatWaits().engine, "pronoun", () => undefined).loaded).rejects.toMatchObject({
      code: "load",
      expected: expect.stringMatching(/^the file pronoun\/(config|data|tokenizer)\.json$/),
      found: expect.stringContaining("JSON"),
    });
    vi.unstubAllGlobals();
  });
});
