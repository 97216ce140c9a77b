/** One element's model: an input that is outdated while the reader's own model works on it is given up, with its worker. */

import { beforeEach, describe, expect, it, vi } from "vitest";
import { ModelPlayer } from "../../www/element/models/player.ts";
import { type Engine, EngineError, type Model, type ModelInput } from "../../www/engine/engine.ts";
import { defaultState, type State } from "../../www/state/fields.ts";

const ENDED = new EngineError({
  code: "deadline",
  operation: "model",
  expected: "a model",
  found: "one that has ended",
});

/** Each model that it loads works on a `text` of "long" until it is disposed of, and ends with one of "endless". */
function engineThatIsBusy() {
  const log: string[] = [];
  const engine = {
    loadModel: async () => {
      log.push("load");
      let end = (_: Error) => {};
      const ended = new Promise<never>((_, reject) => {
        end = reject;
      });
      ended.catch(() => undefined);
      return {
        hasTokenizer: true,
        info: { family: "bert", blocks: ["encoder"], encoder: { layers: 2, heads: 1 }, labels: [], ends: [] },
        run: ({ text }: ModelInput) => {
          log.push(`run ${text}`);
          if (text === "endless") return Promise.reject(ENDED);
          return text === "long" ? ended : Promise.reject(new Error(`${text} was read`));
        },
        dispose: () => {
          log.push("dispose");
          end(new Error("disposed of"));
        },
      } as unknown as Model;
    },
  } as unknown as Engine;
  return { engine, log };
}

const stateOf = (changes: Partial<State>): State => ({ ...defaultState(), model: "own", ...changes });

describe("an input that is outdated", () => {
  let newest = 0;
  beforeEach(() => {
    newest = 0;
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  /** As the runner asks: the newest alone is current. Says how it ended. */
  const ask = (player: ModelPlayer, changes: Partial<State>): Promise<string> => {
    const mine = ++newest;
    return player
      .play("own", stateOf(changes), () => mine === newest)
      .then(
        (played) => (played ? "played" : "outdated"),
        (error: Error) => error.message,
      );
  };

  const begin = async () => {
    const { engine, log } = engineThatIsBusy();
    const player = new ModelPlayer(engine, () => undefined);
    player.own = { name: "mine", config: {}, weights: [new ArrayBuffer(8)] };
    const first = ask(player, { text: "long" });
    await vi.advanceTimersByTimeAsync(10);
    expect(log).toEqual(["load", "run long"]);
    return { player, log, first };
  };

  it("is given up once it takes longer than the model takes to load", async () => {
    const { player, log, first } = await begin();
    const second = ask(player, { text: "next" });
    await vi.advanceTimersByTimeAsync(400);
    expect(log, "not at once").toEqual(["load", "run long"]);
    await vi.advanceTimersByTimeAsync(200);
    expect(await first).toBe("disposed of");
    expect(await second).toBe("next was read");
    expect(log).toEqual(["load", "run long", "dispose", "load", "run next"]);
  });

  it("is given up for the newest alone", async () => {
    const { player, log } = await begin();
    const between = ask(player, { text: "n" });
    await vi.advanceTimersByTimeAsync(100);
    const last = ask(player, { text: "next" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(await between).toBe("outdated");
    expect(await last).toBe("next was read");
    expect(log).toEqual(["load", "run long", "dispose", "load", "run next"]);
  });

  it("is not, where only another layer or head of it is to be shown", async () => {
    const { player, log } = await begin();
    void ask(player, { text: "long", layer: 1 });
    await vi.advanceTimersByTimeAsync(5000);
    expect(log).toEqual(["load", "run long"]);
    player.release();
    await vi.advanceTimersByTimeAsync(10);
    expect(log).toContain("dispose");
  });
});

it("a model that has ended is loaded anew with the next input, for whoever asks", async () => {
  const { engine, log } = engineThatIsBusy();
  const own = { name: "mine", config: {}, weights: [new ArrayBuffer(8)] };
  const [player, other] = [new ModelPlayer(engine, () => undefined), new ModelPlayer(engine, () => undefined)];
  const ask = (player: ModelPlayer, text: string) => {
    player.own = own;
    return player.play("own", stateOf({ text }), () => true).catch((error: Error) => error.message);
  };
  await ask(other, "first");
  expect(await ask(player, "endless")).toContain("one that has ended");
  expect(await ask(player, "next")).toBe("next was read");
  expect(log).toEqual(["load", "run first", "run endless", "load", "run next"]);
  player.release();
  other.release();
});
