/** What tools read about the package: package.json, and custom-elements.json from the table of fields and the types of the element. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./run.mjs";

export function packageManifest() {
  const source = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const { name, version, description, license, keywords, engines, dependencies } = source;
  const entry = (types, script) => ({ types: `./types/${types}.d.ts`, default: `./${script}.js` });
  return {
    name,
    version,
    description,
    keywords,
    license,
    type: "module",
    exports: {
      ".": entry("index", "index"),
      "./element": entry("element", "element"),
      "./engine": entry("engine/engine", "engine"),
      "./model": entry("model/index", "model"),
      "./react": entry("react/index", "react"),
      "./engine.wasm": "./engine_bg.wasm",
      "./kernels_simd128.wasm": "./kernels_simd128.wasm",
      "./kernels_relaxed.wasm": "./kernels_relaxed.wasm",
      "./models.wasm": "./models.wasm",
      "./gpu.wasm": "./gpu_bg.wasm",
      "./standalone": entry("standalone", "standalone"),
      "./anywidget": entry("anywidget/index", "anywidget"),
      "./embed.html": "./embed.html",
      "./models/*": "./models/*",
      "./custom-elements.json": "./custom-elements.json",
      "./package.json": "./package.json",
    },
    types: "./types/index.d.ts",
    customElements: "custom-elements.json",
    sideEffects: ["./element.js", "./react.js", "./standalone.js", "./anywidget.js", "./element-*.js"],
    files: [
      "*.js",
      "*.wasm",
      "*.json",
      "embed.*",
      "favicon.svg",
      "models",
      "lessons",
      "types",
      "CHANGELOG.md",
      "EMBED.md",
      "LESSONS.md",
      "LICENSE-*",
    ],
    engines,
    // Bundled already, but the types refer to theirs.
    dependencies,
    peerDependencies: { react: ">=18" },
    peerDependenciesMeta: { react: { optional: true } },
  };
}

/** The analyser's form (schema 2.1.0) that editors and catalogues read. `types`: the folder of the package's types. */
export async function elementsManifest(types) {
  const { runnerImport } = await import("vite");
  const load = async (path) => (await runnerImport(join(ROOT, path), { configFile: false, root: ROOT })).module;
  const { FIELD_NAMES, FIELDS, attributeName } = await load("www/state/fields.ts");
  const { ABOUT } = await load("www/state/about.ts");
  const read = (name) => readFileSync(join(types, name), "utf8");
  const attributes = FIELD_NAMES.map((field) => {
    const { type, choices, default: standard } = FIELDS[field];
    const quoted = type === "choice" ? choices.map((choice) => `'${choice}'`).join(" | ") : undefined;
    const text = quoted ?? { integer: "number", list: "string", text: "string", json: "string" }[type] ?? type;
    const value = standard === null || standard === "" ? {} : { default: JSON.stringify(standard) };
    return { name: attributeName(field), type: { text }, ...value, description: ABOUT[field] };
  });
  const sync = {
    name: "sync-url",
    type: { text: "boolean" },
    description: "Keeps the state in the address of the page.",
  };
  const declaration = {
    kind: "class",
    customElement: true,
    tagName: "attention-playground",
    name: "AttentionPlayground",
    superclass: { name: "LitElement", package: "lit" },
    attributes: [...attributes, sync],
    members: membersOf(read("element/attention-playground.d.ts")),
    events: eventsOf(read("element/events.d.ts")),
    slots: [
      {
        name: "",
        description: "Shows until the element is ready, without JavaScript, and after an error that ends it.",
      },
    ],
  };
  const reference = { name: "AttentionPlayground", module: "element.js" };
  return {
    schemaVersion: "2.1.0",
    readme: "README.md",
    modules: [
      {
        kind: "javascript-module",
        path: "element.js",
        declarations: [declaration],
        exports: [
          { kind: "js", name: "AttentionPlayground", declaration: reference },
          { kind: "custom-element-definition", name: "attention-playground", declaration: reference },
        ],
      },
    ],
  };
}

/** What Lit and the browser call. */
const LIFE = /^(constructor|connectedCallback|disconnectedCallback|attributeChangedCallback|render)$/;
const MEMBER =
  /^ {4}(?:\/\*\* (?<said>.*?) \*\/\s+)?(?:(?<kind>readonly|get) )?(?<name>\w+)(?<rest>\(.*?\): .*?|: [^;]*);$/gm;

/** Every one has to say what it is for. */
function membersOf(types) {
  const members = [];
  for (const { groups } of types.matchAll(MEMBER)) {
    const { said: description, kind, name, rest } = groups;
    if (LIFE.test(name)) continue;
    if (!description) throw new Error(`custom-elements.json: ${name} of the element has no comment`);
    const method = rest.startsWith("(") && !kind;
    const text = rest.slice(rest.lastIndexOf(rest.startsWith("(") ? "): " : ": ")).replace(/^\)?: /, "");
    if (!method) members.push({ kind: "field", name, type: { text }, description });
    else
      members.push({ kind: "method", name, return: { type: { text } }, parameters: parametersOf(rest), description });
  }
  return members;
}

function parametersOf(rest) {
  const inside = rest.slice(1, rest.lastIndexOf("): "));
  return [...inside.matchAll(/(\w+)(\?)?: ([^,]+)/g)].map(([, name, optional, text]) => ({
    name,
    type: { text },
    ...(optional && { optional: true }),
  }));
}

const EVENT = /\/\*\* (.*?) \*\/\s+"?([\w-]+)"?: Told/g;

function eventsOf(types) {
  return [...types.matchAll(EVENT)].map(([, description, name]) => ({
    name,
    type: { text: "CustomEvent" },
    description,
  }));
}
