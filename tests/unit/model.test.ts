/** Models through engine.js as it is shipped, in Node: every number of the reference library, and what is refused. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as EngineModule from "../../www/engine/engine.ts";
import type { Engine, Model, ModelInput, Tensor } from "../../www/engine/engine.ts";
import { bytesOf, differ, expectedOf, jsonOf, NAMES, urlOf } from "../checkpoints/read.ts";

const PACKAGE = new URL("../../dist/package/engine.js", import.meta.url).href;

let createEngine: typeof EngineModule.createEngine;
let engine: Engine;
let here: Engine;

beforeAll(async () => {
  ({ createEngine } = (await import(/* @vite-ignore */ PACKAGE)) as typeof EngineModule);
  engine = await createEngine({ workers: 1 });
  here = await createEngine({ workers: 0 });
});
afterAll(() => {
  engine.dispose();
  here.dispose();
});

const hasText = (name: string) => !name.startsWith("vit");
const load = (name: string, weights: (Blob | ArrayBuffer | URL)[] = [new Blob([bytesOf(name)])], by = engine) =>
  by.loadModel({
    config: jsonOf(name, "config.json"),
    weights,
    ...(hasText(name) && { tokenizer: jsonOf(name, "tokenizer.json") }),
  });

/** The input that the reference library was given, as text where there is one. */
function inputOf(name: string): ModelInput {
  const { text, target, tensors } = expectedOf(name);
  const { pixel_values: pixels } = tensors;
  if (pixels) return { pixels: { shape: pixels.shape.slice(1), data: pixels.data } };
  return { text: text as string, ...(target !== undefined && { target }) };
}

async function expectReference(name: string, model: Model): Promise<void> {
  const { tensors, tokens, target_tokens } = expectedOf(name);
  const output = await model.run(inputOf(name));
  if (tokens) expect(output.tokens).toEqual(tokens);
  if (target_tokens) expect(output.targetTokens).toEqual(target_tokens);
  const { encoder, decoder, cross } = output.attentions;
  const flat = (ids: number[] | undefined) => ids && { shape: [1, ids.length], data: Float32Array.from(ids) };
  const found: Record<string, Tensor | undefined> = {
    input_ids: flat(output.ids),
    decoder_input_ids: flat(output.targetIds),
    logits: output.logits,
    hidden_states: output.hidden,
    attentions: decoder ?? encoder,
    encoder_attentions: encoder,
    cross_attentions: cross,
    pixel_values: tensors.pixel_values,
  };
  const misses = Object.entries(tensors).map(([key, expected]) => [key, differ(found[key], expected)]);
  expect(misses.filter(([, miss]) => miss)).toEqual([]);
  expect(Object.keys(tensors).length).toBeGreaterThanOrEqual(4);
}

async function refusalOf(
  promise: Promise<unknown>,
): Promise<Error & { code: string; found: string; expected: string }> {
  return promise.then(
    () => Promise.reject(new Error("not refused")),
    (error) => error,
  );
}

describe.each(NAMES)("%s", (name) => {
  it("agrees with the reference library, in a worker and where it is called", async () => {
    for (const by of [engine, here]) {
      const model = await load(name, undefined, by);
      await expectReference(name, model);
      model.dispose();
    }
  });

  it("traces every layer, with the weights of the pass", async () => {
    const model = await load(name);
    const { attentions, tokens, targetTokens } = await model.run(inputOf(name));
    for (const block of model.info.blocks) {
      const all = attentions[block] as Tensor;
      const [layers = 0, ...rest] = all.shape;
      const size = rest.reduce((a, b) => a * b, 1);
      for (let layer = 0; layer < layers; layer++) {
        const trace = await model.trace({ ...inputOf(name), block, layer });
        const stage = trace.stages.find(({ id }) => id === "weights");
        expect(stage?.shape).toEqual(rest);
        const start = stage?.offset ?? 0;
        const found = trace.data.subarray(start, start + size);
        const worst = Math.max(...found.map((value, n) => Math.abs(value - (all.data[layer * size + n] as number))));
        expect(worst, `${block} ${layer}`).toBeLessThanOrEqual(1e-5);
        expect(trace.config.seeded).toEqual([]);
        expect(trace.tokens).toEqual({
          query: block === "encoder" ? tokens : (targetTokens ?? tokens),
          key: block === "decoder" ? (targetTokens ?? tokens) : tokens,
        });
        const { value, exact, terms } = await engine.explain(trace, "query", [0, 1, 2]);
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(1e-6);
        expect(terms.length).toBeGreaterThan(30);
      }
    }
    model.dispose();
  });
});

describe("generation", () => {
  it.each(["gpt2-0", "bart-0"])("%s: the likeliest tokens are those of whole passes", async (name) => {
    const model = await load(name);
    const input = inputOf(name);
    const made: number[] = [];
    for await (const { id, end, attentions, probability } of model.generate({
      ...input,
      maxTokens: 5,
      attentions: true,
    })) {
      const before = await model.run(input);
      const ids = [...(before.targetIds ?? before.ids), ...made];
      const whole = await model.run(name === "bart-0" ? { ids: before.ids, targetIds: ids } : { ids });
      const row = (whole.logits as Tensor).data.slice(-model.info.vocabulary);
      const largest = Math.max(...row);
      expect(row.indexOf(largest)).toBe(id);
      const sum = row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
      expect(probability).toBeCloseTo(1 / sum, 4);
      const last = attentions.decoder?.shape.at(-1);
      expect(last).toBe(ids.length);
      made.push(id);
      if (end) break;
    }
    expect(made.length).toBeGreaterThan(0);
    model.dispose();
  });

  it("a seed repeats a text, another does not; it ends where the positions end", async () => {
    const model = await load("gpt2-0");
    const write = async (seed: number) => {
      const all: { id: number; end: string | undefined; text: string }[] = [];
      const options = { ids: [5, 6, 7], temperature: 1.5, seed, maxTokens: 1000 };
      for await (const { id, end, text } of model.generate(options)) all.push({ id, end, text });
      return all;
    };
    const [a, b, c] = [await write(1), await write(1), await write(2)];
    expect(a).toEqual(b);
    expect(a.map(({ id }) => id)).not.toEqual(c.map(({ id }) => id));
    expect(a.at(-1)?.end).toBe("positions");
    expect(a.length).toBe(model.info.positions - 3 + 1);
    expect(a.at(-1)?.text).toBe(await model.decode(a.map(({ id }) => id)));
    model.dispose();
  });

  it("ends when it is told to, and the model goes on", async () => {
    const model = await load("gpt2-0");
    const stop = new AbortController();
    const text = model.generate({ ids: [5], maxTokens: 50, signal: stop.signal });
    await text.next();
    stop.abort();
    await expect(text.next()).rejects.toThrow(/abort/i);
    expect((await model.run({ ids: [5] })).tokens).toHaveLength(1);
    const bert = await load("bert-0");
    await expect(bert.generate({ ids: [5] }).next()).rejects.toMatchObject({ code: "option" });
    for (const each of [model, bert]) each.dispose();
  });
});

describe("loading", () => {
  let server: Server;
  let base: string;
  const served: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const [, kind, name = "", file = ""] = (request.url ?? "").split("/");
      served.push(`${kind} ${request.headers.range ?? ""}`);
      const whole = bytesOf(name, file);
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      if (kind === "missing") response.writeHead(404).end();
      else if (kind === "unsized") response.writeHead(200).end(whole);
      else if (kind === "ranges" && start > 0) response.writeHead(206).end(whole.subarray(start));
      else if (kind === "short") response.writeHead(200).end(whole.subarray(0, whole.length - 5));
      else if (kind === "slow") {
        response.writeHead(200, { "content-length": whole.length });
        response.write(whole.subarray(0, 50_000));
      } else response.writeHead(200, { "content-length": whole.length }).end(whole);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = (kind: string) => new URL(`${base}/${kind}/gpt2-0/model.safetensors`);

  it.each([
    ["a Blob", () => new Blob([bytesOf("gpt2-0")])],
    ["an ArrayBuffer", () => bytesOf("gpt2-0").slice().buffer],
    ["a URL", () => url("sized")],
    ["a URL of no known size", () => url("unsized")],
    ["a URL of a file", () => urlOf("gpt2-0", "model.safetensors")],
  ])("takes %s, and says how far it is", async (_, weights) => {
    const progress: { loaded: number; total: number }[] = [];
    const file = weights();
    const model = await engine.loadModel({
      config: jsonOf("gpt2-0", "config.json"),
      weights: [file],
      onProgress: (step) => progress.push(step),
    });
    await expectReferenceIds(model);
    expect(progress.at(-1)?.loaded).toBe(progress.at(-1)?.total);
    expect(progress.at(-1)?.total).toBe(4 * model.info.parameters);
    if (file instanceof ArrayBuffer) expect(file.byteLength, "the caller keeps it").toBeGreaterThan(0);
    model.dispose();
  });

  async function expectReferenceIds(model: Model): Promise<void> {
    const { tensors } = expectedOf("gpt2-0");
    const output = await model.run({ ids: Array.from((tensors.input_ids as Tensor).data) });
    expect(differ(output.logits, tensors.logits as Tensor)).toBeUndefined();
  }

  it.each(["ranges", "sized"])("takes shards in any order, from a server that knows %s", async (kind) => {
    const [one, two] = shards("gpt2-0");
    const model = await load("gpt2-0", [two, one]);
    await expectReference("gpt2-0", model);
    model.dispose();
    // Two files by address: the connection to the first is let go while the header of the second is read.
    served.length = 0;
    const both = await refusalOf(load("gpt2-0", [url(kind), url(kind)]));
    expect(both).toMatchObject({ code: "format", found: "two that have it" });
  });

  it("reads on where it stopped, with and without ranges", async () => {
    const [one] = shards("bert-0", "bert-0");
    for (const kind of ["ranges", "sized"]) {
      served.length = 0;
      const far = new URL(`${base}/${kind}/gpt2-0/model.safetensors`);
      const model = await load("gpt2-0", [far, one]);
      await expectReference("gpt2-0", model);
      expect(served.some((request) => request.includes("bytes="))).toBe(true);
      expect(model.info.unused.length).toBeGreaterThan(0);
      model.dispose();
    }
  });

  it.each([
    ["missing", "load", /404/],
    ["short", "format", /the end of model.safetensors/],
  ])("a URL that is %s is refused", async (kind, code, found) => {
    const error = await refusalOf(load("gpt2-0", [url(kind)]));
    expect(error.code).toBe(code);
    expect(error.found).toMatch(found);
  });

  it("a signal ends it, before and in the middle", async () => {
    const config = jsonOf("gpt2-0", "config.json");
    const options = { config, weights: [url("slow")] };
    await expect(engine.loadModel({ ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    const stop = new AbortController();
    const loading = engine.loadModel({ ...options, signal: stop.signal });
    setTimeout(() => stop.abort(), 200);
    await expect(loading).rejects.toMatchObject({ name: "AbortError" });
  });

  it.each([
    ["nothing at all", undefined, "type", /one object/],
    ["null", null, "type", /one object/],
    ["no configuration", { config: null, weights: [new Blob()] }, "type", /config/],
    ["no weights", { config: {}, weights: [] }, "type", /weights/],
    ["weights that are none", { config: { model_type: "gpt2" }, weights: [7] }, "not_found", /n_embd/],
    ["another kind of model", { config: { model_type: "t5" }, weights: [new Blob()] }, "option", /model_type/],
    ["an empty file", { config: jsonOf("gpt2-0", "config.json"), weights: [new Blob()] }, "format", /8 bytes/],
    ["a number as a file", { config: jsonOf("gpt2-0", "config.json"), weights: [7] }, "type", /Blob/],
  ])("refuses %s", async (_, options, code, expected) => {
    for (const by of [engine, here]) {
      const error = await refusalOf(by.loadModel(options as never));
      expect(error.code).toBe(code);
      expect(error.expected).toMatch(expected);
    }
  });

  it("takes ids of any list of whole numbers, and refuses what is none", async () => {
    const model = await load("gpt2-0");
    const { logits } = await model.run({ ids: [3, 1, 2] });
    const { ids, logits: same } = await model.run({ ids: BigInt64Array.of(3n, 1n, 2n) as never });
    expect(ids).toEqual([3, 1, 2]);
    expect(differ(same, logits as Tensor)).toBeUndefined();
    const expected = "ids: a list of whole numbers";
    for (const [given, found] of [
      [5, "number 5"],
      ["abc", "string abc"],
      [[0, 1.5], "0,1.5"],
      [[1, "2"], "1,2"],
      [[1, null], "1,"],
    ] as [never, string][]) {
      expect(await refusalOf(model.run({ ids: given }))).toMatchObject({ code: "option", expected, found });
    }
    expect(await refusalOf(model.run({ ids: null as never }))).toMatchObject({
      expected: "one of text, ids and pixels",
    });
    expect(await refusalOf(model.run({ pixels: 5 as never }))).toMatchObject({ code: "option" });
    model.dispose();
  });

  it("ends with a tokenizer that searches without end, and says so", async () => {
    const hasty = await createEngine({ workers: 1, deadline: 2000 });
    const name = "gpt2-0";
    const json = jsonOf(name, "tokenizer.json");
    const split = { type: "Split", pattern: { Regex: "(a+)+$" }, behavior: "Isolated", invert: false };
    const model = await hasty.loadModel({
      config: jsonOf(name, "config.json"),
      weights: [new Blob([bytesOf(name)])],
      tokenizer: { ...json, pre_tokenizer: split },
    });
    await model.encode("a");
    await new Promise((later) => setTimeout(later, 2500));
    await model.encode("a");
    const late = { code: "deadline", found: "one whose tokenizer gave no answer within 2000 ms" };
    // twice as long with each letter more
    expect(await refusalOf(model.encode(`${"a".repeat(64)}b`))).toMatchObject(late);
    expect(await refusalOf(model.run({ ids: [1] }))).toMatchObject(late);
    hasty.dispose();
  }, 20_000);

  it("refuses what the model does not take, and goes on", async () => {
    const model = await load("bert-0", [new Blob([bytesOf("bert-0")])]);
    for (const [input, code] of [
      [{}, "option"],
      [{ text: "a", ids: [1] }, "option"],
      [{ ids: [-1] }, "type"],
      [{ ids: [142] }, "index"],
      [{ ids: Array(65).fill(1) }, "too_many_tokens"],
      [{ pixels: { shape: [1], data: new Float32Array(1) } }, "option"],
      [{ pixels: { shape: [1], data: [1] } }, "option"],
      [{ text: "a", target: "b" }, "option"],
      [undefined, "option"],
    ] as [never, string][]) {
      expect(await refusalOf(model.run(input))).toMatchObject({ code });
    }
    expect(await refusalOf(model.trace({ ids: [1], block: "cross", layer: 0 }))).toMatchObject({ code: "option" });
    expect((await model.run({ ids: [1] })).ids).toEqual([1]);
    model.dispose();
    expect(await refusalOf(model.run({ ids: [1] }))).toMatchObject({ code: "disposed" });
    const wordless = await engine.loadModel({
      config: jsonOf("bert-0", "config.json"),
      weights: [new Blob([bytesOf("bert-0")])],
      tokenizer: { model: { type: "Abacus" } },
    });
    expect(await refusalOf(wordless.run({ text: "a" }))).toMatchObject({ code: "format", operation: "tokenizer" });
    wordless.dispose();
  });
});

/** The tensors of a checkpoint in two files, or in one with other names. */
function shards(name: string, prefix = ""): [Blob, Blob] {
  const bytes = bytesOf(name);
  const body = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, body)));
  delete header.__metadata__;
  const entries = Object.entries(header) as [string, { data_offsets: [number, number] }][];
  const half = entries.length / 2;
  const pack = (part: typeof entries) => {
    let at = 0;
    const data: Uint8Array<ArrayBuffer>[] = [];
    const fields = part.map(
      ([
        key,
        {
          data_offsets: [start, end],
          ...rest
        },
      ]) => {
        data.push(bytes.slice(body + start, body + end));
        at += end - start;
        return [prefix + key, { ...rest, data_offsets: [at - (end - start), at] }];
      },
    );
    const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields)));
    return new Blob([new BigUint64Array([BigInt(json.length)]), json, ...data]);
  };
  return [pack(entries.slice(0, half)), pack(entries.slice(half))];
}
