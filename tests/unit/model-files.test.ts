/** The reader's own files and the hub: what is found, and what is missed by name. The hub is a server of this test. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchFromHub, findOnHub, modelFromFiles } from "../../www/model/index.ts";
import { bytesOf, jsonOf } from "../checkpoints/read.ts";

const CONFIG = JSON.stringify(jsonOf("bert-0", "config.json"));
const TOKENIZER = JSON.stringify(jsonOf("bert-0", "tokenizer.json"));

/** A file in a folder, as a picker gives it. */
function file(path: string, content: string | Uint8Array<ArrayBuffer> = "{}"): File {
  const made = new File([content], path.split("/").at(-1) as string);
  Object.defineProperty(made, "webkitRelativePath", { value: path.includes("/") ? path : "" });
  return made;
}
const index = (map: unknown) => JSON.stringify({ weight_map: map });
const names = (weights: readonly unknown[]) => weights.map((weight) => (weight as File).name);

describe("modelFromFiles", () => {
  it("takes files that lie side by side", async () => {
    const weights = file("model.safetensors");
    const found = await modelFromFiles([weights, file("config.json", CONFIG), file("tokenizer.json", TOKENIZER)]);
    expect(found.weights).toEqual([weights]);
    expect(found.config).toEqual(JSON.parse(CONFIG));
    expect(found.tokenizer).toEqual(JSON.parse(TOKENIZER));
    expect(found.name).toBe("model.safetensors");
  });

  it("takes the model of a folder that has others within", async () => {
    const found = await modelFromFiles([
      file("mine/1_Pooling/config.json", '{"other":1}'),
      file("mine/1_Pooling/model.safetensors"),
      file("mine/README.md"),
      file("mine/config.json", CONFIG),
      file("mine/model.safetensors", "right"),
    ]);
    expect(found.name).toBe("mine");
    expect(found.config).toEqual(JSON.parse(CONFIG));
    expect(found.tokenizer).toBeUndefined();
    expect(await (found.weights[0] as File).text()).toBe("right");
  });

  it("takes the shards of an index, of a numbered set, or whatever there is", async () => {
    const config = file("config.json", CONFIG);
    const shards = [file("m-00002-of-00002.safetensors"), file("m-00001-of-00002.safetensors")];
    const map = {
      a: "m-00001-of-00002.safetensors",
      b: "m-00002-of-00002.safetensors",
      c: "m-00001-of-00002.safetensors",
    };
    const sorted = ["m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors"];
    const by = await modelFromFiles([config, file("model.safetensors.index.json", index(map)), ...shards]);
    expect(names(by.weights)).toEqual(sorted);
    expect(names((await modelFromFiles([config, ...shards])).weights)).toEqual(sorted);
    expect(names((await modelFromFiles([config, file("some.safetensors")])).weights)).toEqual(["some.safetensors"]);
  });

  it.each([
    ["nothing", [], "not_found", "config.json", "no file"],
    ["no configuration", [file("model.safetensors")], "not_found", "config.json", "model.safetensors"],
    [
      "weights of another format",
      [file("config.json"), file("model.bin")],
      "not_found",
      "model.safetensors",
      "model.bin",
    ],
    [
      "weights in another folder",
      [file("a/config.json"), file("a/b/model.safetensors")],
      "not_found",
      "model.safe",
      "config",
    ],
    [
      "a shard that is missing",
      [file("config.json"), file("m-00001-of-00003.safetensors")],
      "not_found",
      "m-00002-of-00003",
      "",
    ],
    [
      "a shard of an index that is missing",
      [file("config.json"), file("model.safetensors.index.json", index({ a: "far.safetensors" }))],
      "not_found",
      "far.safetensors",
      "",
    ],
    [
      "an index that leaves the folder",
      [file("config.json"), file("model.safetensors.index.json", index({ a: "../far.safetensors" }))],
      "format",
      "weight_map",
      "../far",
    ],
    [
      "an index of nothing",
      [file("config.json"), file("model.safetensors.index.json")],
      "format",
      "weight_map",
      "none",
    ],
    [
      "a configuration that is not JSON",
      [file("config.json", "{"), file("model.safetensors")],
      "format",
      "config.json",
      "",
    ],
    [
      "a configuration that is a list",
      [file("config.json", "[]"), file("model.safetensors")],
      "format",
      "config.json",
      "array",
    ],
    [
      "a tokenizer that is a number",
      [file("config.json"), file("model.safetensors"), file("tokenizer.json", "7")],
      "format",
      "tokenizer.json",
      "7",
    ],
    [
      "an enormous configuration",
      [file("config.json", " ".repeat(2 ** 21)), file("model.safetensors")],
      "too_large",
      "config.json",
      "2097152",
    ],
  ])("%s: refused by name", async (_, files, code, expected, found) => {
    const error = await modelFromFiles(files as File[]).then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code, operation: "model files" });
    expect(error.expected).toContain(expected);
    expect(error.found).toContain(found);
  });
});

describe("the hub", () => {
  let server: Server;
  let host: string;
  const asked: string[] = [];

  beforeAll(async () => {
    const weights = bytesOf("bert-0");
    const files: Record<string, string | Uint8Array> = {
      "/owner/bert/resolve/main/config.json": CONFIG,
      "/owner/bert/resolve/main/tokenizer.json": TOKENIZER,
      "/owner/bert/resolve/main/model.safetensors": weights,
      "/owner/parts/resolve/v%2F2/config.json": CONFIG,
      "/owner/parts/resolve/v%2F2/model.safetensors.index.json": index({ a: "one.safetensors", b: "two.safetensors" }),
      "/owner/parts/resolve/v%2F2/one.safetensors": weights,
      "/owner/parts/resolve/v%2F2/two.safetensors": weights,
      "/owner/bare/resolve/main/config.json": CONFIG,
    };
    server = createServer((request, response) => {
      const { method, url = "" } = request;
      asked.push(`${method} ${url}`);
      const content = files[url];
      if (url.startsWith("/owner/secret")) response.writeHead(401).end();
      else if (url.startsWith("/owner/broken")) response.writeHead(500).end();
      else if (content === undefined) response.writeHead(404).end();
      else {
        response.writeHead(200, { "content-length": Buffer.byteLength(content) });
        response.end(method === "HEAD" ? undefined : content);
      }
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it("says what there is and how large before anything large is fetched", async () => {
    asked.length = 0;
    const found = await findOnHub("owner/bert", { host });
    expect(found.host).toBe(new URL(host).host);
    expect(found.bytes).toBe(bytesOf("bert-0").length + Buffer.byteLength(TOKENIZER));
    expect(asked.filter((line) => line.includes("safetensors"))).toEqual([
      "HEAD /owner/bert/resolve/main/model.safetensors",
    ]);
    const files = await fetchFromHub(found);
    expect(files.weights).toEqual([new URL(`${host}/owner/bert/resolve/main/model.safetensors`)]);
    expect(files.tokenizer).toEqual(JSON.parse(TOKENIZER));
    expect(files.config).toEqual(JSON.parse(CONFIG));
  });

  it("follows an index of shards, at a revision", async () => {
    const found = await findOnHub("owner/parts", { host, revision: "v/2" });
    expect(found.weights.map(({ name }) => name)).toEqual(["one.safetensors", "two.safetensors"]);
    expect(found.bytes).toBe(2 * bytesOf("bert-0").length);
    expect(found.tokenizer).toBeUndefined();
  });

  it.each([
    ["owner/none", "not_found", "config.json"],
    ["owner/bare", "not_found", "model.safetensors.index.json"],
    ["owner/secret", "load", "an answer"],
    ["owner/broken", "load", "an answer"],
    ["../etc", "option", "owner/name"],
    ["owner/..", "option", "owner/name"],
    ["a/b/c", "option", "owner/name"],
    ["a b", "option", "owner/name"],
    ["", "option", "owner/name"],
  ])("%s: refused", async (name, code, expected) => {
    const error = await findOnHub(name, { host }).then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code });
    expect(error.expected).toContain(expected);
  });

  it("says so where the host does not answer, and where nothing can be kept", async () => {
    await expect(findOnHub("owner/bert", { host: "http://127.0.0.1:9" })).rejects.toMatchObject({ code: "load" });
    const found = await findOnHub("owner/bert", { host });
    // Node has no cache of a browser.
    await expect(fetchFromHub(found, { keep: true })).rejects.toMatchObject({ code: "option" });
    const stopped = { host, signal: AbortSignal.abort() };
    await expect(findOnHub("owner/bert", stopped)).rejects.toMatchObject({ name: "AbortError" });
  });
});
