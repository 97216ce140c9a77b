/** MkDocs with the Material theme and instant navigation, which changes the page in place. */

import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../lib/run.mjs";
import { allTrue, command, python, serving } from "./tools.mjs";

export async function open({ page, folder }) {
  const program = python("mkdocs-material");
  const { address, close } = await serving(join(folder, "site"));
  cpSync(join(ROOT, "dist/package"), join(folder, "docs/attention-playground"), { recursive: true });
  writeFileSync(
    join(folder, "mkdocs.yml"),
    `site_name: Attention
site_url: ${address}/
theme:
  name: material
  font: false
  features: [navigation.instant]
exclude_docs: |
  attention-playground/**/*.md
  attention-playground/*.html
nav: [index.md, second.md]
extra_javascript:
  - path: attention-playground/element.js
    type: module
`,
  );
  command(folder, program("mkdocs"), ["build", "--quiet"]);
  await page.goto(`${address}/`);
  await allTrue(page, 1);
  // A page that is loaded anew would forget this.
  await page.evaluate(() => Object.assign(globalThis, { same: true }));
  await page.getByRole("link", { name: "The second page" }).click();
  await page.getByRole("heading", { name: "Second" }).waitFor();
  if (!(await page.evaluate(() => globalThis.same))) throw new Error("expected navigation in place, found a new page");
  await allTrue(page, 1);
  await page.goBack();
  await page.getByRole("heading", { name: "First" }).waitFor();
  await allTrue(page, 1);
  return close;
}
