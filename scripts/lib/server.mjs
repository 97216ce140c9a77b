/** A static file server for this machine alone: the page, and its tests. */

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, resolve, sep } from "node:path";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".md": "text/plain; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Serves folders, each under its base path ("/" or "/some/path/"), at the first free one of the ports (0 means any).
 * Returns the address and how to stop.
 */
export async function serve(folders, ports) {
  const server = createServer((request, response) => answer(folders, request, response));
  for (const port of ports) {
    if (!(await listens(server, port))) continue;
    const close = () => {
      server.close();
      // Else those that are open would be answered on.
      server.closeAllConnections();
    };
    return { address: `http://127.0.0.1:${server.address().port}`, close };
  }
  throw new Error(`no free port on 127.0.0.1; tried ${ports[0]} to ${ports.at(-1)}`);
}

function listens(server, port) {
  return new Promise((done, fail) => {
    const refused = (error) => (error.code === "EADDRINUSE" ? done(false) : fail(error));
    server.once("error", refused);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", refused);
      done(true);
    });
  });
}

async function answer(folders, request, response) {
  const refuse = (status) => response.writeHead(status).end();
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(405);
  const file = locate(folders, request.url);
  const found = file && (await stat(file).catch(() => undefined));
  if (!found?.isFile()) return refuse(404);
  response.writeHead(200, {
    "content-type": TYPES[extname(file)] ?? "application/octet-stream",
    "content-length": found.size,
    "cache-control": "no-cache",
    // Pages of other origins may load it, as from a network that delivers packages.
    "access-control-allow-origin": "*",
  });
  if (request.method === "HEAD") return response.end();
  const stream = createReadStream(file);
  // The file went away between the two looks at it, as it does while the page is being rebuilt.
  stream.on("error", () => response.destroy());
  stream.pipe(response);
}

/** The file that a request path means, or nothing where it is malformed or leads out of its folder. */
export function locate(folders, url) {
  const path = decode(url.replace(/[?#].*/, ""));
  const base = Object.keys(folders)
    .filter((prefix) => path?.startsWith(prefix))
    .sort((a, b) => b.length - a.length)[0];
  if (base === undefined) return undefined;
  const folder = resolve(folders[base]);
  const name = path.slice(base.length);
  const file = resolve(folder, `./${name}`, name === "" || name.endsWith("/") ? "index.html" : "");
  return file.startsWith(folder + sep) ? file : undefined;
}

function decode(path) {
  try {
    const decoded = decodeURIComponent(path);
    return decoded.includes("\0") ? undefined : decoded;
  } catch {
    return undefined;
  }
}
