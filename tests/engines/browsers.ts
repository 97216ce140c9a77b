/** Browsers with the other engines: Firefox through puppeteer (WebDriver BiDi), WebKitGTK through its own WebDriver. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { answering, freePort } from "../../scripts/lib/ports.mjs";

export interface Browser {
  open(address: string): Promise<void>;
  /** Runs in the page; what it gives has to go through JSON. */
  evaluate<In, Out>(act: (given: In) => Out | Promise<Out>, given: In): Promise<Out>;
  press(key: string): Promise<void>;
  close(): Promise<void>;
}

const WINDOW = { width: 1440, height: 900 };

/** As WebDriver writes the keys that are no characters. */
const KEYS: Record<string, string> = { ArrowRight: "\uE014" };

export async function firefox(executablePath: string): Promise<Browser> {
  const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
  const page = await browser.newPage();
  await page.setViewport(WINDOW);
  return {
    open: async (address) => void (await page.goto(address)),
    evaluate: (act, given) => page.evaluate(act as never, given as never) as never,
    press: (key) => page.keyboard.press(key as "Enter"),
    close: () => browser.close(),
  };
}

/** `program`: WebKitWebDriver. It starts the small browser that comes with it, on a screen of its own. */
export async function webkit(program: string): Promise<Browser> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "webkit-"));
  const env = { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1", XDG_RUNTIME_DIR: folder };
  const driver = spawn("xvfb-run", ["-a", program, `--port=${port}`], { env, stdio: "ignore", detached: true });
  driver.on("error", (error) => console.error(error.message));
  const end = () => {
    stop(driver);
    rmSync(folder, { recursive: true, force: true });
  };
  const address = `http://127.0.0.1:${port}`;
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(address + path, { method, ...(body && { body: JSON.stringify(body) }) });
    const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  const begin = async () => {
    await answering(`${address}/status`, "WebKitWebDriver");
    const { sessionId } = await ask<{ sessionId: string }>("POST", "/session", { capabilities });
    return sessionId;
  };
  const capabilities = {
    alwaysMatch: { "webkitgtk:browserOptions": { binary: miniBrowser(), args: ["--automation"] } },
  };
  const session = `/session/${await begin().catch((error: Error) => {
    end();
    throw error;
  })}`;
  await ask("POST", `${session}/timeouts`, { script: 60_000, pageLoad: 60_000 });
  await ask("POST", `${session}/window/rect`, WINDOW);
  return {
    open: async (to) => void (await ask("POST", `${session}/url`, { url: to })),
    evaluate: async (act, given) => {
      const script = `const done = arguments[arguments.length - 1];
        Promise.resolve().then(() => (${act})(arguments[0])).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
      const { value, error } = await ask<{ value: never; error?: string }>("POST", `${session}/execute/async`, {
        script,
        args: [given],
      });
      if (error) throw new Error(error);
      return value;
    },
    press: async (key) => {
      const actions = ["keyDown", "keyUp"].map((type) => ({ type, value: KEYS[key] ?? key }));
      await ask("POST", `${session}/actions`, { actions: [{ type: "key", id: "keyboard", actions }] });
    },
    close: async () => {
      await ask("DELETE", session).catch(() => undefined);
      end();
    },
  };
}

/** With all that it has started, if it is not over by itself. */
function stop({ pid }: ChildProcess): void {
  try {
    if (pid) process.kill(-pid);
  } catch {}
}

const MINI_BROWSERS = ["x86_64", "aarch64"].flatMap((machine) =>
  ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"].map(
    (name) => `/usr/lib/${machine}-linux-gnu/${name}/MiniBrowser`,
  ),
);

function miniBrowser(): string {
  const found = MINI_BROWSERS.find((path) => existsSync(path));
  if (!found) throw new Error(`expected WebKitGTK's MiniBrowser, found none of ${MINI_BROWSERS.join(", ")}`);
  return found;
}
