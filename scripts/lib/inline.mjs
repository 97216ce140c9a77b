/** For standalone.js: every file that the page would fetch stands in the script itself, as a data: address. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const TYPES = { js: "text/javascript", json: "application/json", wasm: "application/wasm" };
/** Where the sources ask for a file that lies beside the scripts. */
const ASKS = [
  ["", /new URL\("(?:\.\.\/)+build\/wasm\/([\w.]+)", import\.meta\.url\)/g, 'inlined("$1")'],
  ["", /new URL\(\s*\/\* @vite-ignore \*\/ (["`]\.\/[^"`]*["`]),\s*import\.meta\.url,?\s*\)/g, "inlined($1)"],
  ["", /new URL\("sizes\.json", BASE\)/g, 'inlined("sizes.json")'],
  // What is told of the address of the files is told of the page's: the script itself has none.
  ["", /\bimport\.meta\.url\b/g, '(globalThis.document?.baseURI ?? "none://none/")'],
];
const VIRTUAL = "\0inlined";

/** `folder`: the package as it was built. Of the GPU only the scripts are there: the wasm would add a fifth, and the CPU does it all. */
export function inlineFiles(folder) {
  return {
    name: "inline-files",
    enforce: "pre",
    resolveId: (id) => (id === "virtual:inlined" ? VIRTUAL : undefined),
    load: (id) => (id === VIRTUAL ? moduleOf(filesOf(folder)) : undefined),
    transform(code, id) {
      if (!id.endsWith(".ts")) return undefined;
      const changed = ASKS.reduce(
        (text, [file, pattern, call]) => (id.endsWith(file) ? text.replace(pattern, call) : text),
        code,
      );
      return changed === code ? undefined : `import { inlined } from "virtual:inlined";\n${changed}`;
    },
  };
}

function filesOf(folder) {
  const names = readdirSync(folder, { recursive: true }).map((name) => name.replaceAll("\\", "/"));
  const wanted = names.filter(
    (name) =>
      /^(engine_bg|models|kernels_\w+)\.wasm$/.test(name) ||
      /^([\w-]+-)?worker\.js$/.test(name) ||
      /^((models|lessons)\/.+\.(json|safetensors)|sizes\.json)$/.test(name),
  );
  return Object.fromEntries(wanted.map((name) => [name, addressOf(name, readFileSync(join(folder, name)))]));
}

function addressOf(name, bytes) {
  const type = TYPES[name.split(".").at(-1)] ?? "application/octet-stream";
  // Of a worker's own files none is asked for: what it needs, it is sent. But their addresses have to be addresses.
  const body = type === TYPES.js ? Buffer.from(String(bytes).replaceAll("import.meta.url", '"none://none/"')) : bytes;
  return `data:${type};base64,${body.toString("base64")}`;
}

function moduleOf(files) {
  return `const files = ${JSON.stringify(files)};
export const inlined = (name) => new URL(files[name.replace(/^\\.\\//, "")] ?? \`none://none/\${name}\`);`;
}
