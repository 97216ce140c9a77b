/** The package: an ordinary build (library mode would inline the wasm), with file names that can be written down. */

import { defineConfig } from "vitest/config";

/** An import on demand is an import: Vite's wrapper would reach for `document` and `window`, and here are no styles to preload. */
const plainImports = {
  name: "plain-imports",
  transform: (_: string, id: string) =>
    id === "\0vite/preload-helper.js" ? "export const __vitePreload = (load) => load();" : undefined,
};

export default defineConfig({
  plugins: [plainImports],
  base: "./",
  publicDir: false,
  build: {
    outDir: "dist/package",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    // Its helper reaches for `document`, and engine.js runs in Node and in workers too.
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: {
        element: "www/element.ts",
        index: "www/index.ts",
        engine: "www/engine/engine.ts",
        worker: "www/engine/worker.ts",
        model: "www/model/index.ts",
        "model-worker": "www/engine/model/worker.ts",
      },
      // Without it the exports of an entry, which nothing here imports, would be dropped.
      preserveEntrySignatures: "strict",
      output: {
        entryFileNames: "[name].js",
        // Beside the entries, so that a relative address means the same in every file.
        chunkFileNames: "[name]-[hash].js",
        assetFileNames: "[name][extname]",
      },
    },
  },
  test: {
    include: ["tests/unit/**/*.test.ts", "scripts/**/*.test.mjs"],
  },
});
