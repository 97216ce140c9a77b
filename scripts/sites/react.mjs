/** An application of React, bundled by Vite: the snippet of the document, and a trained model. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, createServer } from "vite";
import { snippetOf } from "../lib/snippets.mjs";
import { allTrue, install, serving } from "./tools.mjs";

export async function open({ page, folder, tarball, version }) {
  install(folder, {
    react: `^${version}.0.0`,
    "react-dom": `^${version}.0.0`,
    "attention-playground": `file:${tarball}`,
  });
  writeFileSync(join(folder, "figure.jsx"), snippetOf("figure.jsx"));
  await build({ root: folder, configFile: false, logLevel: "error", base: "./" });
  const { address, close } = await serving(join(folder, "dist"));
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  await page.goto(address);
  await allTrue(page, 3);
  await page.locator('body[data-told="load"]').waitFor();
  const given = await page.evaluate(() => document.querySelectorAll("attention-playground")[2].matrices?.x.data);
  if (String(given) !== "1,0,0,1") throw new Error(`expected the matrices of the property, found ${given}`);
  if (!said.includes("weights")) throw new Error(`expected the step that was told, found ${said.join("; ")}`);
  close();
  // While it is written: Vite serves the files of the package as they lie.
  const server = await createServer({
    ...{ root: folder, configFile: false, logLevel: "error" },
    ...{ server: { host: "127.0.0.1", port: 0 }, optimizeDeps: { exclude: ["attention-playground"] } },
  });
  await server.listen();
  await page.goto(server.resolvedUrls.local[0]);
  await allTrue(page, 3);
  return () => server.close();
}
