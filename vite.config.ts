/** The package: ordinary builds (library mode would inline the wasm), with file names that can be written down. */

import { type Plugin, parseAst } from "vite";
import { defineConfig } from "vitest/config";
import { sourcesOf } from "./scripts/lib/closure.mjs";
import { inlineFiles } from "./scripts/lib/inline.mjs";

/** An import on demand is an import: Vite's wrapper would reach for `document` and `window`, and here are no styles to preload. */
const plainImports: Plugin = {
  name: "plain-imports",
  transform: (_: string, id: string) =>
    id === "\0vite/preload-helper.js" ? "export const __vitePreload = (load) => load();" : undefined,
};

/**
 * Importing is safe without a DOM, as on a server that renders pages: Lit asks for two things of it when it is loaded. Its own build for
 * servers would bring a whole substitute along.
 */
const withoutDom: Plugin = {
  name: "without-dom",
  transform: (code: string, id: string) =>
    /node_modules\/(@lit\/reactive-element|lit-html)\//.test(id)
      ? code
          .replace(/\bextends HTMLElement\{/, "extends (globalThis.HTMLElement??Object){")
          .replace(/=document,/, "=globalThis.document??{createTreeWalker(){}},")
      : undefined,
};

/**
 * The builds, by mode. The engine and its worker are each one file, so that the first result waits for no second round of
 * requests; what they have in common is small and stands in both. The page fetches the engine beside its own scripts.
 */
const BUILDS = {
  engine: { engine: "www/engine/engine.ts" },
  worker: { worker: "www/engine/worker.ts" },
  "model-worker": { "model-worker": "www/engine/model/worker.ts" },
  "gpu-worker": { "gpu-worker": "www/engine/gpu/gpu-worker.ts" },
  page: {
    element: "www/element.ts",
    index: "www/index.ts",
    model: "www/model/index.ts",
    react: "www/react/index.ts",
    embed: "www/embed/index.ts",
  },
  /** All in one script that is no module, for pages from a disk: made of what the others made. */
  standalone: { standalone: "www/standalone.ts" },
  /** The same for notebooks, as a module, which they load from wherever they like. */
  anywidget: { anywidget: "www/anywidget/index.ts" },
};

/** What has everything in it. */
const WHOLE = new Set(["standalone", "anywidget"]);

/** Leaves the engine where it is: in a file beside. */
const engineApart: Plugin = {
  name: "engine-apart",
  enforce: "pre",
  resolveId: (source) => (source.endsWith("/engine/engine.ts") ? { id: "./engine.js", external: true } : null),
};

/** Templates without what a browser skips: comments of styles, and space that parts nothing. */
const tightTemplates: Plugin = {
  name: "tight-templates",
  enforce: "pre",
  transform(code: string, id: string) {
    if (!/\/www\/.*\.ts$/.test(id) || !/\b(css|html)`/.test(code)) return undefined;
    const pieces: { start: number; end: number; text: string }[] = [];
    visit(parseAst(code, { lang: "ts" }), (node) => {
      const tight = node.type === "TaggedTemplateExpression" && TIGHT[node.tag.name];
      if (!tight) return;
      // A piece stands between ` or }, and ` or ${.
      for (const { start, end, tail, value } of node.quasi.quasis)
        pieces.push({ start: start + 1, end: end - (tail ? 1 : 2), text: tight(value.raw) });
    });
    // From the last to the first, so that the places of the others stay.
    return pieces
      .sort((a, b) => b.start - a.start)
      .reduce((made, { start, end, text }) => made.slice(0, start) + text + made.slice(end), code);
  },
};

const TIGHT: Record<string, (text: string) => string> = {
  css: (text) => text.replace(/\/\*.*?\*\/|\s+/gs, " ").replace(/\s*([{};,])\s*/g, "$1"),
  html: (text) => text.replace(/\s*\n\s*/g, " "),
};

// biome-ignore lint/suspicious/noExplicitAny: any node of a syntax tree.
function visit(node: any, look: (node: any) => void): void {
  if (typeof node?.type === "string") look(node);
  for (const part of Object.values(node)) if (part && typeof part === "object") visit(part, look);
}

const ENGINE = ["engine/engine.ts"];

/**
 * What the element needs at once is one file, which compresses better than several. The parts that come on demand share some of it,
 * and would have it split; what the entry for models has too stays apart, since that needs no DOM.
 */
function inElement(): (id: string) => boolean {
  const root = import.meta.dirname;
  const others = sourcesOf(`${root}/www/model/index.ts`, ENGINE);
  const own = new Set(
    [...sourcesOf(`${root}/www/element/attention-playground.ts`, ENGINE)].filter((id) => !others.has(id)),
  );
  return (id) => own.has(id) || /node_modules\/(@lit|lit)/.test(id);
}

export default defineConfig(({ mode }) => ({
  base: "./",
  publicDir: false,
  plugins: [
    ...[plainImports, withoutDom],
    ...(mode === "page" ? [engineApart, tightTemplates] : []),
    ...(WHOLE.has(mode) ? [tightTemplates, inlineFiles(`${import.meta.dirname}/dist/package`)] : []),
  ],
  build: {
    outDir: "dist/package",
    emptyOutDir: mode === "engine",
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    // Its helper reaches for `document`, and engine.js runs in Node and in workers too.
    modulePreload: false,
    reportCompressedSize: false,
    ...(WHOLE.has(mode) && { chunkSizeWarningLimit: Number.POSITIVE_INFINITY }),
    rolldownOptions: {
      external: ["react"],
      // What is inlined has no address of its own.
      ...(WHOLE.has(mode) && { transform: { define: { "import.meta": "{}" } } }),
      input: BUILDS[mode as keyof typeof BUILDS] ?? {},
      // Otherwise the exports of an entry, which nothing here imports, would be dropped. What engine.js loads on demand may use
      // its insides: what they share is then in no file of its own.
      preserveEntrySignatures: mode === "engine" ? "allow-extension" : "strict",
      output: {
        // A worker is one file, wherever a bundler puts it.
        ...((mode === "model-worker" || WHOLE.has(mode)) && { codeSplitting: false }),
        ...(mode === "standalone" && { format: "iife" as const }),
        ...(mode === "page" && { codeSplitting: { groups: [{ name: "attention-playground", test: inElement() }] } }),
        entryFileNames: "[name].js",
        // Beside the entries, so that a relative address means the same in every file.
        chunkFileNames: "[name]-[hash].js",
        assetFileNames: "[name][extname]",
      },
    },
  },
  test: {
    include:
      mode === "engines"
        ? ["tests/engines/**/*.test.ts"]
        : ["tests/unit/**/*.test.ts", "tests/take/**/*.test.ts", "scripts/**/*.test.mjs"],
    // The page says nothing before it has a language.
    setupFiles: ["tests/unit/english.ts"],
  },
}));
