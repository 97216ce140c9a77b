/** The package for Python: its own tests, and a notebook with arrays of NumPy that is run in JupyterLab. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../lib/run.mjs";
import { snippetOf } from "../lib/snippets.mjs";
import { allTrue, command, python, whileRunning } from "./tools.mjs";

export async function open({ page, folder }) {
  const program = python("jupyterlab", join(ROOT, "python"));
  command(ROOT, program("python"), ["-m", "unittest", "discover", "python/tests"]);
  const cell = (source) => ({ cell_type: "code", metadata: {}, outputs: [], execution_count: null, source });
  const kernelspec = { name: "python3", display_name: "Python 3", language: "python" };
  const notebook = {
    cells: [cell(snippetOf("notebook.py"))],
    metadata: { kernelspec },
    nbformat: 4,
    nbformat_minor: 5,
  };
  writeFileSync(join(folder, "attention.ipynb"), JSON.stringify(notebook));
  const options = (port) => [
    "--no-browser",
    "--allow-root",
    `--port=${port}`,
    "--IdentityProvider.token=",
    "--ServerApp.ip=127.0.0.1",
  ];
  await whileRunning(program("jupyter-lab"), options, folder, "JupyterLab", async (address) => {
    await page.goto(`${address}/lab/tree/attention.ipynb`);
    await page.locator(".jp-Notebook").waitFor({ timeout: 60_000 });
    // Before that, what is to be run is forgotten.
    await page.getByText(/\| Idle$/).waitFor({ timeout: 60_000 });
    await page.locator(".jp-Notebook .jp-Cell").first().click();
    await page.keyboard.press("Control+Enter");
    await allTrue(page, 1);
  });
}
