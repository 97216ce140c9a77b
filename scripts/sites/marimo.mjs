/** The same notebook in marimo, which runs it when it is opened. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../lib/run.mjs";
import { snippetOf } from "../lib/snippets.mjs";
import { allTrue, python, whileRunning } from "./tools.mjs";

export async function open({ page, folder }) {
  const program = python("marimo", join(ROOT, "python"));
  const indented = snippetOf("notebook.py").trimEnd().replaceAll("\n", "\n    ");
  writeFileSync(
    join(folder, "attention.py"),
    `import marimo\n\napp = marimo.App()\n\n\n@app.cell\ndef _():\n    ${indented}\n    return\n`,
  );
  const options = (port) => ["run", "attention.py", "--headless", "--no-token", "--host=127.0.0.1", `--port=${port}`];
  await whileRunning(program("marimo"), options, folder, "marimo", async (address) => {
    await page.goto(address);
    await allTrue(page, 1);
  });
}
