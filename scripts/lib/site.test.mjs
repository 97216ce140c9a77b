/** The site around the page: pages of ready states, what other sites are told, and what is kept, all of it there. */

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "./run.mjs";
import { finishSite } from "./site.mjs";

const ADDRESS = "https://example.org/playground/";
const GALLERY = [
  { id: "plain", title: { en: "Plain" }, state: { text: "dog bites man", headDim: 3 } },
  { id: "sharp", title: { en: 'A "title" <b>' }, state: { text: '"><script>alert(1)</script>&' } },
];

let site;
const read = (path) => readFileSync(join(site, path), "utf8");
const source = (path) => readFileSync(join(ROOT, "www", path), "utf8");

beforeAll(() => {
  site = mkdtempSync(join(tmpdir(), "site-"));
  cpSync(join(ROOT, "dist/site"), site, { recursive: true });
  for (const name of ["index.html", "service-worker.js"]) writeFileSync(join(site, name), source(name));
  // As somebody writes it who leaves the slash at the end out.
  finishSite(site, GALLERY, ADDRESS.slice(0, -1));
});
afterAll(() => rmSync(site, { recursive: true }));

test("a ready state has a page of its own, with its files where they are", () => {
  const page = read("gallery/plain/index.html");
  expect(page).toContain("<title>Plain</title>");
  expect(page).toContain('<attention-playground text="dog bites man" head-dim="3" sync-url>');
  const files = [...page.matchAll(/(?:href|src)="(\.\.\/\.\.\/[^"]+)"/g)].map(([, path]) => path);
  expect(files.length).toBeGreaterThan(2);
  for (const path of files) expect(existsSync(join(site, "gallery/plain", path)), path).toBe(true);
});

test("what a state holds stays a value", () => {
  const page = read("gallery/sharp/index.html");
  expect(page).toContain("<title>A &quot;title&quot; &lt;b&gt;</title>");
  expect(page).toContain('text="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;"');
  const { html } = JSON.parse(read("oembed/sharp.json"));
  expect(html.match(/</g)).toHaveLength(2);
});

test("a page says where its embedding is told, and that is a frame of the very state", () => {
  for (const [page, id] of [
    ["index.html", "index"],
    ["gallery/plain/index.html", "plain"],
  ]) {
    const [, address] = read(page).match(/type="application\/json\+oembed" href="([^"]+)"/) ?? [];
    expect(address).toBe(`${ADDRESS}oembed/${id}.json`);
    const told = JSON.parse(read(`oembed/${id}.json`));
    expect(told).toMatchObject({ version: "1.0", type: "rich", provider_url: ADDRESS });
    const frame = new URL(told.html.match(/src="([^"]+)"/)[1].replaceAll("&amp;", "&"));
    expect(frame.origin + frame.pathname).toBe(`${ADDRESS}embed.html`);
    expect(Object.fromEntries(frame.searchParams)).toEqual(
      id === "plain" ? { text: "dog bites man", "head-dim": "3" } : {},
    );
    expect(told.html).toContain(`width="${told.width}" height="${told.height}"`);
  }
});

test("all that is kept is there, and another file is another version", () => {
  const built = () => JSON.parse(read("service-worker.js").match(/^self\.BUILT = (.*);\n/)[1]);
  const before = built();
  for (const file of before.files) expect(existsSync(join(site, file)), file).toBe(true);
  expect(before.files).toEqual(
    expect.arrayContaining(["./", "element.js", "engine_bg.wasm", "models/pronoun/config.json"]),
  );
  expect(before.files.filter((file) => /^(gpu_bg|kernels)|models\/dates/.test(file))).toEqual([]);
  for (const name of ["index.html", "service-worker.js"]) writeFileSync(join(site, name), source(name));
  writeFileSync(join(site, "site.css"), "html { color: red }");
  finishSite(site, GALLERY, undefined);
  expect(built().version).not.toBe(before.version);
  expect(read("gallery/plain/index.html")).not.toContain("oembed");
});
