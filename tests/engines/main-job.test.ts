/** The page's main job in Firefox and in WebKit: the same numbers, asked for, changed, stepped through, taught. */

import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serve } from "../../scripts/lib/server.mjs";
import type { createEngine, Trace } from "../../www/engine/engine.ts";
import type { AttentionPlayground } from "../../www/index.ts";
import type { State } from "../../www/state/fields.ts";
import { misprint } from "../common/print.ts";
import { type Browser, firefox, webkit } from "./browsers.ts";

type Play = Pick<AttentionPlayground, "ready" | "goto" | "explain" | "play" | "pause"> & {
  state: Partial<State>;
  trace: Trace;
};

const SITE = new URL("../../dist/site", import.meta.url).pathname;
const { FIREFOX_PATH = "", WEBKIT_DRIVER = "" } = process.env;
const BROWSERS = [
  { name: "Firefox", path: FIREFOX_PATH, launch: firefox },
  { name: "WebKit", path: WEBKIT_DRIVER, launch: webkit },
];

interface Shown {
  stage: string;
  index: number[];
  text: string;
  value: number;
}

/** Every number in sight that says which cell it is, with what the trace has there. */
function readNumbers(): Shown[] {
  const element = document.querySelector("attention-playground") as unknown as Play;
  const { trace } = element;
  const found: Shown[] = [];
  for (const one of (element as unknown as Element).shadowRoot?.querySelectorAll<HTMLElement>(
    "[data-stage][data-index]",
  ) ?? []) {
    const { stage: id = "", index = "", of } = one.dataset;
    const text = one.textContent?.trim() ?? "";
    if (of || text === "" || getComputedStyle(one).visibility === "hidden") continue;
    const stage = trace.stages.find((other) => other.id === id);
    const at = index.split(",").map(Number);
    const place = stage?.shape.reduce((sum, extent, axis) => sum * extent + (at[axis] ?? 0), 0) ?? -1;
    found.push({ stage: id, index: at, text, value: trace.data[(stage?.offset ?? 0) + place] ?? Number.NaN });
  }
  return found;
}

describe.each(BROWSERS)("$name", ({ path, launch }) => {
  // Where there is none, setting up has said so.
  const run = it.runIf(existsSync(path));
  let browser: Browser;
  let site: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    if (!existsSync(path)) return;
    site = await serve({ "/": SITE }, [0]);
    browser = await launch(path);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    site?.close();
  });

  const open = async (query: string) => {
    await browser.open(`${site.address}/?${query}`);
    await browser.evaluate(async () => {
      await customElements.whenDefined("attention-playground");
      const element = document.querySelector("attention-playground") as unknown as Play;
      await element.ready;
      while (!(element as unknown as Element).shadowRoot?.querySelector("[data-tool]"))
        await new Promise((done) => setTimeout(done, 50));
    }, null);
  };
  const settle = () => browser.evaluate(() => new Promise<null>((done) => setTimeout(() => done(null), 400)), null);
  const stateOf = () =>
    browser.evaluate(() => ({ ...(document.querySelector("attention-playground") as unknown as Play).state }), null);
  /** All that is shown is true. */
  const checkNumbers = async (atLeast: number) => {
    const shown = await browser.evaluate(readNumbers, null);
    for (const { stage, index, text, value } of shown)
      expect(misprint(text, value), `${stage} [${index}]`).toBeUndefined();
    expect(shown.length).toBeGreaterThanOrEqual(atLeast);
  };

  run("shows the trained model's numbers, stage by stage, at every zoom", { timeout: 90_000 }, async () => {
    await open("");
    for (const query of [
      "stage=scores",
      "stage=weights",
      "stage=mixed",
      "stage=weights&zoom=row",
      "stage=scores&zoom=cell",
    ]) {
      await open(query);
      await settle();
      await checkNumbers(8);
    }
    const answer = await browser.evaluate(
      () => document.querySelector("attention-playground")?.shadowRoot?.querySelector(".says")?.textContent ?? "",
      null,
    );
    expect(answer).toContain("street");
  });

  run("explains a number down to its operands", { timeout: 60_000 }, async () => {
    await open("model=none&text=dog+bites+man&heads=1");
    const found = await browser.evaluate(async () => {
      const element = document.querySelector("attention-playground") as unknown as Play;
      element.goto("scores", [0, 0, 2]);
      const { value, exact, terms } = await element.explain("scores", [0, 0, 2]);
      await new Promise((done) => setTimeout(done, 500));
      const root = (element as unknown as Element).shadowRoot;
      return {
        value,
        exact,
        terms: terms.length,
        links: root?.querySelectorAll(".terms .number").length ?? 0,
        pin: element.state.pin,
      };
    }, null);
    expect(found.pin).toBe("scores,0,0,2");
    expect(Math.abs(found.value - found.exact)).toBeLessThan(1e-6);
    expect(found.links).toBe(2 * found.terms);
    await checkNumbers(20);
  });

  run("steps by the keyboard and plays", { timeout: 60_000 }, async () => {
    await open("model=none&text=dog+bites+man&stage=scores&cell=0");
    await browser.press("ArrowRight");
    await settle();
    expect((await stateOf()).cell).toBe(1);
    await browser.press("l");
    await settle();
    expect((await stateOf()).stage).toBe("scaled");
    await browser.evaluate(() => (document.querySelector("attention-playground") as unknown as Play).play(), null);
    await settle();
    await browser.evaluate(() => (document.querySelector("attention-playground") as unknown as Play).pause(), null);
    const { stage, cell } = await stateOf();
    expect(stage !== "scaled" || Number(cell) > 0).toBe(true);
  });

  run("takes another input, refuses a bad one, and keeps the last picture", { timeout: 60_000 }, async () => {
    await open("model=none&text=dog+bites+man");
    const tokens = (text: string) =>
      browser.evaluate(async (wanted) => {
        const element = document.querySelector("attention-playground") as unknown as Play;
        const before = element.trace;
        element.state = { text: wanted };
        for (let n = 0; n < 40 && element.trace === before; n++) await new Promise((done) => setTimeout(done, 50));
        return element.trace.tokens.query;
      }, text);
    expect(await tokens("man bites dog today")).toEqual(["man", "bites", "dog", "today"]);
    expect(await tokens("")).toEqual(["man", "bites", "dog", "today"]);
    const said = await browser.evaluate(() => {
      const root = document.querySelector("attention-playground")?.shadowRoot;
      return ["#problem-text", ".stale"].map((what) => root?.querySelector(what)?.textContent ?? "");
    }, null);
    expect(said[0]).toContain("at least one word");
    expect(said[1]).not.toBe("");
    await checkNumbers(20);
  });

  run("gives a lesson", { timeout: 60_000 }, async () => {
    await open("lesson=pronoun");
    const title = await browser.evaluate(async () => {
      const root = (document.querySelector("attention-playground") as unknown as Element).shadowRoot as ShadowRoot;
      const press = async (what: string) => {
        root.querySelector<HTMLElement>(what)?.click();
        await new Promise((done) => setTimeout(done, 700));
      };
      await press("[data-lesson-next]");
      await press('[data-choice="street"]');
      return root.querySelector("[data-lesson-reveal]")?.textContent?.trim() ?? "";
    }, null);
    expect(title).toMatch(/^Yes\./);
    await checkNumbers(20);
  });

  run("computes the same with every kernel that it has", { timeout: 60_000 }, async () => {
    await open("model=none&text=dog");
    const far = await browser.evaluate(async () => {
      const at = new URL("./engine.js", location.href).href;
      // Written so that nothing that runs the tests makes another import of it.
      const load = new Function("at", "return import(at)");
      const module = (await load(at)) as { createEngine: typeof createEngine };
      const engine = await module.createEngine();
      const shape = [1, 2, 96, 16];
      // Not random: the same in every browser.
      const filled = (seed: number) => ({
        shape,
        data: Float32Array.from({ length: 2 * 96 * 16 }, (_, n) => Math.sin(n * 0.37 + seed) * 1.5),
      });
      const [q, k, v] = [filled(1), filled(2), filled(3)];
      const { output, backend } = await engine.computeAttention({ q, k, v });
      const one = ({ data }: { data: Float32Array }) => ({ shape: [2, 96, 16], data });
      const names = Array.from({ length: 96 }, (_, n) => String(n));
      const trace = await engine.traceAttention({
        tokens: { query: names },
        q: one(q),
        k: one(k),
        v: one(v),
        heads: 2,
      });
      const mixed = trace.stages.find(({ id }) => id === "mixed");
      let most = 0;
      for (let n = 0; n < output.data.length; n++)
        most = Math.max(
          most,
          Math.abs((output.data[n] ?? Number.NaN) - (trace.data[(mixed?.offset ?? 0) + n] ?? Number.NaN)),
        );
      engine.dispose();
      return { most, backend };
    }, null);
    expect(far.backend).toBe("cpu");
    expect(far.most).toBeLessThan(1e-5);
  });
});
