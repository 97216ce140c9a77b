/**
 * MyST: its own tool reads the document, and its own component shows the directive. The theme around that comes from a place of its own,
 * not from npm, and is left out.
 */

import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { ROOT } from "../lib/run.mjs";
import { snippetOf } from "../lib/snippets.mjs";
import { allTrue, command, install, serving } from "./tools.mjs";

/** Longer than the widget gathers changes for. */
const TOLD_MS = 500;

export async function open({ page, folder }) {
  install(folder, { mystmd: "^1.8.0", "@myst-theme/anywidget": "^1.4.0", react: "^18.0.0", "react-dom": "^18.0.0" });
  // MyST fetches the module when it reads the document.
  cpSync(join(ROOT, "dist/package/anywidget.js"), join(folder, "anywidget.js"));
  const document = snippetOf("page.md").replace(/https:\S+(?=\/anywidget\.js)/, ".");
  writeFileSync(join(folder, "index.md"), document);
  mkdirSync(join(folder, "template"));
  writeFileSync(join(folder, "template/template.yml"), "jtex: v1\ntitle: None\n");
  writeFileSync(join(folder, "myst.yml"), "version: 1\nproject:\n  title: Attention\nsite:\n  template: ./template\n");
  command(folder, join(folder, "node_modules/.bin/myst"), ["build", "--site"]);
  await build({ root: folder, configFile: false, logLevel: "error", publicDir: "_build/site/public" });
  const { address, close } = await serving(join(folder, "dist"));
  await page.goto(address);
  await allTrue(page, 1);
  const play = page.locator("attention-playground");
  const text = await play.evaluate((element) => element.state.text);
  if (text !== "dog bites man") throw new Error(`expected the text of the directive, found ${text}`);
  // What the reader does is told to a model that can't save, and then to one that can't forget.
  await play.locator('[data-stop="output"]').click();
  await page.waitForFunction(
    () =>
      document.querySelector(".myst-anywidget").shadowRoot.querySelector("attention-playground").state.stage ===
      "output",
  );
  await page.waitForTimeout(TOLD_MS);
  await page.getByRole("button", { name: "Away with it" }).click();
  await play.waitFor({ state: "detached" });
  return close;
}
