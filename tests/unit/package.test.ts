/** The npm package as somebody installs it: packed, unpacked elsewhere, imported without a DOM, and looked at by the usual linters. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { attributeName, FIELD_NAMES, FIELDS } from "../../www/state/fields.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NAME = "attention-playground";
/** What is imported, and what has to come out of it. */
const ENTRIES = {
  "": ["AttentionPlayground", "EngineError", "createEngine"],
  "/element": ["AttentionPlayground"],
  "/engine": ["createEngine"],
  "/model": ["modelFromFiles", "findOnHub"],
  "/react": ["AttentionPlayground"],
  "/standalone": [],
  "/anywidget": ["default"],
};

let home: string;
let tarball: Uint8Array<ArrayBuffer>;

vi.setConfig({ testTimeout: 60_000 });

const run = (command: string, args: string[]) => execFileSync(command, args, { cwd: home, encoding: "utf8" });

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "package-"));
  const modules = join(home, "node_modules");
  const installed = join(modules, NAME);
  mkdirSync(installed, { recursive: true });
  const packed = run("npm", ["pack", join(ROOT, "dist/package"), "--silent"]).trim();
  tarball = new Uint8Array(readFileSync(join(home, packed)));
  run("tar", ["-xf", packed, "-C", installed, "--strip-components=1"]);
  for (const name of [
    "react",
    "react-dom",
    "@types",
    "lit",
    "lit-html",
    "lit-element",
    "@lit",
    "@huggingface",
    "csstype",
  ])
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  writeFileSync(join(home, "package.json"), JSON.stringify({ type: "module" }));
}, 60_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** What a program prints that stands beside the installed package. */
function program(source: string): unknown {
  writeFileSync(join(home, "program.mjs"), source);
  return JSON.parse(run(process.execPath, ["program.mjs"]));
}

it("every entry can be imported without a DOM, and leaves none behind", () => {
  for (const [entry, names] of Object.entries(ENTRIES)) {
    const found = program(`
      const all = await import("${NAME}${entry}");
      const dom = ["document", "window", "HTMLElement", "customElements"].filter((name) => name in globalThis);
      console.log(JSON.stringify({ names: Object.keys(all), dom }));`);
    expect(found, entry).toMatchObject({ names: expect.arrayContaining(names), dom: [] });
  }
});

it("the engine of the package computes in Node, and its wasm can be found", () => {
  const found = program(`
    import { createEngine } from "${NAME}/engine";
    const engine = await createEngine({ wasm: new URL(import.meta.resolve("${NAME}/engine.wasm")) });
    const one = { shape: [1, 1, 2, 1], data: Float32Array.of(0, 0) };
    const { output } = await engine.computeAttention({ q: one, k: one, v: { shape: [1, 1, 2, 1], data: Float32Array.of(1, 3) } });
    console.log(JSON.stringify(Array.from(output.data)));`);
  expect(found).toEqual([2, 2]);
});

it("React renders it on a server: the fields as attributes, what stands between the tags as it is", () => {
  const found = program(`
    import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { AttentionPlayground } from "${NAME}/react";
    const props = { text: "dog bites man", headDim: 3, causal: true, hide: "header", onStepChange: () => {}, className: "wide" };
    console.log(JSON.stringify(renderToString(createElement(AttentionPlayground, props, "fallback"))));`);
  expect(found).toBe(
    '<attention-playground class="wide" text="dog bites man" head-dim="3" causal="true" hide="header">fallback</attention-playground>',
  );
});

it("React gives the tag what is neither a field nor a handler", () => {
  const found = program(`
    import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { AttentionPlayground } from "${NAME}/react";
    const props = { heads: 3, "aria-label": "three heads", "data-figure": 1, hidden: true, "sync-url": true, id: "one", style: { height: 5 }, onLoad: () => {} };
    console.log(JSON.stringify(renderToString(createElement(AttentionPlayground, props))));`) as string;
  const [, attributes = ""] = /^<attention-playground (.*)><\/attention-playground>$/.exec(found) ?? [];
  const expected = ['aria-label="three heads"', 'data-figure="1"', 'id="one"', 'style="height:5px"', 'heads="3"'];
  for (const one of expected) expect(attributes).toContain(one);
  expect(attributes).toMatch(/(^| )hidden=""/);
  expect(attributes).toContain('sync-url=""');
  expect(attributes).not.toMatch(/load/i);
});

it.each(["/react", "/element"])("a bundler keeps what registers the element: %s", (entry) => {
  writeFileSync(
    join(home, "entry.js"),
    `import * as all from "${NAME}${entry}"; globalThis.all = all.AttentionPlayground;`,
  );
  const vite = join(ROOT, "node_modules/vite/dist/node/index.js");
  const code = program(`import { build } from ${JSON.stringify(vite)};
    const { output } = await build({ root: ${JSON.stringify(home)}, configFile: false, logLevel: "silent",
      build: { write: false, minify: false, rolldownOptions: { input: "entry.js", external: ["react"] } } });
    console.log(JSON.stringify(output.map(({ code }) => code ?? "").filter((code) => /\\.define\\(["'\`]attention-playground/.test(code)).length));`);
  expect(code).toBe(1);
});

it("publint has nothing to say", async () => {
  const { messages, pkg } = await publint({ pkgDir: join(home, "node_modules", NAME), pack: false, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

/** The package is of ES modules alone: what only asks how CommonJS and resolution before `exports` fare is left out. */
const ESM_ONLY = new Set(["node10", "node16-cjs"]);

it("the types are right", async () => {
  const { types, ...analysis } = (await checkPackage(createPackageFromTarballData(tarball), {
    // Files that are fetched, not imported.
    excludeEntrypoints: [/\.(wasm|html)$/],
  })) as {
    types: unknown;
    problems?: { kind: string; resolutionKind?: string }[];
    entrypoints: Record<string, unknown>;
  };
  expect(types).toMatchObject({ kind: "included" });
  for (const entry of Object.keys(ENTRIES)) expect(Object.keys(analysis.entrypoints)).toContain(`.${entry}`);
  expect(analysis.problems?.filter(({ resolutionKind = "" }) => !ESM_ONLY.has(resolutionKind))).toEqual([]);
});

it.each(["node16", "bundler"])("types resolve with moduleResolution %s, and know fields and events", (resolution) => {
  writeFileSync(
    join(home, "program.tsx"),
    `import { createEngine, type State, type Trace } from "${NAME}";
import { AttentionPlayground } from "${NAME}/react";
import type { PlaygroundEvents } from "${NAME}";
import "${NAME}/element";
const play = document.querySelector("attention-playground")!;
export const state: State = play.state;
export const trace: Trace | null = play.trace;
export const tagged = <AttentionPlayground aria-label="dog" data-one={1} hidden sync-url style={{ display: "block" }} />;
export const made = <AttentionPlayground text="dog" heads={2} onStepChange={({ detail }) => detail.stage.length} />;
// @ts-expect-error No such value.
export const bad = <AttentionPlayground zoom="near" />;
// @ts-expect-error No such event.
export const none: PlaygroundEvents["nothing"] = 1;
export const engine = createEngine({ workers: 1 });
`,
  );
  const compilerOptions = {
    ...{ target: "es2022", module: resolution === "node16" ? "node16" : "esnext", moduleResolution: resolution },
    ...{ strict: true, noEmit: true, jsx: "react-jsx", lib: ["es2023", "dom", "dom.iterable"], types: ["react"] },
  };
  writeFileSync(join(home, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.tsx"] }));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const output = (() => {
    try {
      return run(process.execPath, [tsc, "--project", "tsconfig.json"]);
    } catch (thrown) {
      return (thrown as { stdout: string }).stdout;
    }
  })();
  expect(output).toBe("");
});

it("custom-elements.json has every attribute, and says what each thing is for", () => {
  const manifest = JSON.parse(readFileSync(join(home, "node_modules", NAME, "custom-elements.json"), "utf8"));
  const [declaration] = manifest.modules[0].declarations;
  const names = declaration.attributes.map(({ name }: { name: string }) => name);
  expect(names).toEqual([...FIELD_NAMES.map(attributeName), "sync-url"]);
  const members = declaration.members.map(({ name }: { name: string }) => name);
  expect(members).toEqual("ready state trace matrices play pause step seek goto explain toBlob dispose".split(" "));
  for (const { description } of [...declaration.attributes, ...declaration.members, ...declaration.events])
    expect(description).toMatch(/\w/);
});

it("what the documents link to is in the package", () => {
  for (const name of ["README.md", "EMBED.md", "LESSONS.md"]) {
    const text = readFileSync(join(home, "node_modules", NAME, name), "utf8");
    const links = [...text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)].map(([, link]) => link as string);
    for (const link of links) expect(existsSync(join(home, "node_modules", NAME, link)), `${name}: ${link}`).toBe(true);
  }
});

it("the defaults of custom-elements.json are JSON", () => {
  const manifest = JSON.parse(readFileSync(join(home, "node_modules", NAME, "custom-elements.json"), "utf8"));
  const attributes: { name: string; default?: string }[] = manifest.modules[0].declarations[0].attributes;
  for (const field of FIELD_NAMES) {
    const given = attributes.find(({ name }) => name === attributeName(field))?.default;
    if (given !== undefined) expect(JSON.parse(given), field).toEqual(FIELDS[field].default);
    else expect(["", null]).toContain(FIELDS[field].default);
  }
});

it("the README names every event of the manifest", () => {
  const manifest = JSON.parse(readFileSync(join(home, "node_modules", NAME, "custom-elements.json"), "utf8"));
  const events = manifest.modules[0].declarations[0].events.map(({ name }: { name: string }) => name);
  const row = /^\| events \| (.*?);/m.exec(readFileSync(join(ROOT, "README.md"), "utf8"))?.[1] ?? "";
  expect([...row.matchAll(/`([\w-]+)`/g)].map(([, name]) => name)).toEqual(events);
});
