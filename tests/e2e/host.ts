/** Somebody else's page, which has the package from another origin. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, type Frame, type Page, test } from "@playwright/test";
import { serve } from "../../scripts/lib/server.mjs";
import type { Play } from "./page.ts";

export const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));

interface Hosts {
  /** Where the package lies, twice, as two versions would. */
  package: string;
  /** Where the page that has it lies. */
  page: string;
  html: string;
  headers: Record<string, string>;
}

/** For the tests of a file: two servers, and so two origins. Both are real: of a page that a test made up, a browser does not know where it is from. */
export function twoOrigins(): Hosts {
  const hosts: Hosts = { package: "", page: "", html: "", headers: {} };
  let close = () => {};
  test.beforeAll(async () => {
    const server = await serve({ "/": `${DIST}package`, "/later/": `${DIST}package`, "/site/": `${DIST}site` }, [0]);
    const host = createServer((request, response) => {
      const found = request.url?.startsWith("/host.html");
      response.writeHead(found ? 200 : 404, { "content-type": "text/html", ...(found && hosts.headers) });
      response.end(found ? hosts.html : "");
    });
    await new Promise<void>((done) => host.listen(0, "127.0.0.1", done));
    hosts.package = server.address;
    hosts.page = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
    close = () => {
      server.close();
      host.close();
    };
  });
  test.afterAll(() => close());
  return hosts;
}

/** Opens a page with this in it; gives what went wrong there. */
export async function hostPage(page: Page, hosts: Hosts, body: string, headers = {}): Promise<string[]> {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  hosts.html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>host</title></head><body>${body}</body></html>`;
  hosts.headers = headers;
  await page.goto(`${hosts.page}/host.html`);
  return errors;
}

/** The frame from the package's origin, which may be late: a page does not wait for what is to load lazily. */
export async function frameIn(page: Page, hosts: Hosts): Promise<Frame> {
  const find = () => page.frames().find((one) => one.url().startsWith(hosts.package));
  await expect.poll(() => find() !== undefined).toBe(true);
  return find() as Frame;
}

export const tag = (attributes = "", inside = "") =>
  `<attention-playground ${attributes}>${inside}</attention-playground>`;
export const UNTRAINED = 'model="none" text="dog bites man"';
/** Enough that the engine wants workers. */
export const LARGE = `model="none" text="${"word ".repeat(200)}" heads="8" head-dim="16"`;

export const allReady = (page: Page) =>
  page.evaluate(async () => {
    await customElements.whenDefined("attention-playground");
    await Promise.all([...document.querySelectorAll("attention-playground")].map((one) => (one as Play).ready));
  });
