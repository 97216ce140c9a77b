/** Serves the page, the peers and the built package; isolated (which allows shared memory) or not. */

import { cpSync, createReadStream, rmSync } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { ROOT } from "../scripts/lib/run.mjs";
import { locate } from "../scripts/lib/server.mjs";

/** A copy, so that a build meanwhile changes nothing. */
const PACKAGE = join(ROOT, "build/bench");
/** Of what the package does not name: the GPU's module as the worker has it. */
const WASM = join(ROOT, "build/bench-wasm");

export function copyPackage() {
  rmSync(PACKAGE, { recursive: true, force: true });
  rmSync(WASM, { recursive: true, force: true });
  cpSync(join(ROOT, "dist/package"), PACKAGE, { recursive: true });
  cpSync(join(ROOT, "build/wasm"), WASM, { recursive: true });
}

const FOLDERS = {
  "/": join(ROOT, "bench/page"),
  "/peers/": join(ROOT, "bench/peers"),
  "/package/": PACKAGE,
  "/wasm/": WASM,
  "/modules/": join(ROOT, "node_modules"),
};
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

/** Returns the address and how to stop. */
export async function serve({ isolated }) {
  const server = createServer((request, response) => answer(request, response, isolated ? ISOLATION : {}));
  await new Promise((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  return { address: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function answer(request, response, headers) {
  const file = locate(FOLDERS, request.url);
  const found = file && (await stat(file).catch(() => undefined));
  if (!found?.isFile()) return response.writeHead(404).end();
  const type = TYPES[extname(file)] ?? "application/octet-stream";
  response.writeHead(200, {
    "content-type": type,
    "content-length": found.size,
    "cache-control": "no-store",
    ...headers,
  });
  createReadStream(file).pipe(response);
}
